use mp_registry::{
    KeyAction, KeyPath, Name, ValueEdit, ValueType,
    reg_text::{self, CodePage, HiveRoot, Version},
};

use crate::support::{name, read_user, read_value, read_values, utf16};

const V5: &str = "Windows Registry Editor Version 5.00\r\n";
const KEY: &str = "\r\n[HKEY_CURRENT_USER\\K]\r\n";

#[test]
fn takes_every_kind_of_data() {
    let cases: [(&str, ValueType, &[u8]); 14] = [
        (r#""v"="""#, ValueType::SZ, &[0, 0]),
        (r#""v"="a\\\"b""#, ValueType::SZ, b"a\0\\\0\"\0b\0\0\0"),
        ("\"v\"=\"a\r\nb\"", ValueType::SZ, b"a\0\r\0\n\0b\0\0\0"),
        (r#""v"="a\r\nb""#, ValueType::SZ, b"a\0\r\0\n\0b\0\0\0"),
        (r#""v"="a;b" ; comment"#, ValueType::SZ, b"a\0;\0b\0\0\0"),
        (r#""v"=dword:1F"#, ValueType::DWORD, &[0x1F, 0, 0, 0]),
        (r#""v"=dword:FFFFFFFF;comment"#, ValueType::DWORD, &[255; 4]),
        (r#""v" = 	dword: 2"#, ValueType::DWORD, &[2, 0, 0, 0]),
        (r#""v"=hex:"#, ValueType::BINARY, &[]),
        (r#""v"=HEX:0,1, 2 ,ff,"#, ValueType::BINARY, &[0, 1, 2, 255]),
        (r#""v"=hex(b):01,02"#, ValueType::QWORD, &[1, 2]),
        (r#""v"=hex(ffffffff):07"#, ValueType(u32::MAX), &[7]),
        (r#""v"=hex(0):"#, ValueType::NONE, &[]),
        (r#""v"=hex(1):00,d8"#, ValueType::SZ, &[0, 0xD8]),
    ];
    for (line, ty, data) in cases {
        let value = read_value(line).unwrap();
        assert_eq!((value.ty, &*value.data), (ty, data), "{line}");
        assert_eq!(value.name, name("v"));
    }
}

#[test]
fn names_may_hold_what_else_has_a_meaning() {
    for (line, expected) in [
        (r#""a=b"="""#, "a=b"),
        (r#""[x] ; y"="""#, "[x] ; y"),
        (r#""\\back \"q\""="""#, "\\back \"q\""),
        (r#"  "blank before"="""#, "blank before"),
        (r#"@="""#, ""),
        (r#""" = """#, ""),
    ] {
        assert_eq!(read_value(line).unwrap().name, name(expected), "{line}");
    }
}

/// What Windows does with these is in Wine's conformance tests for `reg import`.
#[test]
fn continues_bytes_as_windows_does() {
    for lines in [
        "@=hex:01,\\\r\n  02,03",
        "@=hex:01,  \\  ;comment\r\n02,\\;comment\r\n\t03",
        "@=hex:01,\\\r\n\r\n  ;comment\r\n \t\r\n02,03,",
        "@=hex:\\\r\n  01,02,03",
        "@=hex:01,02,03,\\",
        "@=hex:01,02,\\\n  03\n",
        "@=hex:01,02,\\\r  03\r",
    ] {
        assert_eq!(&*read_value(lines).unwrap().data, [1, 2, 3], "{lines:?}");
    }
    for lines in [
        "@=hex:01\\\r\n,02",
        "@=hex:01\\\r\n  02",
        "@=hex:01,\\\r\n  ,02",
        "@=hex:01,,02",
        "@=hex:01,\\02",
        "@=hex:01,\\\r\n\\\r\n02",
        "@=hex:01,\\\r\n#comment\r\n02",
        "@=hex:01,\\\r\n\"b\"=dword:1",
        "@=hex:01,\r\n  02",
        "@=hex:100",
        "@=hex:,01",
    ] {
        assert!(read_values(lines).is_err(), "{lines:?}");
    }
}

#[test]
fn comments_and_blank_lines_are_passed_over() {
    let edit = read_user(
        "; a\r\n\t ; b\\\r\n#c\r\n\r\n[HKCU\\K] ; [d\r\n;\"e\"=dword:1\r\n\"f\"=\"g\" ;\"h\"=\"i\"\r\n",
    )
    .unwrap();
    let key = edit.at(&KeyPath::parse("K")).unwrap();
    assert_eq!(key.values().iter().map(ValueEdit::name).collect::<Vec<_>>(), [&name("f")]);
}

#[test]
fn roots_have_long_and_short_names_in_any_case() {
    for root in HiveRoot::ALL {
        for spelling in
            [root.name().to_owned(), root.short_name().to_owned(), root.name().to_ascii_lowercase()]
        {
            let text = format!("{V5}[{spelling}\\A\\B\\\\]");
            let file = reg_text::read(text.as_bytes(), CodePage::default()).unwrap();
            let edit = file.root(root).unwrap();
            assert_eq!(edit.action, KeyAction::Pass);
            assert_eq!(
                edit.at(&KeyPath::parse("A")).unwrap().action,
                KeyAction::Ensure,
                "keys above are created"
            );
            assert_eq!(edit.at(&KeyPath::parse("a\\b")).unwrap().action, KeyAction::Ensure);
        }
    }
}

#[test]
fn a_root_alone_is_nothing_to_do() {
    let file =
        reg_text::read(format!("{V5}[HKCU]\r\n[HKLM]\r\n@=-").as_bytes(), CodePage::default()).unwrap();
    assert_eq!(file.roots.iter().map(|(root, _)| *root).collect::<Vec<_>>(), [HiveRoot::LocalMachine]);
}

#[test]
fn the_last_bracket_ends_a_key() {
    let edit = read_user("[HKCU\\a] b ]\r\n[HKCU\\[-x \t]").unwrap();
    let names: Vec<_> = edit.subkeys().iter().map(|key| key.name.to_text().unwrap()).collect();
    assert_eq!(names, ["a] b ", "[-x \t"]);
}

#[test]
fn of_one_value_the_last_line_counts() {
    let values = read_values("\"V\"=\"1\"\r\n\"v\"=-\r\n\"w\"=-\r\n\"W\"=dword:2\r\n@=-").unwrap();
    assert_eq!(values[0], ValueEdit::Delete(Name::default()));
    assert_eq!(values[1], ValueEdit::Delete(name("v")));
    assert!(matches!(&values[2], ValueEdit::Set(value) if value.ty == ValueType::DWORD));
    assert_eq!(values.len(), 3);
    let again = read_user("[HKCU\\K]\r\n\"v\"=-\r\n[HKCU\\L]\r\n[HKCU\\k]\r\n\"v\"=dword:1").unwrap();
    assert!(matches!(again.at(&KeyPath::parse("K")).unwrap().values(), [ValueEdit::Set(_)]));
}

#[test]
fn keys_are_deleted_and_created_in_the_order_of_the_lines() {
    let action =
        |body: &str, path: &str| read_user(body).unwrap().at(&KeyPath::parse(path)).map(|key| key.action);
    assert_eq!(action("[-HKCU\\a\\b]", "a"), Some(KeyAction::Pass));
    assert_eq!(action("[-HKCU\\a\\b]", "a\\b"), Some(KeyAction::Delete));
    assert_eq!(action("[-HKCU\\a]\r\n[HKCU\\A]", "a"), Some(KeyAction::Replace));
    assert_eq!(action("[-HKCU\\a]\r\n[HKCU\\a\\b]", "a"), Some(KeyAction::Replace));
    assert_eq!(action("[-HKCU\\a]\r\n[HKCU\\a\\b]", "a\\b"), Some(KeyAction::Ensure));
    assert_eq!(action("[HKCU\\a\\b]\r\n[-HKCU\\a]", "a"), Some(KeyAction::Delete));
    assert_eq!(action("[HKCU\\a\\b]\r\n[-HKCU\\a]", "a\\b"), None);
    assert_eq!(action("[HKCU\\a\\b]\r\n[-HKCU\\a\\B]", "a"), Some(KeyAction::Ensure));
    assert_eq!(action("[-HKCU\\a]\r\n[HKCU\\a]\r\n[-HKCU\\a]", "a"), Some(KeyAction::Delete));
}

#[test]
fn below_a_deleted_key_there_is_nothing_to_delete() {
    let edit = read_user("[-HKCU\\a]\r\n[-HKCU\\a\\b\\c]").unwrap();
    assert!(edit.at(&KeyPath::parse("a")).unwrap().subkeys().is_empty());
    let edit = read_user("[-HKCU\\a]\r\n[HKCU\\a\\b]\r\n[-HKCU\\a\\b]\r\n[-HKCU\\a\\x\\y]").unwrap();
    let replaced = edit.at(&KeyPath::parse("a")).unwrap();
    assert_eq!((replaced.action, replaced.subkeys().len()), (KeyAction::Replace, 0));
}

#[test]
fn values_below_a_deleted_key_are_passed_over() {
    let edit = read_user("[-HKCU\\a]\r\n\"v\"=dword:1\r\n").unwrap();
    assert!(edit.at(&KeyPath::parse("a")).unwrap().values().is_empty());
}

#[test]
fn every_encoding_gives_the_same() {
    let text = format!("{V5}{KEY}\"é€\"=\"日本\"\r\n");
    let expected = reg_text::read(text.as_bytes(), CodePage::default()).unwrap();
    let with_mark = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    for bytes in [
        with_mark(&[0xFF, 0xFE], utf16(&text)),
        utf16(&text),
        with_mark(&[0xEF, 0xBB, 0xBF], text.clone().into_bytes()),
    ] {
        assert_eq!(reg_text::read(&bytes, CodePage::default()).unwrap(), expected);
    }
}

#[test]
fn eight_bit_text_is_read_in_the_code_page() {
    let value = |bytes: &[u8], page: u16| {
        let file = reg_text::read(bytes, CodePage::from_number(page).unwrap()).unwrap();
        let key = file.root(HiveRoot::CurrentUser).unwrap().at(&KeyPath::parse("K")).unwrap().clone();
        (file.version, key.values()[0].clone())
    };
    let v4 = b"REGEDIT4\r\n[HKCU\\K]\r\n\"\xC8\"=hex(2):e8,00\r\n";
    let set = |text: &str| mp_registry::Value::expand_sz(text, &text.to_lowercase());
    assert_eq!(value(v4, 1252), (Version::V4, ValueEdit::Set(set("È"))));
    assert_eq!(value(v4, 1251), (Version::V4, ValueEdit::Set(set("И"))));
    let v5 = b"Windows Registry Editor Version 5.00\r\n[HKCU\\K]\r\n\"\xC8\"=hex(2):e8,00,00,00\r\n";
    assert_eq!(value(v5, 1252), (Version::V5, ValueEdit::Set(set("È"))), "no UTF-8, so ANSI");
    let shift_jis = b"REGEDIT4\r\n[HKCU\\K]\r\n\"\x95\x5C\"=hex:e8\r\n";
    assert_eq!(value(shift_jis, 932).1.name(), &name("表"), "the second byte is no backslash");
}

#[test]
fn lone_surrogates_survive() {
    let mut bytes = utf16(&format!("{V5}\r\n[HKCU\\A?]\r\n\"?\"=\"?\"\r\n"));
    for pair in bytes.chunks_exact_mut(2).filter(|pair| pair[0] == b'?') {
        pair.copy_from_slice(&[0x34, 0xD8]);
    }
    let file = reg_text::read(&bytes, CodePage::default()).unwrap();
    let key = &file.root(HiveRoot::CurrentUser).unwrap().subkeys()[0];
    assert_eq!(key.name.units(), [0x41, 0xD834]);
    let ValueEdit::Set(value) = &key.values()[0] else { panic!("deleted") };
    assert_eq!((value.name.units(), &*value.data), (&[0xD834_u16][..], &[0x34, 0xD8, 0, 0][..]));
}

#[test]
fn errors_say_where_and_what() {
    let error = |bytes: &[u8]| reg_text::read(bytes, CodePage::default()).unwrap_err().to_string();
    let v5 = |body: &str| error(format!("{V5}{body}").as_bytes());
    let header = "expected the header `Windows Registry Editor Version 5.00` or `REGEDIT4`";
    assert_eq!(error(b""), format!("line 1, column 1: {header}, found the end of the file"));
    assert_eq!(error(b"REGEDIT\r\n"), format!("line 1, column 1: {header}, found `REGEDIT`"));
    assert_eq!(error(b"\r\nREGEDIT4"), format!("line 1, column 1: {header}, found the end of the line"));
    assert_eq!(
        error(b"\xFE\xFF\0R"),
        "line 1, column 1: expected UTF-16LE, UTF-8 or ANSI text, found UTF-16BE"
    );
    assert_eq!(
        error(b"R\0E\0\r\0\n\0G"),
        "line 2, column 1: expected the second byte of a UTF-16 code unit, found the end of the file"
    );
    assert_eq!(error(b"\xEF\xBB\xBFab\n\xFF"), "line 2, column 1: expected UTF-8, found bytes ff");
    assert_eq!(v5("[HKCU\\K]\r\n\"a\0\"=-"), "line 3, column 3: expected text, found a NUL");
    assert_eq!(v5("@=-"), "line 2, column 1: expected a key before the first value, found `@=-`");
    assert_eq!(
        v5("[HKEY_CURRENT_USERS\\K]"),
        "line 2, column 2: expected a root such as `HKEY_CURRENT_USER`, found `HKEY_CURRENT_USERS\\K]`"
    );
    assert_eq!(
        v5("[HKCU\\K\r\n"),
        "line 2, column 2: expected a key that ends with `]` on the same line, found `HKCU\\K`"
    );
    assert_eq!(
        v5("[HKCU\\K]\r\n\"v\"=dword:123456789"),
        "line 3, column 11: expected 1 to 8 hexadecimal digits, found `123456789`"
    );
    assert_eq!(
        v5("[HKCU\\K]\n\n\"v\"=\"C:\\Windows\""),
        "line 4, column 8: expected `\\\\` or `\\\"` for a backslash or quote in text, found `\\Windows\"`"
    );
    assert_eq!(
        v5("[HKCU\\K]\r\n\"v\"=\"a\" b"),
        "line 3, column 9: expected the end of the line or a comment after the value, found `b`"
    );
    assert!(v5("[-HKCU]").contains("which itself cannot be deleted"));
    assert!(v5("[HKCU\\K]\r\n\"v\"=hex(0x2):00").contains("expected `):` after the type, found `x2):00`"));
    assert!(v5("[HKCU\\K]\r\n\"v\"=hex(100000000):00").contains("a type of 1 to 8 hexadecimal digits"));
    assert!(v5("[HKCU\\K]\r\n\"v\r\n\"=-").contains("line 3, column 3: expected a closing `\"`"));
    assert!(v5("[HKCU\\K]\r\n\"v\"=\"x\r\n\r\n").contains("line 5, column 1: expected a closing `\"`"));
}

#[test]
fn sizes_are_limited() {
    let key = |path: &str| read_user(&format!("[HKCU\\{path}]"));
    assert!(key(&"k".repeat(255)).is_ok());
    assert!(key(&"k".repeat(256)).is_err());
    assert!(key(&"k\\".repeat(512)).is_ok());
    assert!(key(&"k\\".repeat(513)).is_err());
    assert!(read_values(&format!("\"{}\"=-", "v".repeat(16_383))).is_ok());
    assert!(read_values(&format!("\"{}\"=-", "v".repeat(16_384))).is_err());
}
