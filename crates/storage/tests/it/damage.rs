//! Files of the folder that are not what was stored.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use mp_profile::{DataSetStore, Fetched, Scope};
use mp_storage::{
    Backend, FolderBackend,
    backend::{
        Author, BackendError, Base, Change, Damaged, Key, Read, Remedy, Removed, Replaced, Retention, Stamp,
        Version, folder::FirstUse,
    },
};

use crate::support::{Farm, data_set, file, files_below, group, sid};

const AT: u64 = 1_800_000_000_000;

struct Folder {
    folder: tempfile::TempDir,
    backend: FolderBackend,
    key: Key,
    versions: Vec<Version>,
}

impl Folder {
    /// Three versions, of the seeds 1 to 3.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = FolderBackend::open(folder.path(), "global", FirstUse::Allowed).unwrap();
        let mut it =
            Self { folder, backend, key: Key { scope: group("Office"), sid: sid(1) }, versions: Vec::new() };
        for seed in 1..4 {
            let base = it.backend.base_now(&it.key).unwrap();
            let stored = it.store(&base, seed);
            it.versions.push(stored.unwrap());
        }
        it
    }

    fn store(&self, base: &Base, seed: u64) -> Option<Version> {
        let stamp = Stamp::new(AT, Author::Service);
        let file = file(&self.key.sid, seed);
        match self.backend.replace(&self.key, base, &file, &stamp, &Retention::newest(5)).unwrap() {
            Replaced::As { version, .. } => Some(version),
            Replaced::Conflict => None,
        }
    }

    fn current(&self) -> PathBuf {
        self.folder.path().join("office/S-1-5-21-1-2-3-1.mpd")
    }

    fn former(&self, number: usize) -> PathBuf {
        let seal = &self.versions[number - 1].digest.to_string()[..16];
        self.folder.path().join(format!("office/S-1-5-21-1-2-3-1.versions/{number:08}-{seal}.mpd"))
    }

    /// What an inspection found, and did.
    fn inspect(&self, repair: bool) -> Vec<(Damaged, Remedy)> {
        let found = self.backend.inspect(&self.key, repair.then_some(AT)).unwrap();
        found.damage.into_iter().map(|damage| (damage.what, damage.remedy)).collect()
    }

    fn seed_read(&self) -> Option<u64> {
        let Read::Data(_, bytes) = self.backend.read(&self.key, None).unwrap() else { return None };
        (1..20).find(|seed| file(&self.key.sid, *seed).bytes() == bytes)
    }
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
}

