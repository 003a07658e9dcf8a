use std::fs;

use mp_dataset::{
    DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, Origin, ProfileKind,
};
use mp_registry::{FileTime, KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit};

use crate::support::{Folder, failure, metaprofiles, output};

fn set() -> DataSet {
    let mut registry = KeyEdit::root();
    let key = registry.at_or_pass(&KeyPath::parse(r"Software\Contoso"));
    key.action = KeyAction::Ensure;
    key.last_write = FileTime(FileTime::UNIX_EPOCH.0 + 1);
    key.edit_value(ValueEdit::Set(Value::sz("Text", "x")));
    key.edit_value(ValueEdit::Delete("Gone".into()));
    registry.at_or_pass(&KeyPath::parse(r"Software\Old")).action = KeyAction::Delete;
    let path = |folder: &str, name: Name| FilePath {
        folder: folder.to_owned(),
        components: vec!["Microsoft".into(), name],
    };
    let content = FileContent {
        modified: FileTime::UNIX_EPOCH,
        attributes: FileAttributes::HIDDEN.with(FileAttributes::READ_ONLY),
        bytes: b"abc"[..].into(),
    };
    let mut set = DataSet {
        origin: Origin {
            sid: "S-1-5-21-1-2-3-1001".to_owned(),
            host: "HOST1".to_owned(),
            software: "test 1".to_owned(),
            exported: FileTime::UNIX_EPOCH,
            profile: ProfileKind::Mandatory,
            ..Origin::default()
        },
        registry,
        ..DataSet::default()
    };
    let entry = |path, change| FileEntry { path, change, unknown: Default::default() };
    set.replace_files(vec![
        entry(path("RoamingAppData", Name::from_units([0x78, 0xD800])), FileChange::Present(content)),
        entry(path("Desktop", "y".into()), FileChange::Deleted),
    ]);
    set
}

fn save(folder: &Folder, name: &str, set: &DataSet) -> String {
    let mut bytes = Vec::new();
    mp_dataset::encode(set, &mut bytes).unwrap();
    folder.file(name, bytes)
}

const FILE: &str = r#"{"file":"RoamingAppData:Microsoft\\x\ud800","size":3,"modified":"1970-01-01T00:00:00.0000000Z","attributes":["read-only","hidden"],"blake3":"6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85""#;

#[test]
fn dump_holds_edits_deletions_and_files() {
    let folder = Folder::new();
    let file = save(&folder, "set.mpd", &set());
    let registry = concat!(
        r#"{"path":"Software\\Contoso","modified":"1970-01-01T00:00:00.0000001Z"}"#,
        "\n",
        r#"{"path":"Software\\Contoso","name":"Gone","deleted":true}"#,
        "\n",
        r#"{"path":"Software\\Contoso","name":"Text","type":1,"data":"78000000","modified":"1970-01-01T00:00:00.0000001Z"}"#,
        "\n",
        r#"{"path":"Software\\Old","deleted":true}"#,
        "\n",
        r#"{"file":"Desktop:Microsoft\\y","deleted":true}"#,
        "\n",
    );
    assert_eq!(output(&["dataset", "dump", &file]), format!("{registry}{FILE}}}\n"));
    assert_eq!(
        output(&["dataset", "dump", "--data", &file]),
        format!("{registry}{FILE},\"data\":\"616263\"}}\n")
    );
}

#[test]
fn info_tells_origin_counts_and_seal() {
    let folder = Folder::new();
    let file = save(&folder, "set.mpd", &set());
    let told = output(&["dataset", "info", &file]);
    for line in [
        "Verified        yes",
        "User            S-1-5-21-1-2-3-1001",
        "Agent Server    HOST1",
        "Profile         mandatory",
        "Exported        1970-01-01T00:00:00.0000000Z",
        "Keys            1",
        "Values          1 with 4 bytes",
        "Files           1 with 3 bytes",
        "Deleted keys    1",
        "Deleted values  1",
        "Deleted files   1",
    ] {
        assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&output(&["dataset", "info", "--json", &file])).unwrap();
    let seal: String = fs::read(&file).unwrap()[32..64].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(json["seal"], seal.as_str());
    assert_eq!(json["deleted-files"], 1);
}

#[test]
fn a_damaged_set_is_told_and_fails() {
    let folder = Folder::new();
    let file = save(&folder, "set.mpd", &set());
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let damaged = folder.file("damaged.mpd", bytes);
    let found = metaprofiles(&["dataset", "info", "--json", &damaged]).assert().code(1);
    let json: serde_json::Value = serde_json::from_slice(&found.get_output().stdout).unwrap();
    assert_eq!(json["verified"], false);
    let message = failure(&["dataset", "dump", &damaged], 1);
    assert!(
        message.starts_with(&format!(
            "error: cannot read {damaged}: data set file is damaged: its header seals "
        )),
        "{message}"
    );
    let other = folder.file("other", "not a data set");
    assert!(failure(&["dataset", "info", &other], 1).contains("not a data set file: expected the magic"));
}

#[test]
fn diff_tells_keys_values_and_files() {
    let folder = Folder::new();
    let old = save(&folder, "old.mpd", &set());
    let mut changed = set();
    let key = changed.registry.at_or_pass(&KeyPath::parse(r"Software\Contoso"));
    key.edit_value(ValueEdit::Delete("Text".into()));
    changed.registry.at_or_pass(&KeyPath::parse(r"Software\Old")).action = KeyAction::Ensure;
    changed.files.remove(0);
    let new = save(&folder, "new.mpd", &changed);

    assert_eq!(output(&["dataset", "diff", &old, &old]), "");
    let found = metaprofiles(&["dataset", "diff", &old, &new]).assert().code(1);
    assert_eq!(
        String::from_utf8(found.get_output().stdout.clone()).unwrap(),
        r#"  Software\Contoso
    ~ "Text" REG_SZ "x" -> (deleted)
~ Software\Old (deleted) -> (there)
- Desktop:Microsoft\y (deleted)
"#
    );
    let found = metaprofiles(&["dataset", "diff", "--json", &old, &new]).assert().code(1);
    assert_eq!(
        String::from_utf8(found.get_output().stdout.clone()).unwrap(),
        concat!(
            r#"{"change":"changed","old":{"path":"Software\\Contoso","name":"Text","type":1,"data":"78000000"},"new":{"path":"Software\\Contoso","name":"Text","deleted":true}}"#,
            "\n",
            r#"{"change":"changed","old":{"path":"Software\\Old","deleted":true},"new":{"path":"Software\\Old"}}"#,
            "\n",
            r#"{"change":"removed","old":{"file":"Desktop:Microsoft\\y","deleted":true}}"#,
            "\n",
        )
    );
    failure(&["dataset", "diff", &old, &folder.path("none")], 2);
}
