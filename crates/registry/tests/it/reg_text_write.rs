use mp_registry::{
    Key, KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType,
    reg_text::{CodePage, HiveRoot, WriteError, WriteErrorKind, write_v4, write_v5},
};

use crate::support::name;

fn v5(path: &str, edit: &KeyEdit) -> Result<String, WriteError> {
    let bytes = write_v5(&[(HiveRoot::CurrentUser, &KeyPath::parse(path), edit)])?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    Ok(String::from_utf16(&units).unwrap())
}

fn v4(edit: &KeyEdit) -> Result<Vec<u8>, WriteError> {
    write_v4(&[(HiveRoot::CurrentUser, &KeyPath::parse("K"), edit)], CodePage::default())
}

fn key_with(value: Value) -> KeyEdit {
    let mut key = KeyEdit::new("", KeyAction::Ensure);
    key.edit_value(ValueEdit::Set(value));
    key
}

/// What is written after `"v"=` for these data.
fn data(ty: ValueType, data: &[u8]) -> String {
    let text = v5("K", &key_with(Value::new("v", ty, data))).unwrap();
    text.split_once("\"v\"=").unwrap().1.trim_end().to_owned()
}

fn wide(text: &str) -> Vec<u8> {
    crate::support::utf16(text)
}

#[test]
fn a_tree_looks_as_from_regedit() {
    let mut root = Key::new("");
    root.set_value(Value::sz("", "default"));
    root.ensure_subkey(&name("Empty"));
    let sub = root.ensure_subkey(&name("b]c"));
    sub.set_value(Value::dword("d", 0xABC));
    sub.set_value(Value::sz("a\\b \"c\"", "C:\\x \"y\""));
    assert_eq!(
        v5("Software\\X", &KeyEdit::write(&root)).unwrap(),
        "\u{FEFF}Windows Registry Editor Version 5.00\r\n\r\n\
         [HKEY_CURRENT_USER\\Software\\X]\r\n@=\"default\"\r\n\r\n\
         [HKEY_CURRENT_USER\\Software\\X\\b]c]\r\n\"a\\\\b \\\"c\\\"\"=\"C:\\\\x \\\"y\\\"\"\r\n\"d\"=dword:00000abc\r\n\r\n\
         [HKEY_CURRENT_USER\\Software\\X\\Empty]\r\n\r\n"
    );
}

#[test]
fn deletions_have_their_own_lines() {
    let mut edit = KeyEdit::root();
    edit.at_or_pass(&KeyPath::parse("a\\gone")).action = KeyAction::Delete;
    let again = edit.subkey_or(&name("again"), KeyAction::Replace);
    again.edit_value(ValueEdit::Delete(name("v")));
    again.edit_value(ValueEdit::Delete(name("")));
    let text = v5("", &edit).unwrap();
    assert_eq!(
        text.split_once("5.00\r\n").unwrap().1,
        "\r\n[-HKEY_CURRENT_USER\\a\\gone]\r\n\r\n[-HKEY_CURRENT_USER\\again]\r\n\r\n\
         [HKEY_CURRENT_USER\\again]\r\n@=-\r\n\"v\"=-\r\n\r\n"
    );
}

#[test]
fn text_is_quoted_only_when_that_gives_it_back() {
    assert_eq!(data(ValueType::SZ, &wide("a\tb\0")), "\"a\tb\"");
    assert_eq!(data(ValueType::SZ, &wide("\0")), "\"\"");
    for (bytes, expected) in [
        (&b""[..], "hex(1):"),
        (b"a\0", "hex(1):61,00"),
        (b"a\0\0\0b", "hex(1):61,00,00,00,62"),
        (b"a\0\0\0\0\0", "hex(1):61,00,00,00,00,00"),
        (b"\r\0\0\0", "hex(1):0d,00,00,00"),
        (b"\n\0\0\0", "hex(1):0a,00,00,00"),
        (b"\0\xDC\0\0", "hex(1):00,dc,00,00"),
    ] {
        assert_eq!(data(ValueType::SZ, bytes), expected);
    }
}

#[test]
fn other_types_are_bytes() {
    assert_eq!(data(ValueType::DWORD, &[1, 0, 0, 0x80]), "dword:80000001");
    assert_eq!(data(ValueType::DWORD, &[1, 0]), "hex(4):01,00");
    assert_eq!(data(ValueType::QWORD, &[1; 8]), "hex(b):01,01,01,01,01,01,01,01");
    assert_eq!(data(ValueType::BINARY, &[]), "hex:");
    assert_eq!(data(ValueType::NONE, &[]), "hex(0):");
    assert_eq!(data(ValueType(0xFFFF_0012), &[7]), "hex(ffff0012):07");
    assert_eq!(data(ValueType::EXPAND_SZ, &wide("%\0")), "hex(2):25,00,00,00");
}

/// Line lengths of exports from Windows: `@` and `Security` end at 79 columns, `ImagePath` at 80, the others at 78; a last
/// byte gets a line of its own, as at the end of many `hex(2)` there.
#[test]
fn wraps_bytes_as_regedit() {
    for (name, ty, first) in
        [("", 2, 79), ("Security", 3, 79), ("ImagePath", 2, 80), ("big", 3, 80), ("TwoMore", 3, 78)]
    {
        let text = v5("K", &key_with(Value::new(name, ValueType(ty), vec![0; 100]))).unwrap();
        let lengths: Vec<usize> = text.split("\r\n").skip(3).map(str::len).collect();
        assert_eq!(lengths[..3], [first, 78, 78], "{name}");
    }
    let lone = key_with(Value::new("", ValueType::EXPAND_SZ, vec![0; 23 + 25 + 1]));
    assert!(v5("K", &lone).unwrap().ends_with(",\\\r\n  00\r\n\r\n"));
    let full = key_with(Value::new("", ValueType::EXPAND_SZ, vec![0; 23 + 25]));
    assert!(v5("K", &full).unwrap().ends_with(",00,00\r\n\r\n"));
    let long_name = key_with(Value::new("n".repeat(90).as_str(), ValueType::BINARY, vec![1, 2]));
    assert!(v5("K", &long_name).unwrap().contains("=hex:01,\\\r\n  02\r\n"));
}

