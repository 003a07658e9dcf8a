use std::thread;

use mp_profile::VersionTag;
use mp_storage::{
    Backend,
    backend::{Author, Base, Key, Read, Removed, Replaced, Restored, Retention, Stamp, Version},
};

use super::{BEGUN, administrator, change, keep, kept, key, replace, replace_all, replace_at, stamp};
use crate::support::file;

const DAY: u64 = 24 * 60 * 60 * 1000;

pub(super) fn keeps_former_versions(backend: &dyn Backend) {
    let key = key(5);
    let versions = replace_all(backend, &key, 1..6, &keep(2));
    assert_eq!(kept(backend, &key), [5, 4, 3]);
    // What fell is still known, so that a client finds its lost upload among them.
    let known = backend.versions(&key).unwrap();
    let tags: Vec<_> = known.iter().map(|info| info.tag.clone()).collect();
    assert_eq!(tags, versions.iter().rev().map(|version| version.tag().0).collect::<Vec<_>>());
    assert_eq!(known[1].bytes, file(&key.sid, 4).bytes().len() as u64);
    assert_eq!(backend.read_version(&key, &versions[0].tag()).unwrap(), None);
}

pub(super) fn keeps_by_age_and_size(backend: &dyn Backend) {
    let len = file(&key(10).sid, 1).bytes().len() as u64;
    let by_size = Retention { versions: 9, age: None, bytes: Some(2 * len + len / 2) };
    replace_all(backend, &key(10), 1..6, &by_size);
    assert_eq!(kept(backend, &key(10)), [5, 4, 3]);

    // Ages are those of this machine's clock: a folder has no other.
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap();
    let by_age = Retention { versions: 9, age: Some(DAY), bytes: None };
    let key = key(11);
    for seed in 1..4 {
        replace_at(backend, &key, &backend.base_now(&key).unwrap(), seed, now, &by_age);
    }
    assert_eq!(kept(backend, &key), [3, 2, 1]);
    replace_at(backend, &key, &backend.base_now(&key).unwrap(), 4, now + 3 * DAY, &by_age);
    assert_eq!(kept(backend, &key), [4, 3], "the newest stays, however old");
}

pub(super) fn tells_who_stored_what_and_when(backend: &dyn Backend) {
    let key = key(12);
    let first = replace(backend, &key, &Base::Nothing, 1);
    let mut told = stamp(BEGUN + 5);
    told.by =
        Author::Agent { id: "0123456789abcdef0123456789abcdef".parse().unwrap(), name: "TS-1".to_owned() };
    told.session = Some("s-1".to_owned());
    told.notes = Some("3 of theirs overridden, \"quoted\"\nline".to_owned());
    let based = Base::Version(first.tag());
    backend.replace(&key, &based, &file(&key.sid, 2), &told, &keep(2)).unwrap();
    let versions = backend.versions(&key).unwrap();
    assert_eq!(versions.len(), 2);
    assert!(versions[0].current && !versions[1].current);
    assert_eq!(versions[0].stamp, Some(told));
    assert_eq!(versions[0].at, Some(BEGUN + 5));
    assert_eq!(versions[0].base, Some(first.tag().0));
    assert_eq!(versions[1].base, None);
    assert_eq!(versions[1].stamp, Some(stamp(BEGUN)));
}

pub(super) fn reads_any_version_that_is_kept(backend: &dyn Backend) {
    let key = key(13);
    let versions = replace_all(backend, &key, 1..4, &keep(2));
    for (version, seed) in versions.iter().zip(1..) {
        let bytes = backend.read_version(&key, &version.tag()).unwrap().unwrap();
        assert_eq!(bytes, file(&key.sid, seed).bytes());
    }
    let other = Version { sequence: 2, ..versions[0] };
    for tag in [other.tag(), VersionTag("\"x\"".to_owned()), VersionTag("\"99-..\"".to_owned())] {
        assert_eq!(backend.read_version(&key, &tag).unwrap(), None);
    }
}

