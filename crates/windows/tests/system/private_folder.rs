//! A folder for what only the system and administrators may see.

use mp_windows::make_private_folder;

#[test]
fn a_private_folder_is_made_and_made_again() {
    let place = std::env::temp_dir().join(format!("private-{}", std::process::id()));
    let folder = place.join("above").join("state");
    make_private_folder(&folder).unwrap();
    std::fs::write(folder.join("key"), "secret").unwrap();
    make_private_folder(&folder).unwrap();
    assert_eq!(std::fs::read(folder.join("key")).unwrap(), b"secret");
    let file = place.join("file");
    std::fs::write(&file, "").unwrap();
    assert!(make_private_folder(&file).unwrap_err().to_string().contains("no folder"));
    std::fs::remove_dir_all(&place).unwrap();
}
