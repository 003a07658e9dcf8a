use mp_profile::Scope;
use mp_storage::{
    Backend,
    backend::{BackendError, Base, Key, MAX_QUARANTINED, QuarantineNote, Read, Replaced, Restored},
};

use super::{BEGUN, keep, key, replace, replace_all, stamp};
use crate::support::{file, group, sid};

fn note(reason: &str, at: u64) -> QuarantineNote {
    QuarantineNote { reason: reason.to_owned(), agent: "TS-1".to_owned(), at }
}

pub(super) fn knows_nobody_at_first(backend: &dyn Backend) {
    assert_eq!(backend.users(&Scope::Global, None, 10).unwrap(), []);
    assert_eq!(backend.scopes().unwrap(), []);
    assert_eq!(backend.versions(&key(1)).unwrap(), []);
    assert_eq!(backend.quarantined(&key(1)).unwrap(), []);
}

pub(super) fn quarantines_beside(backend: &dyn Backend) {
    let key = key(8);
    for seed in 0..MAX_QUARANTINED as u64 {
        backend.quarantine(&key, &file(&key.sid, seed), &note("x", BEGUN)).unwrap();
    }
    backend.quarantine(&key, &file(&key.sid, 0), &note("x", BEGUN)).unwrap();
    let full = backend.quarantine(&key, &file(&key.sid, MAX_QUARANTINED as u64), &note("x", BEGUN));
    assert!(matches!(full, Err(BackendError::QuarantineFull(_))));
    assert_eq!(backend.quarantined(&key).unwrap().len(), MAX_QUARANTINED);
    assert_eq!(backend.version(&key).unwrap(), None, "nothing of it becomes current");
}

pub(super) fn takes_out_of_quarantine(backend: &dyn Backend) {
    let key = key(17);
    let current = replace(backend, &key, &Base::Nothing, 1);
    backend.quarantine(&key, &file(&key.sid, 2), &note("the \"first\"", BEGUN)).unwrap();
    backend.quarantine(&key, &file(&key.sid, 3), &note("second", BEGUN + 5000)).unwrap();
    let quarantined = backend.quarantined(&key).unwrap();
    let notes: Vec<_> = quarantined.iter().map(|info| info.note.clone().unwrap()).collect();
    assert_eq!(notes, [note("the \"first\"", BEGUN), note("second", BEGUN + 5000)]);
    assert_eq!(quarantined[0].bytes, file(&key.sid, 2).bytes().len() as u64);
    let (first, second) = (quarantined[0].id.as_str(), quarantined[1].id.as_str());
    assert_eq!(backend.read_quarantined(&key, first).unwrap().unwrap(), file(&key.sid, 2).bytes());
    for none in ["", "..", "../17", "x/y", "nothing"] {
        assert_eq!(backend.read_quarantined(&key, none).unwrap(), None);
        assert!(!backend.delete_quarantined(&key, none).unwrap());
    }

    let accept = |id: &str, base: &Base| backend.accept(&key, id, base, &stamp(BEGUN), &keep(2)).unwrap();
    assert!(matches!(accept(first, &Base::Nothing), Restored::Replaced(Replaced::Conflict)));
    let Restored::Replaced(Replaced::As { version, .. }) = accept(first, &Base::Version(current.tag()))
    else {
        panic!("not accepted")
    };
    assert_eq!(version.sequence, 2);
    assert_eq!(backend.read(&key, None).unwrap(), Read::Data(version, file(&key.sid, 2).bytes().to_vec()));
    assert!(backend.delete_quarantined(&key, second).unwrap());
    assert_eq!(backend.quarantined(&key).unwrap(), []);
    assert!(matches!(accept(first, &Base::Version(version.tag())), Restored::NoSuch));
}

pub(super) fn lists_scopes_and_users(backend: &dyn Backend) {
    let scope = group("Listed");
    let of = |number| Key { scope: scope.clone(), sid: sid(number) };
    for number in [93, 91, 92] {
        replace_all(backend, &of(number), 1..3, &keep(2));
    }
    let only = backend.version(&of(92)).unwrap().unwrap();
    backend.remove(&of(92), &only.tag(), &super::change("gone"), &keep(2)).unwrap();
    backend.quarantine(&of(94), &file(&sid(94), 1), &note("x", BEGUN)).unwrap();
    let users = |after: Option<u32>, limit| backend.users(&scope, after.map(sid).as_ref(), limit).unwrap();
    assert_eq!(users(None, 10), [sid(91), sid(92), sid(93), sid(94)], "with former versions or quarantine");
    assert_eq!(users(None, 2), [sid(91), sid(92)]);
    assert_eq!(users(Some(92), 2), [sid(93), sid(94)]);
    assert_eq!(users(Some(94), 2), []);
    assert_eq!(backend.users(&group("Nobodys"), None, 2).unwrap(), []);
    let scopes = backend.scopes().unwrap();
    assert_eq!(scopes[0], Scope::Global);
    assert!(scopes.contains(&scope));
}

pub(super) fn finds_no_damage(backend: &dyn Backend) {
    let key = key(18);
    replace_all(backend, &key, 1..4, &keep(2));
    for repair in [None, Some(BEGUN)] {
        let found = backend.inspect(&key, repair).unwrap();
        assert_eq!((found.files, found.damage.len()), (3, 0));
        assert_eq!(found.bytes, (1..4).map(|seed| file(&key.sid, seed).bytes().len() as u64).sum::<u64>());
    }
}
