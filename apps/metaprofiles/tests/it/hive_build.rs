use std::fs;

use crate::support::{Folder, data, failure, output, text};

/// Everything that JSON, Windows and people trip over.
const LINES: &str = concat!(
    r#"{"path":"","modified":"2026-01-31T08:15:00.1234567Z"}"#,
    "\n",
    r#"{"path":"","name":"","type":1,"data":"","modified":"2026-01-31T08:15:00.1234567Z"}"#,
    "\n",
    r#"{"path":"\ud800lone","modified":"2001-02-03T04:05:06.0000000Z","class":"cl\udfffass"}"#,
    "\n",
    r#"{"path":"\ud800lone","name":"a\u0000b\udc00","type":4294967295,"data":"00ff7f","modified":"2001-02-03T04:05:06.0000000Z"}"#,
    "\n",
    r#"{"path":"Grün"}"#,
    "\n",
    r#"{"path":"Grün","name":"back\\slash","type":3,"data":"01"}"#,
    "\n",
    r#"{"path":"Grün","name":"quote\"","type":0,"data":""}"#,
    "\n",
    r#"{"path":"Grün","name":"😀","type":1,"data":"3dd800de0000"}"#,
    "\n",
    r#"{"path":"Grün\\below","link":true}"#,
    "\n",
);

#[test]
fn what_was_dumped_builds_the_same_hive() {
    let folder = Folder::new();
    let lines = folder.file("lines", LINES);
    for version in ["1.3", "1.5"] {
        let (first, second) =
            (folder.path(&format!("first{version}")), folder.path(&format!("second{version}")));
        output(&["hive", "build", "--version", version, "-o", &first, &lines]);
        let dumped = output(&["hive", "dump", &first]);
        let mut expected: Vec<_> = LINES.lines().collect();
        let mut found: Vec<_> = dumped.lines().collect();
        assert_eq!(found[..2], expected[..2], "the root comes first");
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        output(&["hive", "build", "--version", version, "-o", &second, &folder.file("again", dumped)]);
        assert!(fs::read(first).unwrap() == fs::read(second).unwrap(), "the same bytes");
    }
}

#[test]
fn a_real_hive_survives_dump_and_build() {
    let Some(data) = data("a_real_hive_survives_dump_and_build") else { return };
    let hive = data.join("hives/mkorman90+regipy/NTUSER.DAT");
    let folder = Folder::new();
    let dump = output(&["hive", "dump", text(&hive)]);
    let built = folder.path("built");
    output(&["hive", "build", "--security-of", text(&hive), "-o", &built, &folder.file("dump", &dump)]);
    assert_eq!(output(&["hive", "dump", &built]), dump);
    let said = output(&["hive", "diff", text(&hive), &built]);
    assert_eq!(said, "", "the same keys and values");
}

#[test]
fn reg_text_builds_a_hive_and_back() {
    let folder = Folder::new();
    let text = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\Software]\r\n@=\"x\"\r\n\"n\"=dword:0000000a\r\n\r\n";
    let (reg, hive, back) = (folder.file("in.reg", text), folder.path("hive"), folder.path("out.reg"));
    output(&["hive", "build", "-o", &hive, &reg]);
    assert_eq!(
        output(&["hive", "dump", &hive]),
        concat!(
            r#"{"path":""}"#,
            "\n",
            r#"{"path":"Software"}"#,
            "\n",
            r#"{"path":"Software","name":"","type":1,"data":"78000000"}"#,
            "\n",
            r#"{"path":"Software","name":"n","type":4,"data":"0a000000"}"#,
            "\n",
        )
    );
    output(&["hive", "export", "--key", "software", "-o", &back, &hive]);
    let utf16: Vec<u8> =
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert!(fs::read(&back).unwrap() == utf16);

    output(&["hive", "export", "--key", "software", "--root", r"HKU\Mounted", "-o", &back, "--force", &hive]);
    let units: Vec<u16> =
        fs::read(&back).unwrap().as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
    assert!(String::from_utf16(&units).unwrap().contains("[HKEY_USERS\\Mounted\\Software]"));
}

