//! Files from the field and files made for the purpose, with outcomes written by hand.

use std::{collections::BTreeMap, fs};

use mp_registry::{
    EditCounts, KeyAction, KeyEdit, KeyPath, ValueEdit, ValueType,
    reg_text::{self, CodePage, HiveRoot, RegFile, Version},
};

use crate::support::{name, reg_files, test_data};

fn read(bytes: &[u8]) -> RegFile {
    reg_text::read(bytes, CodePage::default()).unwrap()
}

/// The edits of a key below `HKEY_CURRENT_USER\Software\MPT`.
fn mpt(file: &RegFile, path: &str) -> KeyEdit {
    let path = KeyPath::parse(&format!("Software\\MPT\\{path}"));
    file.root(HiveRoot::CurrentUser).unwrap().at(&path).unwrap().clone()
}

fn type_and_data(key: &KeyEdit, value: &str) -> (ValueType, Vec<u8>) {
    match key.value(&name(value)) {
        Some(ValueEdit::Set(value)) => (value.ty, value.data.to_vec()),
        other => panic!("{value}: {other:?}"),
    }
}

fn wide(text: &str) -> Vec<u8> {
    crate::support::utf16(text)
}

#[test]
fn all_files_are_read_and_written_so_that_they_read_the_same() {
    let Some(folder) = test_data("all_files", "") else { return };
    let mut counts = (0, EditCounts::default());
    for path in reg_files(&folder) {
        let bytes = fs::read(&path).unwrap();
        let file = reg_text::read(&bytes, CodePage::default())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let written = file.write(CodePage::default()).unwrap();
        assert_eq!(read(&written), file, "{}", path.display());
        counts.0 += 1;
        for (_, edit) in &file.roots {
            counts.1.keys += edit.counts().keys;
            counts.1.values += edit.counts().values;
        }
    }
    println!("{} files, {} keys, {} values", counts.0, counts.1.keys, counts.1.values);
    assert!(counts.0 >= 150, "{} files", counts.0);
}

#[test]
fn every_type_regedit_writes() {
    let Some(path) = test_data("every_type", "synthetic/reg/types-v5-utf16.reg") else { return };
    let file = read(&fs::read(path).unwrap());
    assert_eq!((file.version, file.roots.len()), (Version::V5, 1));
    let key = mpt(&file, "Types");
    let expected: &[(&str, u32, &[u8])] = &[
        ("", 1, &wide("default value\0")),
        ("sz", 1, &wide("plain\0")),
        ("sz empty", 1, &wide("\0")),
        ("sz escapes", 1, &wide("back\\slash \"quoted\" end\0")),
        ("sz unicode", 1, &wide("Ünï — 日本語 — עברית — 𝄞\0")),
        ("dword", 4, &[0x2A, 0, 0, 0]),
        ("dword max", 4, &[255; 4]),
        ("dword short", 4, &[0x1F, 0, 0, 0]),
        ("binary", 3, &[0, 1, 2, 0xFE, 0xFF]),
        ("binary empty", 3, &[]),
        ("none", 0, &[]),
        ("none data", 0, &[0xDE, 0xAD]),
        ("expand", 2, &wide("%APPDATA%\\x\0")),
        ("multi", 7, &wide("a\0bc\0\0")),
        ("multi empty", 7, &[0, 0]),
        ("multi inner empty", 7, &wide("a\0\0b\0\0")),
        ("dword be", 5, &[0, 0, 0, 0x2A]),
        ("link", 6, &wide("\\R")),
        ("qword", 11, &[0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]),
        ("qword short", 11, &[1, 2]),
        ("dword as hex4", 4, &[0x2A, 0, 0, 0]),
        ("dword wrong length", 4, &[0x2A, 0]),
        ("resource list", 8, &[0; 4]),
        ("unknown type", 0x20, &[1, 2, 3]),
        ("big type", 0xFFFF_0012, &[0]),
        ("sz not terminated", 1, &wide("ab")),
        ("sz odd length", 1, &[0x61, 0, 0x62]),
        ("sz embedded nul", 1, &wide("a\0b\0")),
        ("sz lone surrogate", 1, &[0, 0xD8, 0, 0]),
        ("equals = in [name]", 1, &wide("; not a comment\0")),
    ];
    for (value, ty, data) in expected {
        assert_eq!(type_and_data(&key, value), (ValueType(*ty), data.to_vec()), "{value}");
    }
    assert_eq!(type_and_data(&key, "Имя"), (ValueType::SZ, wide("cyrillic value name\0")));
    assert_eq!(key.values().len(), expected.len() + 1);
    assert_eq!(type_and_data(&mpt(&file, "Key with ] bracket"), "a"), (ValueType::SZ, wide("1\0")));
    let empty = mpt(&file, "Empty");
    assert_eq!((empty.action, empty.values().len()), (KeyAction::Ensure, 0));
    assert_eq!(mpt(&file, "").subkeys().len(), 3);
}