pub(super) fn pins_hold_whatever_comes(backend: &dyn Backend) {
    let key = key(14);
    let pin = |tag: &VersionTag, pinned| backend.pin(&key, tag, pinned, &change("audit")).unwrap();
    let versions = replace_all(backend, &key, 1..3, &keep(1));
    assert!(pin(&versions[0].tag(), true), "a former one");
    assert!(pin(&versions[1].tag(), true), "the current one");
    assert_eq!(backend.version(&key).unwrap(), Some(versions[1]), "which stays what it is");
    replace_all(backend, &key, 3..7, &keep(1));
    assert_eq!(kept(backend, &key), [6, 5, 2, 1]);
    let pinned: Vec<_> = backend.versions(&key).unwrap().iter().map(|info| info.pinned).collect();
    assert_eq!(pinned, [false, false, false, false, true, true]);
    assert!(pin(&versions[0].tag(), false));
    assert!(pin(&versions[0].tag(), false), "twice is as good as once");
    replace_all(backend, &key, [7], &keep(1));
    assert_eq!(kept(backend, &key), [7, 6, 2]);
    assert!(!pin(&versions[0].tag(), true), "it has fallen");
    assert_eq!(
        backend.remove(&key, &backend.version(&key).unwrap().unwrap().tag(), &change(""), &keep(1)).unwrap(),
        Removed::Done
    );
    assert_eq!(kept(backend, &key), [7, 2]);
}

fn restored(backend: &dyn Backend, key: &Key, of: &Version) -> Version {
    let base = backend.base_now(key).unwrap();
    let answer = backend.restore(key, &of.tag(), &base, &stamp(BEGUN), &keep(9)).unwrap();
    let Restored::Replaced(Replaced::As { version, .. }) = answer else { panic!("{answer:?}") };
    version
}

pub(super) fn a_restored_version_is_a_new_one(backend: &dyn Backend) {
    let key = key(15);
    let versions = replace_all(backend, &key, 1..4, &keep(9));
    let back = restored(backend, &key, &versions[0]);
    assert_eq!((back.sequence, back.digest), (4, versions[0].digest));
    assert_eq!(backend.read(&key, None).unwrap(), Read::Data(back, file(&key.sid, 1).bytes().to_vec()));
    let info = backend.versions(&key).unwrap().remove(0);
    assert_eq!(info.stamp, Some(Stamp { restored_from: Some(1), ..stamp(BEGUN) }));
    assert_eq!(info.base, Some(versions[2].tag().0));
    // The newest of the former ones, which has the content of the one before it.
    assert_eq!(restored(backend, &key, &versions[2]).sequence, 5);
    let stale = Base::Version(versions[2].tag());
    let conflict = backend.restore(&key, &versions[1].tag(), &stale, &stamp(BEGUN), &keep(9)).unwrap();
    assert!(matches!(conflict, Restored::Replaced(Replaced::Conflict)));
    let unknown = Version { sequence: 77, ..versions[0] };
    let none = backend.restore(&key, &unknown.tag(), &stale, &stamp(BEGUN), &keep(9)).unwrap();
    assert!(matches!(none, Restored::NoSuch));
}

pub(super) fn says_who_deleted_and_why(backend: &dyn Backend) {
    let key = key(16);
    let versions = replace_all(backend, &key, 1..3, &keep(9));
    backend.remove(&key, &versions[1].tag(), &change("left the company"), &keep(9)).unwrap();
    let infos = backend.versions(&key).unwrap();
    assert_eq!(infos[0].removed, Some(change("left the company")));
    assert!(!infos[0].current && infos[0].kept);
    assert_eq!(infos[1].removed, None);
    let back = restored(backend, &key, &versions[1]);
    assert_eq!(back.sequence, 3, "what was deleted comes back as a new version");
    assert_eq!(
        backend.versions(&key).unwrap()[0].stamp.as_ref().map(|stamp| &stamp.by),
        Some(&administrator())
    );
}

/// Readers of versions that fall to retention meanwhile get all of them, or hear that they are gone.
pub(super) fn readers_and_retention_do_not_meet(backend: &dyn Backend) {
    let key = key(19);
    replace_all(backend, &key, 1..3, &keep(1));
    thread::scope(|scope| {
        let writing = scope.spawn(|| replace_all(backend, &key, 3..30, &keep(1)));
        while !writing.is_finished() {
            for info in backend.versions(&key).unwrap() {
                if let Some(bytes) = backend.read_version(&key, &VersionTag(info.tag)).unwrap() {
                    assert_eq!(bytes, file(&key.sid, info.number).bytes());
                }
            }
        }
    });
    assert_eq!(kept(backend, &key), [29, 28]);
}
