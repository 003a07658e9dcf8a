//! Encryption at rest: what lies in the store tells nothing, is believed only where it belongs, and waits for its key.

mod attacks;
mod keys;
mod rotation;

use std::{fs, path::PathBuf, sync::Arc};

use mp_profile::Scope;
use mp_storage::{
    Backend, DataSetFile, FolderBackend,
    at_rest::{AtRest, KeyFile},
    backend::{
        Author, Base, Key, QuarantineNote, Read, Replaced, Retention, Stamp, Version, folder::FirstUse,
    },
};

use crate::support::{data_set, files_below, group, sid};

const AT: u64 = 1_800_000_000_000;

/// A key file of its own.
pub(crate) struct Keys(tempfile::TempDir);

impl Keys {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        KeyFile::create(&folder.path().join("storage.key")).unwrap();
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("storage.key")
    }

    fn file(&self) -> Arc<KeyFile> {
        Arc::new(KeyFile::open(&self.path()).unwrap())
    }

    /// The file need not outlive this: its keys are read.
    pub(crate) fn sealed(&self) -> AtRest {
        AtRest::sealed(self.file())
    }
}

/// A base folder, and the keys that it is sealed with.
struct Sealed {
    folder: tempfile::TempDir,
    keys: Keys,
}

impl Sealed {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), keys: Keys::new() }
    }

    fn open(&self) -> FolderBackend {
        self.open_with(self.keys.sealed())
    }

    fn open_with(&self, at_rest: AtRest) -> FolderBackend {
        FolderBackend::open_with(self.folder.path(), "global", FirstUse::Allowed, at_rest).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn key(scope: Scope, number: u32) -> Key {
    Key { scope, sid: sid(number) }
}

fn file(key: &Key, seed: u64, len: usize) -> DataSetFile {
    DataSetFile::verify(data_set(&key.sid, seed, len), &key.sid).unwrap()
}

fn store(backend: &dyn Backend, key: &Key, file: &DataSetFile) -> Version {
    let stamp = Stamp::new(AT, Author::Service);
    let base: Base = backend.base_now(key).unwrap();
    match backend.replace(key, &base, file, &stamp, &Retention::newest(5)).unwrap() {
        Replaced::As { version, .. } => version,
        Replaced::Conflict => panic!("a conflict"),
    }
}

fn read(backend: &dyn Backend, key: &Key) -> Option<Vec<u8>> {
    match backend.read(key, None).unwrap() {
        Read::Data(_, bytes) => Some(bytes),
        _ => None,
    }
}

/// Whether some of the bytes of a data set file lie in the clear below a folder.
fn lies_below(folder: &std::path::Path, file: &DataSetFile) -> bool {
    // The content of these data sets does not compress, so that it is in the file as it is.
    let marker = &file.bytes()[file.bytes().len() / 2..][..32];
    files_below(folder)
        .iter()
        .any(|name| fs::read(folder.join(name)).unwrap().windows(marker.len()).any(|window| window == marker))
}

fn note() -> QuarantineNote {
    QuarantineNote { reason: "a test".to_owned(), agent: "TS-1".to_owned(), at: AT }
}

#[test]
fn nothing_of_a_data_set_lies_in_the_folder_in_the_clear() {
    let it = Sealed::new();
    let backend = it.open();
    let office = key(group("Office"), 1);
    let files = [1, 2, 3, 4].map(|seed| file(&office, seed, 5000));
    for file in &files[..3] {
        store(&backend, &office, file);
    }
    backend.quarantine(&office, &files[3], &note()).unwrap();
    // A stand-in for a damaged version.
    let current = it.path("office/S-1-5-21-1-2-3-1.mpd");
    let mut bytes = fs::read(&current).unwrap();
    bytes[4000] ^= 1;
    fs::write(&current, bytes).unwrap();
    assert_eq!(backend.inspect(&office, Some(AT)).unwrap().damage.len(), 1);
    assert_eq!(read(&backend, &office).unwrap(), files[1].bytes());
    assert!(files_below(it.folder.path()).len() >= 8, "{:?}", files_below(it.folder.path()));
    for file in &files {
        assert!(!lies_below(it.folder.path(), file));
    }

    let plain = Sealed::new();
    store(&plain.open_with(AtRest::plain()), &office, &files[0]);
    assert!(lies_below(plain.folder.path(), &files[0]), "the marker is one");
}

#[test]
fn nothing_of_a_data_set_lies_in_the_object_store_in_the_clear() {
    let Some(mut rig) = crate::objects::Rig::new("sealed") else { return };
    let keys = Keys::new();
    rig.options.at_rest = keys.sealed();
    let office = key(group("Office"), 1);
    let files = [1, 2, 3].map(|seed| file(&office, seed, 5000));
    let backend = rig.open();
    for file in &files[..2] {
        store(&backend, &office, file);
    }
    backend.quarantine(&office, &files[2], &note()).unwrap();
    assert!(files.iter().all(|file| !lies_below(&rig.folder(), file)));
    assert_eq!(read(&backend, &office).unwrap(), files[1].bytes());
}

#[test]
fn files_of_any_length_come_back_and_have_the_same_tag_as_unsealed() {
    let (it, plain) = (Sealed::new(), Sealed::new());
    let (backend, unsealed) = (it.open(), plain.open_with(AtRest::plain()));
    // Around the length of a piece, which is 64 KiB of the data set file.
    for (number, len) in [1, 65_000, 65_400, 65_536, 131_072, 300_000].into_iter().enumerate() {
        let key = key(Scope::Global, 1 + u32::try_from(number).unwrap());
        let file = file(&key, 7, len);
        let version = store(&backend, &key, &file);
        assert_eq!(version, store(&unsealed, &key, &file));
        assert_eq!(backend.version(&key).unwrap(), Some(version));
        assert_eq!(read(&backend, &key).unwrap(), file.bytes());
        assert_eq!(backend.versions(&key).unwrap()[0].bytes, file.bytes().len() as u64);
        assert_eq!(backend.inspect(&key, None).unwrap().damage, []);
    }
}