#[test]
fn what_the_text_cannot_hold_is_refused() {
    let with_key = |key: &str| {
        let mut edit = KeyEdit::new("", KeyAction::Ensure);
        edit.insert_subkey(KeyEdit::new(key, KeyAction::Ensure));
        v5("K", &edit).unwrap_err().why
    };
    assert_eq!(with_key("a\0"), WriteErrorKind::NulInName);
    assert_eq!(with_key("a\r"), WriteErrorKind::LineBreakInName);
    assert_eq!(with_key("a\nb"), WriteErrorKind::LineBreakInName);
    assert_eq!(with_key("a\\b"), WriteErrorKind::BackslashInName);
    assert_eq!(with_key(""), WriteErrorKind::EmptyName);
    assert_eq!(with_key(&"k".repeat(256)), WriteErrorKind::NameTooLong);
    let with_value = |name: &str| v5("K", &key_with(Value::sz(name, "x"))).unwrap_err();
    assert_eq!(with_value("a\0b").why, WriteErrorKind::NulInName);
    assert_eq!(with_value("a\nb").why, WriteErrorKind::LineBreakInName);
    assert_eq!(
        with_value("a\0b").to_string(),
        "cannot write \"a\\u{0}b\" of \"HKEY_CURRENT_USER\\K\" as .reg text: its name holds a NUL"
    );
    assert_eq!(v5("", &KeyEdit::new("", KeyAction::Delete)).unwrap_err().why, WriteErrorKind::RootDeleted);
    let mut deep = KeyEdit::root();
    deep.at_or_pass(&(0..513).map(|_| name("k")).collect()).action = KeyAction::Ensure;
    deep.ensure_passed();
    assert_eq!(v5("", &deep).unwrap_err().why, WriteErrorKind::TooDeep);
}

#[test]
fn keys_to_be_edited_only_if_there_must_be_ensured_first() {
    let mut edit = KeyEdit::root();
    edit.at_or_pass(&KeyPath::parse("a\\b")).edit_value(ValueEdit::Delete(name("v")));
    edit.at_or_pass(&KeyPath::parse("c\\d")).action = KeyAction::Delete;
    let error = v5("", &edit).unwrap_err();
    assert_eq!((error.path, error.why), (KeyPath::parse("a"), WriteErrorKind::OnlyIfThere));
    edit.ensure_passed();
    let lines = v5("", &edit).unwrap();
    assert!(lines.contains("\r\n[HKEY_CURRENT_USER\\a]\r\n\r\n[HKEY_CURRENT_USER\\a\\b]\r\n\"v\"=-\r\n"));
    assert!(lines.contains("\r\n[-HKEY_CURRENT_USER\\c\\d]\r\n") && !lines.contains("\\c]"));
}

#[test]
fn values_of_a_root_itself_can_be_written() {
    let mut edit = KeyEdit::root();
    edit.edit_value(ValueEdit::Delete(name("v")));
    assert!(v5("", &edit).unwrap().ends_with("\r\n[HKEY_CURRENT_USER]\r\n\"v\"=-\r\n\r\n"));
}

#[test]
fn regedit4_is_written_in_the_code_page() {
    let mut key = key_with(Value::sz("café", "€"));
    key.edit_value(ValueEdit::Set(Value::expand_sz("e", "é")));
    key.edit_value(ValueEdit::Set(Value::new("q", ValueType::QWORD, [9; 2])));
    assert_eq!(
        v4(&key).unwrap(),
        b"REGEDIT4\r\n\r\n[HKEY_CURRENT_USER\\K]\r\n\"caf\xE9\"=\"\x80\"\r\n\"e\"=hex(2):e9,00\r\n\"q\"=hex(b):09,09\r\n\r\n"
    );
}

#[test]
fn regedit4_refuses_what_the_code_page_lacks() {
    let lacking = WriteErrorKind::NotInCodePage(CodePage::default());
    for value in [
        Value::sz("v", "日本"),
        Value::sz("日本", "v"),
        Value::expand_sz("v", "日本"),
        Value::new("v", ValueType::SZ, [0x61, 0, 0x62]),
        Value::new("v", ValueType::MULTI_SZ, [0, 0xD8, 0, 0]),
        Value::sz(Name::from_units([0xDC00]), "v"),
    ] {
        let error = v4(&key_with(value.clone())).unwrap_err();
        assert_eq!((error.why, error.value), (lacking, Some(value.name)));
    }
    let yen = key_with(Value::sz("v", "¥"));
    let shift_jis = CodePage::from_number(932).unwrap();
    let error = write_v4(&[(HiveRoot::Users, &KeyPath::root(), &yen)], shift_jis).unwrap_err();
    assert_eq!(error.why, WriteErrorKind::NotInCodePage(shift_jis), "it would come back as a backslash");
    let error = write_v4(
        &[(HiveRoot::Users, &KeyPath::parse("日本"), &KeyEdit::new("", KeyAction::Ensure))],
        CodePage::default(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "cannot write \"HKEY_USERS\\日本\" as .reg text: code page 1252 cannot hold it; write version 5.00 instead"
    );
}
