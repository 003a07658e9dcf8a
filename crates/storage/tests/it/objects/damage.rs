//! Objects that are not what was stored: the same rules as for the files of a folder.

use std::{fs, path::PathBuf};

use mp_storage::{
    Backend, ObjectBackend,
    backend::{Author, BackendError, Base, Damaged, Key, Read, Remedy, Replaced, Retention, Stamp, Version},
};

use super::Rig;
use crate::support::{file, group, sid};

const AT: u64 = 1_800_000_000_000;

struct Store {
    rig: Rig,
    backend: ObjectBackend,
    key: Key,
    versions: Vec<Version>,
}

impl Store {
    /// Three versions, of the seeds 1 to 3.
    fn new(test: &str) -> Option<Self> {
        let rig = Rig::new(test)?;
        let backend = rig.open();
        let key = Key { scope: group("Office"), sid: sid(1) };
        let mut it = Self { rig, backend, key, versions: Vec::new() };
        for seed in 1..4 {
            let base = it.backend.base_now(&it.key).unwrap();
            let stored = it.store(&base, seed);
            it.versions.push(stored.unwrap());
        }
        Some(it)
    }

    fn store(&self, base: &Base, seed: u64) -> Option<Version> {
        let stamp = Stamp::new(AT, Author::Service);
        let file = file(&self.key.sid, seed);
        match self.backend.replace(&self.key, base, &file, &stamp, &Retention::newest(5)).unwrap() {
            Replaced::As { version, .. } => Some(version),
            Replaced::Conflict => None,
        }
    }

    /// The object of a version.
    fn object(&self, number: usize) -> PathBuf {
        let seal = self.versions[number - 1].digest.to_string();
        let named = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&seal);
        self.rig.data_sets().iter().find(named).unwrap().clone()
    }

    fn inspect(&self, repair: bool) -> Vec<(Damaged, Remedy)> {
        let found = self.backend.inspect(&self.key, repair.then_some(AT)).unwrap();
        found.damage.into_iter().map(|damage| (damage.what, damage.remedy)).collect()
    }

    fn seed_read(&self) -> Option<u64> {
        let Read::Data(_, bytes) = self.backend.read(&self.key, None).unwrap() else { return None };
        (1..20).find(|seed| file(&self.key.sid, *seed).bytes() == bytes)
    }
}

fn flip(path: &PathBuf, _: &Store) {
    let mut bytes = fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
}

fn tear(path: &PathBuf, _: &Store) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// Another intact data set of the same user in its place.
fn exchange(path: &PathBuf, it: &Store) {
    fs::write(path, file(&it.key.sid, 17).bytes()).unwrap();
}

fn lose(path: &PathBuf, _: &Store) {
    fs::remove_file(path).unwrap();
}

#[test]
fn a_damaged_current_object_gives_way_to_the_newest_intact_one() {
    for (name, spoil) in
        [("flip", flip as fn(&PathBuf, &Store)), ("tear", tear), ("exchange", exchange), ("lose", lose)]
    {
        let Some(it) = Store::new(&format!("damaged-{name}")) else { return };
        spoil(&it.object(3), &it);
        assert_eq!(it.inspect(false), [(Damaged::Current(3), Remedy::None)], "{name}");
        assert!(matches!(it.backend.read(&it.key, None), Err(BackendError::Damaged { .. })), "{name}");

        assert_eq!(it.inspect(true), [(Damaged::Current(3), Remedy::FellBack { from: 2, to: 4 })]);
        assert_eq!(it.seed_read(), Some(2));
        let current = it.backend.version(&it.key).unwrap().unwrap();
        assert_eq!((current.sequence, current.stands_in_for), (4, Some(3)));
        let infos = it.backend.versions(&it.key).unwrap();
        assert_eq!(infos[0].stamp.as_ref().map(|stamp| stamp.in_place_of), Some(Some(3)));
        assert!(infos[1].damaged && infos[1].number == 3 && !infos[1].kept);
        assert_eq!(it.inspect(true), [(Damaged::Former(3), Remedy::None)], "once is enough");

        let older = it.store(&Base::Version(it.versions[1].tag()), 5);
        assert_eq!(older, None, "what is older than the damaged version does not replace its stand-in");
        let next = it.store(&Base::Version(it.versions[2].tag()), 6).unwrap();
        assert_eq!((next.sequence, next.stands_in_for), (5, None));
    }
}

#[test]
fn damaged_former_objects_are_passed_over() {
    let Some(it) = Store::new("damaged-former") else { return };
    flip(&it.object(3), &it);
    tear(&it.object(2), &it);
    assert_eq!(
        it.inspect(true),
        [(Damaged::Former(2), Remedy::SetAside), (Damaged::Current(3), Remedy::FellBack { from: 1, to: 4 })]
    );
    assert_eq!(it.seed_read(), Some(1));
    assert_eq!(it.backend.read_version(&it.key, &it.versions[1].tag()).unwrap(), None);
}

#[test]
fn where_no_object_is_intact_nothing_is_said_to_be_none() {
    let Some(it) = Store::new("damaged-all") else { return };
    let objects: Vec<_> = (1..4).map(|number| it.object(number)).collect();
    objects.iter().for_each(|path| flip(path, &it));
    assert!(it.inspect(true).contains(&(Damaged::Current(3), Remedy::NothingIntact)));
    assert!(matches!(it.backend.read(&it.key, None), Err(BackendError::Damaged { .. })));
    // An administrator brings the object back from a backup.
    fs::write(&objects[2], file(&it.key.sid, 3).bytes()).unwrap();
    assert_eq!(it.seed_read(), Some(3));
}

#[test]
fn a_bucket_that_was_emptied_is_no_damage() {
    let Some(it) = Store::new("emptied") else { return };
    let away = it.rig.folder().with_extension("away");
    fs::rename(it.rig.folder(), &away).unwrap();
    for repair in [None, Some(AT)] {
        let error = it.backend.inspect(&it.key, repair).unwrap_err();
        assert!(matches!(error, BackendError::Remote { .. }), "{error}");
    }
    assert!(matches!(it.backend.read(&it.key, None), Err(BackendError::Remote { .. })));
    assert!(it.backend.collect(std::time::Duration::ZERO, true).is_err());
    fs::rename(&away, it.rig.folder()).unwrap();
    assert_eq!(it.seed_read(), Some(3));
    assert_eq!(it.inspect(false), []);
}
