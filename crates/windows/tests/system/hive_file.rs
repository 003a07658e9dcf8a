//! A loaded hive saved into a file.

use mp_windows::{enable_backup_privileges, save_hive};

use crate::support::FakeUser;

#[test]
fn a_loaded_hive_is_saved_into_a_new_file_and_into_no_other() {
    let user = FakeUser::new();
    let folder = std::env::temp_dir();
    let file = folder.join(format!("{}.hive", user.sid));
    enable_backup_privileges().unwrap();
    save_hive(&user.sid, &file).unwrap();
    // Windows writes `regf`; Wine's text cannot be read by the hive reader, which is why no export rests on it.
    let saved = std::fs::read(&file).unwrap();
    assert!(saved.starts_with(b"regf") || saved.starts_with(b"WINE REGISTRY"), "{:?}", &saved[..16]);
    std::fs::remove_file(&file).unwrap();
    user.unload();
    assert!(save_hive(&user.sid, &file).is_err());
}