fn tear(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn a_damaged_current_version_gives_way_to_the_newest_intact_one() {
    for spoil in [flip, tear, |path: &Path| fs::write(path, b"").unwrap()] {
        let it = Folder::new();
        spoil(&it.current());
        let before = files_below(it.folder.path());
        assert_eq!(it.inspect(false), [(Damaged::Current(3), Remedy::None)]);
        assert_eq!(files_below(it.folder.path()), before, "looking changes nothing");
        assert!(matches!(it.backend.read(&it.key, None), Err(BackendError::Damaged { .. })));

        assert_eq!(it.inspect(true), [(Damaged::Current(3), Remedy::FellBack { from: 2, to: 4 })]);
        assert_eq!(it.seed_read(), Some(2));
        let current = it.backend.version(&it.key).unwrap().unwrap();
        assert_eq!((current.sequence, current.stands_in_for), (4, Some(3)));
        let infos = it.backend.versions(&it.key).unwrap();
        assert_eq!(infos[0].stamp.as_ref().map(|stamp| stamp.in_place_of), Some(Some(3)));
        assert!(infos[1].damaged && infos[1].number == 3 && !infos[1].kept);
        assert_eq!(it.inspect(true), [(Damaged::Former(3), Remedy::None)], "once is enough");
    }
}

#[test]
fn what_was_made_from_the_damaged_version_replaces_its_stand_in() {
    let it = Folder::new();
    flip(&it.current());
    it.inspect(true);
    assert_eq!(it.store(&Base::Version(it.versions[1].tag()), 5), None, "what is older does not");
    let next = it.store(&Base::Version(it.versions[2].tag()), 6).unwrap();
    assert_eq!((next.sequence, next.stands_in_for), (5, None));
    assert_eq!(it.store(&Base::Version(it.versions[2].tag()), 7), None, "and only once");
    assert_eq!(it.seed_read(), Some(6));
}

#[test]
fn damaged_former_versions_are_passed_over() {
    let it = Folder::new();
    flip(&it.current());
    tear(&it.former(2));
    assert_eq!(
        it.inspect(true),
        [(Damaged::Former(2), Remedy::SetAside), (Damaged::Current(3), Remedy::FellBack { from: 1, to: 4 })]
    );
    assert_eq!(it.seed_read(), Some(1));
    assert_eq!(it.backend.read_version(&it.key, &it.versions[1].tag()).unwrap(), None);
}

#[test]
fn where_nothing_is_intact_nothing_is_said_to_be_none() {
    let it = Folder::new();
    [it.current(), it.former(1), it.former(2)].iter().for_each(|path| flip(path));
    assert!(it.inspect(true).contains(&(Damaged::Current(3), Remedy::NothingIntact)));
    assert!(matches!(it.backend.read(&it.key, None), Err(BackendError::Damaged { .. })));
    assert!(matches!(it.backend.version(&it.key), Ok(Some(_))), "it is there, as its head says");
    // An administrator brings the file back from a backup.
    fs::write(it.current(), file(&it.key.sid, 3).bytes()).unwrap();
    assert_eq!(it.seed_read(), Some(3));
}

#[test]
fn a_pinned_current_version_that_is_damaged_keeps_its_number() {
    let it = Folder::new();
    let change = Change { at: AT, by: Author::Service, reason: String::new() };
    assert!(it.backend.pin(&it.key, &it.versions[2].tag(), true, &change).unwrap());
    flip(&it.current());
    assert_eq!(
        it.inspect(true),
        [(Damaged::Former(3), Remedy::SetAside), (Damaged::Current(3), Remedy::FellBack { from: 2, to: 4 })]
    );
}

#[test]
fn a_crash_while_falling_back_leaves_the_damage_to_the_next_try() {
    let it = Folder::new();
    flip(&it.current());
    // As after a crash once the damaged file was kept among the former ones.
    let kept = it.folder.path().join("office/S-1-5-21-1-2-3-1.versions/00000003-damaged.mpd");
    fs::hard_link(it.current(), kept).unwrap();
    assert!(matches!(it.backend.read(&it.key, None), Err(BackendError::Damaged { .. })));
    assert!(it.inspect(true).contains(&(Damaged::Current(3), Remedy::FellBack { from: 2, to: 4 })));
    assert_eq!(it.seed_read(), Some(2));
}

#[test]
fn a_crash_between_keeping_and_replacing_does_not_hinder_a_deletion() {
    let it = Folder::new();
    fs::hard_link(it.current(), it.former(3)).unwrap();
    let change = Change { at: AT, by: Author::Service, reason: "gone".to_owned() };
    let tag = it.versions[2].tag();
    assert_eq!(it.backend.remove(&it.key, &tag, &change, &Retention::newest(5)).unwrap(), Removed::Done);
    assert_eq!(it.backend.read(&it.key, None).unwrap(), Read::None);
    let infos = it.backend.versions(&it.key).unwrap();
    assert_eq!(infos[0].removed, Some(change));
    assert_eq!(infos.len(), 3);
}

#[test]
fn a_history_may_be_torn_damaged_or_gone() {
    let it = Folder::new();
    let history = it.folder.path().join("office/S-1-5-21-1-2-3-1.history");
    let whole = fs::read(&history).unwrap();
    fs::write(&history, &whole[..whole.len() - 20]).unwrap();
    assert_eq!(it.backend.versions(&it.key).unwrap()[0].stamp, None, "its line was cut off");
    let fourth = it.store(&Base::Version(it.versions[2].tag()), 4).unwrap();
    let infos = it.backend.versions(&it.key).unwrap();
    assert!(infos[0].stamp.is_some() && infos[0].tag == fourth.tag().0, "and does not spoil the next one");
    for content in [&b"\0\0\0\0"[..], b"{}\n[]\n\xFF\xFE\n", b""] {
        fs::write(&history, content).unwrap();
        let numbers: Vec<_> = it.backend.versions(&it.key).unwrap().iter().map(|info| info.number).collect();
        assert_eq!(numbers, [4, 3, 2, 1]);
    }
    fs::remove_file(&history).unwrap();
    let infos = it.backend.versions(&it.key).unwrap();
    let tags: Vec<_> = infos.iter().skip(1).map(|info| info.tag.clone()).collect();
    assert_eq!(tags, it.versions.iter().rev().map(|version| version.tag().0).collect::<Vec<_>>());
    assert!(infos.iter().all(|info| info.at.is_some() && info.kept));
}

/// Everything that is known of a file by its seal, its length and its times says that it is as it was.
#[test]
fn what_rots_after_a_fetch_is_not_served_at_the_next() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    let bytes = data_set(&sid(1), 1, 50_000);
    client.store(&Scope::Global, &sid(1), None, &bytes).unwrap();
    let fetched = || client.fetch(&Scope::Global, &sid(1), None);
    let is_whole = || matches!(fetched(), Ok(Fetched::Data { bytes: found, .. }) if found == bytes);
    assert!(is_whole() && is_whole());

    let path = farm.base().join("global").join(format!("{}.mpd", sid(1)));
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    flip(&path);
    File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert!(fetched().unwrap_err().to_string().contains("MP-STO-020"));
    let both = client.fetch_user(&sid(1), &[]);
    assert!(both.unwrap_err().to_string().contains("MP-STO-020"));
    flip(&path);
    assert!(is_whole(), "put right by hand, it is served again at once");
}
