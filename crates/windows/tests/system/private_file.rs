//! A file for what only the system and administrators may see.

use std::{fs, io};

use mp_windows::{check_private_file, make_private_file, make_private_folder};

#[test]
fn a_file_that_others_may_read_is_told_and_closed() {
    let place = std::env::temp_dir().join(format!("private-file-{}", std::process::id()));
    // Wine merges into a file's list what its folder hands down, even if nothing is to be inherited.
    make_private_folder(&place).unwrap();
    let file = place.join("storage.key");
    fs::write(&file, "secret").unwrap();
    let error = check_private_file(&file).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("read or changed by"), "{error}");
    make_private_file(&file).unwrap();
    check_private_file(&file).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"secret");
    assert!(make_private_file(&place).is_err(), "a folder is no file");
    assert!(check_private_file(&place.join("missing")).is_err());
    fs::remove_dir_all(&place).unwrap();
}
