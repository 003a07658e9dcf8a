//! Hives as files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{error::Error, fs};

use mp_hive::{FileErrorKind, ReadOptions, WriteOptions, open, save, write};
use mp_registry::Key;

#[test]
fn saved_file_replaces_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("NTUSER.MAN");
    let bytes = write(&Key::new("ROOT"), &WriteOptions::default()).unwrap();
    for content in [b"old".as_slice(), &bytes] {
        save(&path, content).unwrap();
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    let opened = open(&path, ReadOptions { strict: true }).unwrap();
    assert_eq!(opened.hive.root.name, "ROOT".into());
    assert!(opened.logs.is_empty());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn failed_save_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("folder");
    fs::create_dir(&path).unwrap();
    let error = save(&path, b"new").unwrap_err();
    assert_eq!(error.to_string(), format!("cannot save {}", path.display()));
    assert!(error.source().is_some());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn logs_are_found_in_any_case_and_applied() {
    let Some(data) = support::data("logs_are_found_in_any_case_and_applied") else { return };
    let path = data.join("hives/mkorman90+regipy/transactions_NTUSER.DAT");
    let opened = open(&path, ReadOptions { strict: true }).unwrap();
    let names: Vec<_> = opened.logs.iter().map(|log| log.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["transactions_ntuser.dat.log1", "transactions_ntuser.dat.log2"]);
    assert_eq!((opened.entries, opened.log_faults.len()), (23, 0));
    assert_eq!(opened.hive.root.counts().keys, 3105);

    let dirty = data.join("hives/mkorman90+regipy/amcache.hve");
    let opened = open(&dirty, ReadOptions::default()).unwrap();
    assert!(opened.hive.info.dirty && opened.logs.is_empty());
}

#[test]
fn what_is_no_hive_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str| open(&folder.path().join(name), ReadOptions::default()).unwrap_err();
    assert!(matches!(refused("missing").cause, FileErrorKind::Io(_)));
    fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(matches!(refused("folder").cause, FileErrorKind::NotAFile | FileErrorKind::Io(_)));
    fs::write(folder.path().join("text"), "Windows Registry Editor").unwrap();
    let error = refused("text");
    assert!(error.to_string().ends_with("text"));
    assert_eq!(
        error.source().unwrap().to_string(),
        "not a hive: expected signature \"regf\" at offset 0, found [57, 69, 6e, 64]"
    );
}
