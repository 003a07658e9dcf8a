//! What every backend promises.

use std::time::SystemTime;

use mp_profile::Scope;
use mp_storage::{
    Backend, DataSetFile, FolderBackend, MemoryBackend,
    backend::{
        BackendError, Base, Key, MAX_QUARANTINED, QuarantineNote, Read, Removed, Replaced, Version,
        folder::FirstUse,
    },
};

use crate::support::{data_set, file, group, sid};

#[test]
fn the_memory_backend_conforms() {
    all(&MemoryBackend::default());
}

#[test]
fn the_folder_backend_conforms() {
    let folder = tempfile::tempdir().unwrap();
    all(&FolderBackend::open(folder.path(), "global", FirstUse::Allowed).unwrap());
}

fn all(backend: &dyn Backend) {
    stores_and_returns(backend);
    changes_what_is_current_only(backend);
    acknowledges_twice_what_is_sent_twice(backend);
    keeps_former_versions(backend);
    numbers_go_on_after_a_deletion(backend);
    keeps_scopes_and_users_apart(backend);
    quarantines_beside(backend);
}

fn key(number: u32) -> Key {
    Key { scope: Scope::Global, sid: sid(number) }
}

fn replace(backend: &dyn Backend, key: &Key, base: &Base, seed: u64) -> Version {
    match backend.replace(key, base, &file(&key.sid, seed), 2).unwrap() {
        Replaced::As { version, .. } => version,
        Replaced::Conflict => panic!("a conflict for seed {seed}"),
    }
}

fn stores_and_returns(backend: &dyn Backend) {
    let key = key(1);
    assert_eq!(backend.version(&key).unwrap(), None);
    assert_eq!(backend.read(&key, None).unwrap(), Read::None);
    let first = file(&key.sid, 1);
    let Replaced::As { version, created: true } = backend.replace(&key, &Base::Nothing, &first, 2).unwrap()
    else {
        panic!("the first version was not created")
    };
    assert_eq!((version.sequence, version.digest), (1, first.digest()));
    assert_eq!(version.len, first.bytes().len() as u64);
    assert_eq!(backend.version(&key).unwrap(), Some(version));
    assert_eq!(backend.read(&key, None).unwrap(), Read::Data(version, first.bytes().to_vec()));
    assert_eq!(backend.read(&key, Some(&version.tag())).unwrap(), Read::NotModified(version));
    let second = replace(backend, &key, &Base::Version(version.tag()), 2);
    assert_eq!(second.sequence, 2);
    assert!(
        matches!(backend.read(&key, Some(&version.tag())).unwrap(), Read::Data(current, _) if current == second)
    );
}

fn changes_what_is_current_only(backend: &dyn Backend) {
    let key = key(2);
    let nothing = replace(backend, &key, &Base::Nothing, 1);
    let current = replace(backend, &key, &Base::Version(nothing.tag()), 2);
    let third = file(&key.sid, 3);
    for stale in [Base::Nothing, Base::Version(nothing.tag())] {
        assert_eq!(backend.replace(&key, &stale, &third, 2).unwrap(), Replaced::Conflict);
    }
    assert_eq!(backend.remove(&key, &nothing.tag(), 2).unwrap(), Removed::Conflict);
    assert_eq!(backend.version(&key).unwrap(), Some(current));
    let other = Key { sid: sid(3), ..key };
    let based = backend.replace(&other, &Base::Version(current.tag()), &file(&other.sid, 1), 2).unwrap();
    assert_eq!(based, Replaced::Conflict, "there is nothing to be based on");
}

fn acknowledges_twice_what_is_sent_twice(backend: &dyn Backend) {
    let key = key(4);
    let first = replace(backend, &key, &Base::Nothing, 1);
    assert_eq!(replace(backend, &key, &Base::Nothing, 1), first);
    let second = replace(backend, &key, &Base::Version(first.tag()), 2);
    assert_eq!(replace(backend, &key, &Base::Version(first.tag()), 2), second);
    assert_eq!(backend.former(&key).unwrap().len(), 1);
}

fn keeps_former_versions(backend: &dyn Backend) {
    let key = key(5);
    let mut version = replace(backend, &key, &Base::Nothing, 1);
    for seed in 2..6 {
        version = replace(backend, &key, &Base::Version(version.tag()), seed);
    }
    let former = backend.former(&key).unwrap();
    assert_eq!(former.iter().map(|former| former.sequence).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(former[0].len, file(&key.sid, 4).bytes().len() as u64);
}

fn numbers_go_on_after_a_deletion(backend: &dyn Backend) {
    let key = key(6);
    let first = replace(backend, &key, &Base::Nothing, 1);
    assert_eq!(backend.remove(&key, &first.tag(), 2).unwrap(), Removed::Done);
    assert_eq!(backend.remove(&key, &first.tag(), 2).unwrap(), Removed::None);
    assert_eq!(backend.read(&key, Some(&first.tag())).unwrap(), Read::None);
    assert_eq!(backend.former(&key).unwrap()[0].sequence, 1, "what was deleted is kept");
    let based = backend.replace(&key, &Base::Version(first.tag()), &file(&key.sid, 2), 2).unwrap();
    assert_eq!(based, Replaced::Conflict);
    let second = replace(backend, &key, &Base::Nothing, 2);
    assert_eq!(second.sequence, 2);
    assert_eq!(backend.version(&key).unwrap(), Some(second));
}

fn keeps_scopes_and_users_apart(backend: &dyn Backend) {
    let office = Key { scope: group("Office"), sid: sid(7) };
    let version = replace(backend, &office, &Base::Nothing, 1);
    for other in [
        Key { scope: Scope::Global, sid: sid(7) },
        Key { scope: group("Office2"), sid: sid(7) },
        Key { scope: group("Office"), sid: sid(77) },
    ] {
        assert_eq!(backend.version(&other).unwrap(), None, "{other:?}");
    }
    let same = Key { scope: group("OFFICE"), sid: sid(7) };
    assert_eq!(backend.version(&same).unwrap(), Some(version));
}

fn quarantines_beside(backend: &dyn Backend) {
    let key = key(8);
    let note =
        QuarantineNote { reason: "x".to_owned(), agent: "TS-1".to_owned(), received: SystemTime::UNIX_EPOCH };
    let set = |seed| DataSetFile::verify(data_set(&key.sid, seed, 1), &key.sid).unwrap();
    for seed in 0..MAX_QUARANTINED as u64 {
        backend.quarantine(&key, &set(seed), &note).unwrap();
    }
    backend.quarantine(&key, &set(0), &note).unwrap();
    let full = backend.quarantine(&key, &set(MAX_QUARANTINED as u64), &note);
    assert!(matches!(full, Err(BackendError::QuarantineFull(_))));
    assert_eq!(backend.version(&key).unwrap(), None, "nothing of it becomes current");
}
