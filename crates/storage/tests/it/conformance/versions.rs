use std::{sync::Barrier, thread};

use mp_profile::Scope;
use mp_storage::{
    Backend,
    backend::{Base, Key, Read, Removed, Replaced},
};

use super::{BEGUN, change, keep, kept, key, replace, stamp};
use crate::support::{file, group, sid};

pub(super) fn stores_and_returns(backend: &dyn Backend) {
    let key = key(1);
    assert_eq!(backend.version(&key).unwrap(), None);
    assert_eq!(backend.read(&key, None).unwrap(), Read::None);
    let first = file(&key.sid, 1);
    let stored = backend.replace(&key, &Base::Nothing, &first, &stamp(BEGUN), &keep(2)).unwrap();
    let Replaced::As { version, created: true } = stored else { panic!("the first version was not created") };
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

pub(super) fn changes_what_is_current_only(backend: &dyn Backend) {
    let key = key(2);
    let nothing = replace(backend, &key, &Base::Nothing, 1);
    let current = replace(backend, &key, &Base::Version(nothing.tag()), 2);
    let third = file(&key.sid, 3);
    for stale in [Base::Nothing, Base::Version(nothing.tag())] {
        let refused = backend.replace(&key, &stale, &third, &stamp(BEGUN), &keep(2)).unwrap();
        assert_eq!(refused, Replaced::Conflict);
    }
    assert_eq!(backend.remove(&key, &nothing.tag(), &change(""), &keep(2)).unwrap(), Removed::Conflict);
    assert_eq!(backend.version(&key).unwrap(), Some(current));
    let other = Key { sid: sid(3), ..key };
    let based = Base::Version(current.tag());
    let refused = backend.replace(&other, &based, &file(&other.sid, 1), &stamp(BEGUN), &keep(2)).unwrap();
    assert_eq!(refused, Replaced::Conflict, "there is nothing to be based on");
}

pub(super) fn acknowledges_twice_what_is_sent_twice(backend: &dyn Backend) {
    let key = key(4);
    let first = replace(backend, &key, &Base::Nothing, 1);
    assert_eq!(replace(backend, &key, &Base::Nothing, 1), first);
    let second = replace(backend, &key, &Base::Version(first.tag()), 2);
    assert_eq!(replace(backend, &key, &Base::Version(first.tag()), 2), second);
    assert_eq!(kept(backend, &key), [2, 1]);
}

pub(super) fn numbers_go_on_after_a_deletion(backend: &dyn Backend) {
    let key = key(6);
    let first = replace(backend, &key, &Base::Nothing, 1);
    let remove = || backend.remove(&key, &first.tag(), &change(""), &keep(2)).unwrap();
    assert_eq!(remove(), Removed::Done);
    assert_eq!(remove(), Removed::None);
    assert_eq!(backend.version(&key).unwrap(), None);
    assert_eq!(backend.read(&key, Some(&first.tag())).unwrap(), Read::None);
    assert_eq!(kept(backend, &key), [1], "what was deleted is kept");
    let based = Base::Version(first.tag());
    let refused = backend.replace(&key, &based, &file(&key.sid, 2), &stamp(BEGUN), &keep(2)).unwrap();
    assert_eq!(refused, Replaced::Conflict);
    let second = replace(backend, &key, &Base::Nothing, 1);
    assert_eq!(second.sequence, 2, "also when the content is that of the deleted version");
    assert_eq!(backend.version(&key).unwrap(), Some(second));
}

pub(super) fn keeps_scopes_and_users_apart(backend: &dyn Backend) {
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

pub(super) fn of_many_writers_one_wins(backend: &dyn Backend) {
    const WRITERS: u32 = 6;
    let key = key(9);
    let mut base = Base::Nothing;
    for round in 0..4 {
        let start = Barrier::new(WRITERS.try_into().unwrap());
        let answers: Vec<Replaced> = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (start, base, key) = (&start, &base, &key);
                    scope.spawn(move || {
                        let body = file(&key.sid, u64::from(100 + round * WRITERS + writer));
                        start.wait();
                        backend.replace(key, base, &body, &stamp(BEGUN), &keep(2)).unwrap()
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let won: Vec<_> = answers
            .iter()
            .filter_map(|answer| match answer {
                Replaced::As { version, .. } => Some(*version),
                Replaced::Conflict => None,
            })
            .collect();
        let [version] = won.as_slice() else { panic!("{} writers won", won.len()) };
        assert_eq!(backend.version(&key).unwrap(), Some(*version));
        base = Base::Version(version.tag());
    }
}
