//! Files of each format version are kept here and must be read for ever; a change of what is written must be meant.
//!
//! `METAPROFILES_WRITE_FIXTURES=1 cargo test -p mp-dataset --test fixture` writes the file of the present version anew. Do so
//! only together with a new format version, or before the first release.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;

use common::{content_of, decoded, encoded};
use mp_dataset::{
    DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, Origin, ProfileKind, UnknownFields,
};
use mp_registry::{FileTime, KeyAction, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType};

/// A data set with one of everything.
fn sample() -> DataSet {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut app = KeyEdit::new("Contoso", KeyAction::Replace);
    app.class = Some(Name::from("Class"));
    app.last_write = FileTime(133_000_000_000_000_001);
    app.replace_values(vec![
        ValueEdit::Set(Value::sz("", "default")),
        ValueEdit::Set(Value::expand_sz("Path", "%USERPROFILE%\\Büro 😀")),
        ValueEdit::Set(Value::new("Lists", ValueType::MULTI_SZ, wide("one\0two\0\0"))),
        ValueEdit::Set(Value::new("Unended", ValueType::SZ, wide("no end"))),
        ValueEdit::Set(Value::new("Odd", ValueType::SZ, b"odd".as_slice())),
        ValueEdit::Set(Value::dword("Count", 0xDEAD_BEEF)),
        ValueEdit::Set(Value::new("Long", ValueType::QWORD, 7_u64.to_le_bytes())),
        ValueEdit::Set(Value::new("None", ValueType::NONE, [])),
        ValueEdit::Set(Value::new("Own type", ValueType(0xFFFF_0011), [1, 2, 3])),
        ValueEdit::Set(Value::sz(
            "{20D04FE0-3AEA-1069-A2D8-08002B30309D}",
            "{20d04fe0-3aea-1069-a2d8-08002b30309d}",
        )),
        ValueEdit::Set(Value::new(
            "Pidl",
            ValueType::BINARY,
            [&[0x14, 0, 0x1F, 0x50][..], &wide("Desktop\0"), &[9], &wide("readme.txt"), &[0xFF]].concat(),
        )),
        ValueEdit::Set(Value::new(Name::from_units([0xD800, 0, 3, 0xDC00]), ValueType::BINARY, [0; 16])),
        ValueEdit::Delete(Name::from("Deleted value")),
    ]);
    app.insert_subkey(KeyEdit::new("Deleted key", KeyAction::Delete));
    let mut registry = KeyEdit::root();
    registry.at_or_pass(&KeyPath::parse("Software\\Contoso"));
    registry.subkey_or(&Name::from("Software"), KeyAction::Pass).insert_subkey(app);
    let path = |folder: &str, names: &[&str]| FilePath {
        folder: folder.to_owned(),
        components: names.iter().copied().map(Name::from).collect(),
    };
    let mut set = DataSet {
        origin: Origin {
            sid: "S-1-5-21-1004336348-1177238915-682003330-512".to_owned(),
            host: "TS-01".to_owned(),
            software: "0.1.0".to_owned(),
            exported: FileTime(133_000_000_000_000_002),
            profile: ProfileKind::Mandatory,
            unknown: UnknownFields(vec![(90, vec![0x61, b'x'])]),
        },
        registry,
        files: Vec::new(),
        unknown: UnknownFields(vec![(100, vec![0x82, 0x01, 0x02])]),
    };
    set.replace_files(vec![
        FileEntry {
            path: path("RoamingAppData", &["Contoso", "settings.ini"]),
            change: FileChange::Present(FileContent {
                modified: FileTime(133_000_000_000_000_003),
                attributes: FileAttributes::HIDDEN.with(FileAttributes::READ_ONLY),
                bytes: b"[a]\r\nb=1\r\n".as_slice().into(),
            }),
            unknown: UnknownFields(vec![(7, vec![0xF5])]),
        },
        FileEntry {
            path: path("Desktop", &["old.lnk"]),
            change: FileChange::Deleted,
            unknown: UnknownFields::default(),
        },
    ]);
    set
}

fn fixture(version: u16) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/version-{version}.mpd"))
}

#[test]
fn the_file_of_version_1_is_read_and_written_as_ever() {
    let path = fixture(1);
    if std::env::var_os("METAPROFILES_WRITE_FIXTURES").is_some() {
        std::fs::write(&path, encoded(&sample())).unwrap();
    }
    let kept = std::fs::read(&path).unwrap();
    assert_eq!(decoded(&kept), sample(), "an old file must be read as it was meant");
    // The content is compared and not the file: another release of the compressor may compress otherwise.
    assert_eq!(content_of(&encoded(&sample())), content_of(&kept), "what is written has changed");
}
