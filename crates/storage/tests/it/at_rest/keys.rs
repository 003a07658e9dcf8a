//! Keys that are not there.

use std::fs;

use mp_storage::{
    Backend, FolderBackend,
    at_rest::{AtRest, KeyFile, KeyFileError},
    backend::{
        BackendError,
        folder::{FirstUse, OpenError},
    },
    verify,
};

use super::{AT, Keys, Sealed, file, key, read, store};
use crate::support::{files_below, group};

fn refused(it: &Sealed, at_rest: AtRest) -> String {
    let error = FolderBackend::open_with(it.folder.path(), "global", FirstUse::Refused, at_rest).unwrap_err();
    assert!(matches!(error, OpenError::Key { .. }), "{error:?}");
    std::error::Error::source(&error).unwrap().to_string()
}

#[test]
fn a_sealed_store_does_not_open_without_its_key_or_with_another() {
    let it = Sealed::new();
    store(&it.open(), &key(group("Office"), 1), &file(&key(group("Office"), 1), 1, 100));
    let before = files_below(it.folder.path());
    assert!(refused(&it, AtRest::plain()).contains("MP-STO-160"));
    let told = refused(&it, Keys::new().sealed());
    assert!(told.contains("MP-STO-161") && told.contains(&it.keys.file().ids()[0].to_string()), "{told}");
    assert!(FolderBackend::look(it.folder.path()).is_err());
    assert_eq!(files_below(it.folder.path()), before, "nothing was changed");
}

#[test]
fn without_the_key_nothing_is_damaged_and_nothing_is_repaired() {
    let it = Sealed::new();
    let (one, other) = (key(group("Office"), 1), key(group("Office"), 2));
    {
        let backend = it.open();
        for key in [&one, &other] {
            store(&backend, key, &file(key, 1, 100));
        }
    }
    let before = files_below(it.folder.path());
    let (backend, _) = FolderBackend::look_with(it.folder.path(), Keys::new().sealed()).unwrap();
    assert!(matches!(backend.read(&one, None), Err(BackendError::Key { .. })));
    assert!(matches!(backend.version(&one), Err(BackendError::Key { .. })));
    assert!(matches!(backend.inspect(&one, Some(AT)), Err(BackendError::Key { .. })));
    let mut told = Vec::new();
    let sum = verify(&backend, Some(AT), |_, found, _| told.extend(found.locked.clone())).unwrap();
    assert_eq!((sum.damaged, sum.locked, sum.data_sets), (0, 2, 2));
    assert!(told.iter().all(|text| text.contains("MP-STO-161")), "{told:?}");
    assert_eq!(files_below(it.folder.path()), before);
}

#[test]
fn a_data_key_that_is_gone_is_not_made_anew_over_what_needs_it() {
    let it = Sealed::new();
    let backend = it.open();
    let key = key(group("Office"), 1);
    let first = file(&key, 1, 100);
    let version = store(&backend, &key, &first);
    let record = it.path("office/S-1-5-21-1-2-3-1.key");
    let right = fs::read(&record).unwrap();
    fs::remove_file(&record).unwrap();
    let error = backend.read(&key, None).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("MP-STO-162"), "{error}");
    // A file in quarantine needs no look at the current version.
    let kept = backend.quarantine(&key, &file(&key, 2, 100), &super::note());
    assert!(matches!(kept, Err(BackendError::Key { .. })), "{kept:?}");
    for spoiled in [&b""[..], b"{}", &right[..right.len() - 9], &[b'x'; 10_000]] {
        fs::write(&record, spoiled).unwrap();
        let error = backend.read(&key, None).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("MP-STO-163"), "{error}");
    }
    fs::write(&record, right).unwrap();
    assert_eq!(backend.version(&key).unwrap(), Some(version));
    assert_eq!(read(&backend, &key).unwrap(), first.bytes());
}

#[test]
fn turned_off_again_it_stores_plainly_and_still_reads() {
    let it = Sealed::new();
    let key = key(group("Office"), 1);
    let (first, second) = (file(&key, 1, 3000), file(&key, 2, 3000));
    let tag = store(&it.open(), &key, &first).tag();
    let backend = it.open_with(AtRest::opening(it.keys.file()));
    store(&backend, &key, &second);
    assert!(super::lies_below(it.folder.path(), &second));
    assert_eq!(backend.read_version(&key, &tag).unwrap().unwrap(), first.bytes());
    assert_eq!(read(&backend, &key).unwrap(), second.bytes());
}

#[test]
fn a_key_file_is_made_once_and_is_its_owners() {
    let keys = Keys::new();
    assert!(matches!(KeyFile::create(&keys.path()), Err(KeyFileError::File { .. })), "it is not replaced");
    let right = fs::read_to_string(keys.path()).unwrap();
    for spoiled in [
        String::new(),
        right.replace("\"key\": \"", "\"key\": \"AA"),
        right.replace("\"format\": 1", "\"format\": 9"),
    ] {
        fs::write(keys.path(), spoiled).unwrap();
        let error = KeyFile::open(&keys.path()).unwrap_err();
        assert!(error.to_string().contains("MP-STO-165"), "{error}");
    }
    fs::write(keys.path(), right).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(keys.path()).unwrap().permissions().mode() & 0o777, 0o600);
        for (mode, fine) in [(0o640, true), (0o400, true), (0o644, false), (0o660, false), (0o604, false)] {
            fs::set_permissions(keys.path(), fs::Permissions::from_mode(mode)).unwrap();
            let opened = KeyFile::open(&keys.path()).map(std::sync::Arc::new);
            assert_eq!(opened.is_ok(), fine, "{mode:o}");
            assert!(fine || opened.unwrap_err().to_string().contains("MP-STO-166"));
        }
    }
}