#[test]
fn deletions_keep_their_order() {
    let Some(path) = test_data("deletions", "synthetic/reg/deletes-v5-utf16.reg") else { return };
    let file = read(&fs::read(path).unwrap());
    assert_eq!(mpt(&file, "Gone"), KeyEdit::new("Gone", KeyAction::Delete));
    let keep = mpt(&file, "Keep");
    assert_eq!(keep.action, KeyAction::Ensure);
    assert_eq!(keep.value(&name("")), Some(&ValueEdit::Delete(name(""))));
    assert_eq!(keep.value(&name("gone")), Some(&ValueEdit::Delete(name("gone"))));
    assert_eq!(type_and_data(&keep, "set"), (ValueType::SZ, wide("2\0")));
    assert_eq!(keep.values().len(), 3);
    let recreate = mpt(&file, "Recreate");
    assert_eq!(recreate.action, KeyAction::Replace);
    assert_eq!(type_and_data(&recreate, "after"), (ValueType::SZ, wide("delete\0")));
}

#[test]
fn regedit4_is_widened() {
    let Some(path) = test_data("regedit4", "synthetic/reg/regedit4-cp1252.reg") else { return };
    let file = read(&fs::read(path).unwrap());
    assert_eq!(file.version, Version::V4);
    let key = mpt(&file, "Ansi");
    assert_eq!(type_and_data(&key, "café"), (ValueType::SZ, wide("naïve €\0")));
    assert_eq!(type_and_data(&key, "expand"), (ValueType::EXPAND_SZ, wide("%APPDATA%\\x\0")));
    assert_eq!(type_and_data(&key, "multi"), (ValueType::MULTI_SZ, wide("a\0bc\0\0")));
    assert_eq!(type_and_data(&key, "sz"), (ValueType::SZ, wide("é\0")));
    assert_eq!(key.values().len(), 4);
}

#[test]
fn a_big_value_comes_back_byte_for_byte() {
    let Some(path) = test_data("big_value", "synthetic/reg/big-70000-bytes.reg") else { return };
    let bytes = fs::read(path).unwrap();
    let file = read(&bytes);
    let data = type_and_data(&mpt(&file, "Big"), "big").1;
    let expected: Vec<u8> = (0..70_000_u32).map(|i| (37 * i).to_le_bytes()[0]).collect();
    assert_eq!(data.len(), 70_000);
    assert!(data == expected, "the byte at place i is 37·i");
    let path = KeyPath::parse("Software\\MPT\\Big");
    let written = reg_text::write_v5(&[(HiveRoot::CurrentUser, &path, &mpt(&file, "Big"))]).unwrap();
    assert!(read(&written) == file, "reads as something else once written");
}

/// The file was made from the hive in Regedit's layout but wraps some lines where Regedit does not (`reg_text_write` has
/// what Regedit does), so continued lines are joined. Where keys or values stand in another order, each key must have the
/// same lines.
#[test]
fn a_real_control_panel_is_written_as_regedit_writes_it() {
    let Some(path) = test_data("control_panel", "derived/reg/win10-tony-ControlPanel.reg") else { return };
    let bytes = fs::read(path).unwrap();
    let file = read(&bytes);
    assert_eq!(file.roots[0].1.counts().values, 324);
    let written = file.write(CodePage::default()).unwrap();
    let (theirs, ours) = (entries(&bytes), entries(&written));
    println!("in the same order: {}", theirs == ours);
    let (theirs, ours) = (sections(theirs), sections(ours));
    assert_eq!(theirs.len(), 67, "the header and 66 keys");
    for (key, lines) in &theirs {
        let other = lines.iter().find(|line| !ours.get(key).is_some_and(|ours| ours.contains(line)));
        assert_eq!((other, ours.get(key).map(Vec::len)), (None, Some(lines.len())), "{key}");
    }
    assert_eq!(ours.len(), theirs.len());
}

/// The entries of a UTF-16 file, continued lines joined.
fn entries(bytes: &[u8]) -> Vec<String> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).unwrap().replace("\\\r\n  ", "");
    text.split("\r\n").map(str::to_owned).collect()
}

/// The entries below each key, sorted.
fn sections(entries: Vec<String>) -> BTreeMap<String, Vec<String>> {
    let mut sections = BTreeMap::<String, Vec<String>>::new();
    let mut key = String::new();
    for entry in entries {
        if entry.starts_with('[') {
            key.clone_from(&entry);
        }
        sections.entry(key.clone()).or_default().push(entry);
    }
    sections.values_mut().for_each(|entries| entries.sort());
    sections
}
