//! Moving from a folder into an object store while users work.

use mp_profile::VersionTag;
use mp_storage::{
    Backend, FolderBackend, Moved, ObjectBackend,
    backend::{
        Author, Base, Change, Key, QuarantineNote, Replaced, Retention, Stamp, Version, folder::FirstUse,
    },
    move_into,
};

use super::Rig;
use crate::support::{file, group, sid};

const AT: u64 = 1_800_000_000_000;

fn key(number: u32) -> Key {
    Key { scope: group("Office"), sid: sid(number) }
}

fn put(backend: &dyn Backend, key: &Key, base: &Base, seed: u64) -> Option<Version> {
    let stamp = Stamp::new(AT + seed, Author::Administrator("admin".to_owned()));
    match backend.replace(key, base, &file(&key.sid, seed), &stamp, &Retention::newest(3)).unwrap() {
        Replaced::As { version, .. } => Some(version),
        Replaced::Conflict => None,
    }
}

fn put_all(backend: &dyn Backend, key: &Key, seeds: std::ops::Range<u64>) -> VersionTag {
    let mut last = None;
    for seed in seeds {
        last = put(backend, key, &backend.base_now(key).unwrap(), seed);
    }
    last.unwrap().tag()
}

fn change() -> Change {
    Change { at: AT + 99, by: Author::Service, reason: "gone".to_owned() }
}

/// One pass; the texts say what is wrong.
fn pass(from: &dyn Backend, into: &ObjectBackend) -> (Moved, Vec<String>) {
    let mut problems = Vec::new();
    let moved = move_into(from, into, None, |key, problem, _| {
        problems.extend(problem.map(|problem| format!("{}: {problem}", key.sid)));
    });
    (moved.unwrap(), problems)
}

/// What fell to retention in the folder between two passes may still be kept.
fn assert_same(from: &dyn Backend, into: &dyn Backend, key: &Key) {
    let versions = from.versions(key).unwrap();
    let mut copies = into.versions(key).unwrap();
    for (copy, version) in copies.iter_mut().zip(&versions) {
        assert!(copy.kept || !version.kept);
        copy.kept = version.kept;
    }
    assert_eq!(versions, copies);
    assert_eq!(from.version(key).unwrap(), into.version(key).unwrap());
    for tag in versions.into_iter().filter(|info| info.kept).map(|info| VersionTag(info.tag)) {
        assert_eq!(from.read_version(key, &tag).unwrap(), into.read_version(key, &tag).unwrap());
    }
}

#[test]
fn everything_moves_with_its_numbers_and_a_second_pass_takes_what_came_between() {
    let Some(rig) = Rig::new("moving") else { return };
    let (folder, into) = (tempfile::tempdir().unwrap(), rig.open());
    let from = FolderBackend::open(folder.path(), "global", FirstUse::Allowed).unwrap();
    let first = put_all(&from, &key(1), 1..7);
    let pinned = put_all(&from, &key(2), 1..2);
    assert!(from.pin(&key(2), &pinned, true, &change()).unwrap());
    put_all(&from, &key(2), 2..6);
    let removed = put_all(&from, &key(3), 1..4);
    from.remove(&key(3), &removed, &change(), &Retention::newest(3)).unwrap();
    let note = QuarantineNote { reason: "why".to_owned(), agent: "TS-1".to_owned(), at: AT };
    from.quarantine(&key(4), &file(&sid(4), 9), &note).unwrap();

    let (moved, problems) = pass(&from, &into);
    assert_eq!((moved, problems), (Moved { data_sets: 4, versions: 14, problems: 0 }, vec![]));
    for number in 1..4 {
        assert_same(&from, &into, &key(number));
    }
    assert_eq!(into.quarantined(&key(4)).unwrap()[0].note.as_ref(), Some(&note));

    // Users go on working where they were.
    put(&from, &key(1), &Base::Version(first), 8).unwrap();
    put(&from, &key(3), &Base::Nothing, 9).unwrap();
    assert_eq!(pass(&from, &into).0, Moved { data_sets: 4, versions: 2, problems: 0 });
    assert_eq!(pass(&from, &into).0.versions, 0);
    for number in 1..4 {
        assert_same(&from, &into, &key(number));
        assert_eq!(into.inspect(&key(number), None).unwrap().damage, []);
    }

    // Who held a version of the folder goes on upon it, and from then on the folder is history.
    let held = from.base_now(&key(1)).unwrap();
    assert_eq!(put(&into, &key(1), &held, 10).unwrap().sequence, 8);
    put(&from, &key(1), &held, 11).unwrap();
    let (moved, problems) = pass(&from, &into);
    assert_eq!((moved.versions, moved.problems), (0, 1));
    assert!(problems[0].contains("has versions of its own"), "{problems:?}");
    assert_eq!(into.version(&key(1)).unwrap().unwrap().digest, file(&sid(1), 10).digest());
}
