//! The folder: what it looks like, and what it does after crashes and on the wrong disk.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use mp_profile::Scope;
use mp_storage::{
    Backend, FolderBackend,
    backend::{
        Author, BackendError, Base, Key, QuarantineNote, Read, Replaced, Retention, Stamp, Version,
        folder::{FirstUse, OpenError},
    },
};

use crate::support::{file, files_below, group, sid};

fn open(base: &Path) -> FolderBackend {
    FolderBackend::open(base, "global", FirstUse::Allowed).unwrap()
}

fn key() -> Key {
    Key { scope: group("Office"), sid: sid(1) }
}

fn store(backend: &FolderBackend, base: &Base, seed: u64) -> Version {
    match replace(backend, base, seed).unwrap() {
        Replaced::As { version, .. } => version,
        Replaced::Conflict => panic!("a conflict for seed {seed}"),
    }
}

fn replace(backend: &FolderBackend, base: &Base, seed: u64) -> Result<Replaced, BackendError> {
    let stamp = Stamp::new(AT, Author::Service);
    backend.replace(&key(), base, &file(&sid(1), seed), &stamp, &Retention::newest(5))
}

const AT: u64 = 1_800_000_000_000;

#[test]
fn looks_as_documented_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(folder.path());
    let first = store(&backend, &Base::Nothing, 1);
    let second = store(&backend, &Base::Version(first.tag()), 2);
    let note = QuarantineNote { reason: "not \"merged\"".to_owned(), agent: "TS-1".to_owned(), at: AT };
    backend.quarantine(&Key { scope: Scope::Global, ..key() }, &file(&sid(1), 3), &note).unwrap();
    let seal = |seed| file(&sid(1), seed).digest().to_string()[..16].to_owned();
    let quarantined = format!("global/S-1-5-21-1-2-3-1.quarantine/20270115T080000Z-{}", seal(3));
    assert_eq!(
        files_below(folder.path()),
        [
            format!("{quarantined}.json"),
            format!("{quarantined}.mpd"),
            "metaprofiles-storage.json".to_owned(),
            "metaprofiles-storage.lock".to_owned(),
            "office/S-1-5-21-1-2-3-1.history".to_owned(),
            "office/S-1-5-21-1-2-3-1.mpd".to_owned(),
            format!("office/S-1-5-21-1-2-3-1.versions/00000001-{}.mpd", seal(1)),
        ]
    );
    let text = fs::read_to_string(folder.path().join(format!("{quarantined}.json"))).unwrap();
    assert!(
        text.contains(r#""reason": "not \"merged\"""#) && text.contains("2027-01-15T08:00:00Z"),
        "{text}"
    );

    drop(backend);
    let backend = open(folder.path());
    assert_eq!(backend.read(&key(), None).unwrap(), Read::Data(second, file(&sid(1), 2).bytes().to_vec()));
}

#[test]
fn a_file_that_was_never_finished_is_ignored_and_cleaned() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(&open(folder.path()), &Base::Nothing, 1);
    let left = [
        folder.path().join("office/S-1-5-21-1-2-3-1.mpd.77-1.tmp"),
        folder.path().join("office/S-1-5-21-1-2-3-9.mpd.77-2.tmp"),
    ];
    left.iter().for_each(|path| fs::write(path, b"half").unwrap());
    let backend = open(folder.path());
    assert!(left.iter().all(|path| !path.exists()));
    assert_eq!(backend.version(&key()).unwrap(), Some(first));
    assert_eq!(backend.version(&Key { sid: sid(9), ..key() }).unwrap(), None);
}

#[test]
fn a_crash_between_keeping_and_replacing_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(folder.path());
    let first = store(&backend, &Base::Nothing, 1);
    // As after a crash in the middle: the version is kept under its former name, and still the current one.
    let seal = first.digest.to_string()[..16].to_owned();
    let versions = folder.path().join("office/S-1-5-21-1-2-3-1.versions");
    fs::create_dir(&versions).unwrap();
    fs::copy(
        folder.path().join("office/S-1-5-21-1-2-3-1.mpd"),
        versions.join(format!("00000001-{seal}.mpd")),
    )
    .unwrap();
    fs::write(versions.join("00000001-x.mpd.7-7.tmp"), b"half").unwrap();

    assert_eq!(backend.version(&key()).unwrap(), Some(first));
    let second = store(&backend, &Base::Version(first.tag()), 2);
    assert_eq!(second.sequence, 2);
    assert_eq!(backend.versions(&key()).unwrap().len(), 2);
    assert_eq!(fs::read_dir(versions).unwrap().count(), 1);
}

