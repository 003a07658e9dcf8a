use mp_storage::{
    Backend,
    backend::{Adoption, Base, Key, Removed, Replaced, Stamp, Version},
};

use super::{change, keep, kept, key, replace, stamp};
use crate::support::file;

fn adopt(backend: &dyn Backend, key: &Key, base: &Base, number: u64, seed: u64) -> Replaced {
    let stamp = Stamp { notes: Some(format!("number {number}")), ..stamp(super::BEGUN + number) };
    let adoption = Adoption { number, base: Some("\"1-abc\""), stamp: &stamp };
    backend.adopt(key, base, &file(&key.sid, seed), &adoption, &keep(3)).unwrap()
}

fn on(version: Version) -> Base {
    Base::Version(version.tag())
}

pub(super) fn takes_numbers_as_they_are(backend: &dyn Backend) {
    let key = key(40);
    let version = |replaced| match replaced {
        Replaced::As { version, .. } => version,
        Replaced::Conflict => panic!("a conflict"),
    };
    let first = version(adopt(backend, &key, &Base::Nothing, 52, 1));
    assert_eq!((first.sequence, backend.version(&key).unwrap()), (52, Some(first)));
    // What is current decides, and a number comes once.
    assert_eq!(adopt(backend, &key, &Base::Nothing, 53, 2), Replaced::Conflict);
    assert_eq!(adopt(backend, &key, &on(first), 52, 2), Replaced::Conflict);
    assert_eq!(adopt(backend, &key, &on(first), 51, 2), Replaced::Conflict);
    let second = version(adopt(backend, &key, &on(first), 57, 2));
    // The same content again, under another number.
    let third = version(adopt(backend, &key, &on(second), 60, 2));
    assert_eq!((third.sequence, third.digest), (60, second.digest));
    let info = &backend.versions(&key).unwrap()[0];
    assert_eq!((info.number, info.base.as_deref()), (60, Some("\"1-abc\"")));
    assert_eq!(info.stamp.as_ref().unwrap().notes.as_deref(), Some("number 60"));
    // Agents go on from there.
    let fourth = replace(backend, &key, &on(third), 4);
    assert_eq!(fourth.sequence, 61);
    assert_eq!(kept(backend, &key), [61, 60, 57]);
    assert_eq!(backend.remove(&key, &fourth.tag(), &change("gone"), &keep(3)).unwrap(), Removed::Done);
    assert_eq!(adopt(backend, &key, &Base::Nothing, 61, 5), Replaced::Conflict);
    assert_eq!(version(adopt(backend, &key, &Base::Nothing, 62, 5)).sequence, 62);
}

pub(super) fn notes_what_a_version_holds(backend: &dyn Backend) {
    let key = key(41);
    let first = replace(backend, &key, &Base::Nothing, 1);
    let merged = ["\"7-abc\"".to_owned(), "\"8-def\"".to_owned()];
    backend.note_merged(&key, &first.tag(), &merged[..1]).unwrap();
    backend.note_merged(&key, &first.tag(), &merged[1..]).unwrap();
    let second = replace(backend, &key, &on(first), 2);
    // One that is not current any more does not change.
    backend.note_merged(&key, &first.tag(), &merged).unwrap();
    let versions = backend.versions(&key).unwrap();
    assert_eq!((versions.len(), backend.version(&key).unwrap()), (2, Some(second)));
    let held = |index: usize| versions[index].stamp.clone().unwrap().merged;
    assert_eq!((held(0), held(1)), (Vec::new(), merged.to_vec()));
}
