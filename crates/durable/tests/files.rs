//! What a reader of the folder sees.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::Path,
};

use mp_durable::{Readers, TEMPORARY_SUFFIX, create, replace, replace_with, write_beside};

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_replaced_and_nothing_is_left_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    for bytes in [&b"first"[..], b"", b"second"] {
        replace(&path, bytes, Readers::AsFolder).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    assert_eq!(names(folder.path()), ["plan.json"]);
}

#[test]
fn what_fails_leaves_the_file_as_it_was_and_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    replace(&path, b"before", Readers::AsFolder).unwrap();
    let half = replace_with(&path, Readers::AsFolder, |file| {
        file.write_all(b"hal")?;
        Err(io::Error::other("the source went away"))
    });
    assert_eq!(half.unwrap_err().to_string(), "the source went away");
    assert_eq!(fs::read(&path).unwrap(), b"before");

    fs::create_dir(folder.path().join("taken")).unwrap();
    replace(&folder.path().join("taken"), b"x", Readers::AsFolder).unwrap_err();
    assert_eq!(replace(Path::new("/"), b"x", Readers::AsFolder).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(names(folder.path()), ["plan.json", "taken"]);
}

#[test]
fn a_file_that_is_there_is_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    create(&path, b"first", Readers::OwnerOnly).unwrap();
    assert_eq!(create(&path, b"second", Readers::OwnerOnly).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(names(folder.path()), ["key.pem"]);
}

#[test]
fn what_a_crash_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    // The names that this process would take next: tests beside this one take some of them.
    for number in 0..200 {
        let left = format!("a.{}-{number}{TEMPORARY_SUFFIX}", std::process::id());
        fs::write(folder.path().join(left), "torn").unwrap();
    }
    replace(&path, b"whole", Readers::AsFolder).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"whole");
    assert_eq!(names(folder.path()).len(), 201);
}

#[test]
fn the_longest_name_has_a_temporary_file_too() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["n".repeat(255), "\u{1F4C1}".repeat(63)] {
        let path = folder.path().join(&name);
        replace(&path, b"x", Readers::AsFolder).unwrap();
        let beside = write_beside(&path, b"y", Readers::AsFolder).unwrap();
        assert!(beside.to_str().unwrap().ends_with(TEMPORARY_SUFFIX));
        assert_eq!((fs::read(&path).unwrap(), fs::read(&beside).unwrap()), (b"x".to_vec(), b"y".to_vec()));
    }
}

#[cfg(unix)]
#[test]
fn readers_are_those_that_were_said() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    fs::write(&path, b"0").unwrap();
    let ordinary = mode();
    replace(&path, b"1", Readers::OwnerOnly).unwrap();
    assert_eq!(mode(), 0o600);
    replace(&path, b"2", Readers::AsFolder).unwrap();
    assert_eq!(mode(), ordinary);
    fs::remove_file(&path).unwrap();
    replace(&path, b"3", Readers::AsBefore).unwrap();
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    replace(&path, b"4", Readers::AsBefore).unwrap();
    assert_eq!(mode(), 0o640);
}