#[test]
fn a_file_that_is_there_stays() {
    let folder = Folder::new();
    let (lines, hive) = (folder.file("lines", "{\"path\":\"\"}\n"), folder.file("hive", "precious"));
    let message = failure(&["hive", "build", "-o", &hive, &lines], 1);
    assert_eq!(message, format!("error: {hive} is there already; give --force to replace it\n"));
    assert_eq!(fs::read(&hive).unwrap(), b"precious");
    output(&["hive", "build", "--force", "-o", &hive, &lines]);
    assert!(fs::read(&hive).unwrap().starts_with(b"regf"));
}

#[cfg(unix)]
#[test]
fn a_replaced_file_stays_as_private_as_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let (lines, hive) = (folder.file("lines", "{\"path\":\"\"}\n"), folder.file("hive", "private"));
    fs::set_permissions(&hive, fs::Permissions::from_mode(0o600)).unwrap();
    output(&["hive", "build", "--force", "-o", &hive, &lines]);
    assert_eq!(fs::metadata(&hive).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn lines_that_are_no_keys_and_values_are_named() {
    let folder = Folder::new();
    let deep = format!("{{\"path\":\"{}x\"}}", "a\\\\".repeat(512));
    for (line, expected) in [
        (r#"{"path":"x","deleted":true}"#, "this deletes something; a hive holds what is there"),
        (r#"{"path":"x","name":"y","deleted":true}"#, "this deletes something; a hive holds what is there"),
        (r#"{"file":"Desktop:x","size":1}"#, "this is a file of a data set; a hive holds keys and values"),
        (
            r#"{"path":"x","name":"y"}"#,
            "expected \"name\", \"type\" and \"data\" of a value together, or none of them for a key",
        ),
        (r#"{"name":"y"}"#, "expected a field \"path\""),
        (r#"{"path":""}"#, "there was a key \"\" before"),
        (r#"{"path":"K"}"#, "there was a key \"K\" before"),
        (r#"{"path":"k","name":"V","type":1,"data":""}"#, "there was a value \"V\" of \"k\" before"),
        (
            r#"{"path":"x","name":"y","type":1,"data":"0"}"#,
            "column 42: expected an even number of hexadecimal digits",
        ),
        (
            r#"{"path":"x","modified":"yesterday"}"#,
            "column 35: expected a time such as 2026-01-31T08:15:00.1234567Z",
        ),
        (&deep, "the key lies deeper than 512 keys"),
    ] {
        let lines = format!(
            "{{\"path\":\"\"}}\n{{\"path\":\"k\"}}\n{{\"path\":\"k\",\"name\":\"v\",\"type\":1,\"data\":\"\"}}\n\n{line}\n"
        );
        let file = folder.file("lines", lines);
        let message = failure(&["hive", "build", "-o", &folder.path("hive"), &file], 1);
        assert_eq!(message, format!("error: cannot read {file}: line 5: {expected}\n"), "{line}");
    }
}

#[test]
fn reg_text_needs_the_key_that_is_the_root() {
    let folder = Folder::new();
    let hive = folder.path("hive");
    let refused = |reg: &str, root: &str| failure(&["hive", "build", "--root", root, "-o", &hive, reg], 1);
    let reg = folder.file("two.reg", "REGEDIT4\n[HKEY_CURRENT_USER\\a]\n[HKEY_LOCAL_MACHINE\\b]\n");
    let why = "it is about HKEY_LOCAL_MACHINE too; a hive has one root, and --root says which key of the text it is";
    assert_eq!(refused(&reg, "HKCU"), format!("error: {reg}: {why}\n"));

    let reg = folder.file("one.reg", "REGEDIT4\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\b]\n");
    let why = "it is about keys that are not below HKEY_LOCAL_MACHINE\\system; give another --root";
    assert_eq!(refused(&reg, r"hklm\system"), format!("error: {reg}: {why}\n"));
    output(&["hive", "build", "--root", r"hklm\software", "-o", &hive, &reg]);
    assert_eq!(output(&["hive", "dump", &hive]), "{\"path\":\"\"}\n{\"path\":\"b\"}\n");
}