#[test]
fn a_version_restored_by_hand_is_a_new_version() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(folder.path());
    let first = store(&backend, &Base::Nothing, 1);
    let second = store(&backend, &Base::Version(first.tag()), 2);
    let third = store(&backend, &Base::Version(second.tag()), 3);
    let former = format!("office/S-1-5-21-1-2-3-1.versions/00000001-{}.mpd", &first.digest.to_string()[..16]);
    fs::copy(folder.path().join(former), folder.path().join("office/S-1-5-21-1-2-3-1.mpd")).unwrap();
    let restored = backend.version(&key()).unwrap().unwrap();
    assert_eq!(restored.digest, first.digest);
    assert!(restored.tag() != first.tag() && restored.tag() != third.tag());
}

#[test]
fn a_damaged_file_is_never_taken_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(folder.path());
    store(&backend, &Base::Nothing, 1);
    let path = folder.path().join("office/S-1-5-21-1-2-3-1.mpd");
    let whole = fs::read(&path).unwrap();
    for damaged in [&whole[..whole.len() - 1], &whole[..10], b"", &[b'x'; 100]] {
        fs::write(&path, damaged).unwrap();
        assert!(matches!(backend.version(&key()), Err(BackendError::Damaged { .. })));
        assert!(matches!(backend.read(&key(), None), Err(BackendError::Damaged { .. })));
        replace(&backend, &Base::Nothing, 2).unwrap_err();
    }
    let mut flipped = whole;
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(&path, flipped).unwrap();
    assert!(matches!(backend.read(&key(), None), Err(BackendError::Damaged { .. })));
}

#[test]
fn an_empty_mount_point_is_never_taken_for_an_empty_store() {
    let folder = tempfile::tempdir().unwrap();
    let (base, away) = (folder.path().join("base"), folder.path().join("away"));
    let backend = open(&base);
    let first = store(&backend, &Base::Nothing, 1);
    fs::rename(&base, &away).unwrap();
    assert!(matches!(backend.version(&key()), Err(BackendError::BaseLost(_))));
    fs::create_dir(&base).unwrap();
    assert!(matches!(backend.read(&key(), None), Err(BackendError::BaseLost(_))));
    replace(&backend, &Base::Nothing, 2).unwrap_err();
    drop(backend);
    let refused = FolderBackend::open(&base, "global", FirstUse::Refused);
    assert!(matches!(refused, Err(OpenError::Lost(_))));
    fs::remove_dir(&base).unwrap();
    fs::rename(&away, &base).unwrap();
    let backend = FolderBackend::open(&base, "global", FirstUse::Refused).unwrap();
    assert_eq!(backend.version(&key()).unwrap(), Some(first));
}

#[test]
fn opens_only_what_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(folder.path());
    let again = |base: &Path, global: &str| FolderBackend::open(base, global, FirstUse::Allowed);
    assert!(matches!(again(folder.path(), "global"), Err(OpenError::InUse(_))));
    assert!(matches!(again(folder.path(), "other"), Err(OpenError::OtherGlobalFolder { .. })));
    assert!(matches!(again(Path::new("relative"), "global"), Err(OpenError::Relative(_))));
    for bad in ["", "..", "a/b", "a\\b", "/etc", "con", "a b", "."] {
        assert!(matches!(again(folder.path(), bad), Err(OpenError::GlobalFolder(_))), "{bad}");
    }
    let collision = backend.version(&Key { scope: group("GLOBAL"), sid: sid(1) });
    assert!(matches!(collision, Err(BackendError::GroupIsGlobalFolder(_))));
    drop(backend);
    fs::write(folder.path().join("metaprofiles-storage.json"), br#"{"format":3,"global-folder":"global"}"#)
        .unwrap();
    assert!(matches!(again(folder.path(), "global"), Err(OpenError::Format { found: 3 })));
}

/// A process that is being started has a copy of each open file until its program runs.
#[test]
fn a_folder_that_was_let_go_can_be_opened_while_processes_are_started() {
    let folder = tempfile::tempdir().unwrap();
    let starting = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while starting.load(Ordering::Relaxed) {
                Command::new(std::env::current_exe().unwrap()).arg("--version").output().unwrap();
            }
        });
        let opened = (0..200).map(|_| FolderBackend::open(folder.path(), "global", FirstUse::Allowed));
        let refused = opened.filter(Result::is_err).count();
        starting.store(false, Ordering::Relaxed);
        assert_eq!(refused, 0);
    });
}
