use crate::support::{Folder, failure, metaprofiles, output};

const BEFORE: &str = r#"
Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\Software\Contoso]
"Changed"=dword:00000001
"Gone"="x"
"Same"=hex:00

[HKEY_CURRENT_USER\Software\Old\Below]
"v"="x"
"#;

const AFTER: &str = r#"
Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\Software\Contoso]
"Changed"=dword:00000010
"Same"=hex:00
@="new"

[HKEY_CURRENT_USER\Software\New]
"list"=hex(7):61,00,00,00,62,00,00,00,00,00
"#;

fn hives(folder: &Folder) -> [String; 2] {
    [("before", BEFORE), ("after", AFTER)].map(|(name, text)| {
        let hive = folder.path(name);
        output(&["hive", "build", "-o", &hive, &folder.file(&format!("{name}.reg"), text.trim_start())]);
        hive
    })
}

fn differing(arguments: &[&str]) -> String {
    let assert = metaprofiles(arguments).assert().code(1).stderr("");
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn the_listing_tells_what_turns_one_into_the_other() {
    let folder = Folder::new();
    let [before, after] = hives(&folder);
    assert_eq!(
        differing(&["hive", "diff", &before, &after]),
        r#"  Software\Contoso
    + (default) REG_SZ "new"
    ~ "Changed" REG_DWORD 0x00000001 (1) -> REG_DWORD 0x00000010 (16)
    - "Gone" REG_SZ "x"
+ Software\New
    + "list" REG_MULTI_SZ "a" "b"
- Software\Old (with 1 keys below it and 1 values)
"#
    );
    assert_eq!(
        differing(&["hive", "diff", "--key", r"Software\New", &before, &after]),
        "+ Software\\New\n    + \"list\" REG_MULTI_SZ \"a\" \"b\"\n"
    );
}

#[test]
fn the_lines_have_deletions() {
    let folder = Folder::new();
    let [before, after] = hives(&folder);
    assert_eq!(
        differing(&["hive", "diff", "--json", "--key", r"Software\Contoso", &before, &after]),
        concat!(
            r#"{"path":"Software\\Contoso","name":"","type":1,"data":"6e00650077000000"}"#,
            "\n",
            r#"{"path":"Software\\Contoso","name":"Changed","type":4,"data":"10000000"}"#,
            "\n",
            r#"{"path":"Software\\Contoso","name":"Gone","deleted":true}"#,
            "\n",
        )
    );
    assert_eq!(
        differing(&["hive", "diff", "--json", "--key", r"Software\Old", &before, &after]),
        "{\"path\":\"Software\\\\Old\",\"deleted\":true}\n"
    );
}

#[test]
fn reg_text_of_the_difference_holds_it_all() {
    let folder = Folder::new();
    let [before, after] = hives(&folder);
    let assert = metaprofiles(&["hive", "diff", "--reg", &before, &after]).assert().code(1);
    let units: Vec<u16> =
        assert.get_output().stdout.as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
    let text = String::from_utf16(&units).unwrap();
    for line in [
        "[-HKEY_CURRENT_USER\\Software\\Old]",
        "\"Gone\"=-",
        "@=\"new\"",
        "[HKEY_CURRENT_USER\\Software\\New]",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("Same"));

    let changed = folder.path("changed");
    let changes = folder.file("changes.reg", &assert.get_output().stdout);
    output(&["hive", "apply", "-o", &changed, &before, &changes]);
    assert_eq!(output(&["hive", "diff", &changed, &after]), "", "the changes turn one into the other");
}

#[test]
fn exit_codes_tell_same_from_different_from_failed() {
    let folder = Folder::new();
    let [before, _] = hives(&folder);
    assert_eq!(output(&["hive", "diff", &before, &before]), "");
    let none = folder.path("none");
    assert!(
        failure(&["hive", "diff", &before, &none], 2).starts_with(&format!("error: cannot read {none}: "))
    );
    assert_eq!(
        failure(&["hive", "diff", "--key", "Nowhere", &before, &before], 2),
        "error: neither hive has the key \"Nowhere\"\n"
    );
    metaprofiles(&["hive", "diff", &before]).assert().code(2);
}
