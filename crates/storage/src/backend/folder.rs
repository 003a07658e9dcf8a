//! Data sets as files in a folder: `docs/formats/storage-folder.md`.
//!
//! Nothing about a data set is kept in memory: what an administrator restores by hand is seen at the next request.

mod open;
mod probe;
mod quarantine;
mod versions;

use std::{
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use mp_dataset::{DecodeError, HEADER_LEN, Header, Limits, check};
use mp_durable::Readers;
use mp_profile::{Scope, VersionTag};

pub use open::{FirstUse, OpenError};
use versions::Versions;

use super::{Backend, BackendError, Base, Former, Key, QuarantineNote, Read, Removed, Replaced, Version};
use crate::DataSetFile;

/// Number of locks; two data sets that share one wait for each other, no more.
const LOCKS: usize = 1024;

/// A [`Backend`] in a folder of the file system. One process has it at a time.
#[derive(Debug)]
pub struct FolderBackend {
    base: PathBuf,
    global_folder: String,
    locks: Vec<RwLock<()>>,
    hasher: RandomState,
    /// Held as long as the backend lives; the system lets it go when the process ends in any way.
    _lock: File,
}

impl FolderBackend {
    fn lock(&self, key: &Key) -> &RwLock<()> {
        let index = self.hasher.hash_one(key) % (LOCKS as u64);
        // There are as many locks as the remainder can say.
        &self.locks[usize::try_from(index).unwrap_or_default()]
    }

    fn reading(&self, key: &Key) -> RwLockReadGuard<'_, ()> {
        self.lock(key).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self, key: &Key) -> RwLockWriteGuard<'_, ()> {
        self.lock(key).write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder of a scope. Its name is that of a checked type, so it cannot lead out of the base folder.
    fn scope_folder(&self, scope: &Scope) -> Result<PathBuf, BackendError> {
        match scope {
            Scope::Global => Ok(self.base.join(&self.global_folder)),
            Scope::Group(name) if name.as_str().eq_ignore_ascii_case(&self.global_folder) => {
                Err(BackendError::GroupIsGlobalFolder(name.to_string()))
            }
            Scope::Group(name) => Ok(self.base.join(name.as_str().to_ascii_lowercase())),
        }
    }

    fn place(&self, key: &Key) -> Result<Place, BackendError> {
        let folder = self.scope_folder(&key.scope)?;
        Ok(Place {
            current: folder.join(format!("{}.mpd", key.sid)),
            versions: Versions::new(folder.join(format!("{}.versions", key.sid))),
            quarantine: folder.join(format!("{}.quarantine", key.sid)),
            folder,
        })
    }

    /// Opens the current file. That there is none is believed only of a base folder that is the right one.
    fn open_current(&self, place: &Place) -> Result<Option<File>, BackendError> {
        match File::open(&place.current) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.check_marker()?;
                Ok(None)
            }
            Err(error) => Err(failed("open", &place.current, error)),
        }
    }

    fn current(&self, place: &Place) -> Result<Option<Version>, BackendError> {
        let Some(mut file) = self.open_current(place)? else { return Ok(None) };
        let len = file.metadata().map_err(|error| failed("look at", &place.current, error))?.len();
        let mut head = Vec::with_capacity(HEADER_LEN);
        file.by_ref()
            .take(HEADER_LEN as u64)
            .read_to_end(&mut head)
            .map_err(|error| failed("read", &place.current, error))?;
        let header = Header::parse(&head).map_err(|source| place.damaged(source))?;
        if header.file_len() != len {
            let expected = header.file_len();
            return Err(place.damaged(DecodeError::Length { what: "file", expected, found: len }));
        }
        let sequence = place.versions.sequence_of_current(header.digest)?;
        Ok(Some(Version { sequence, digest: header.digest, len }))
    }
}

/// Where the files of one data set are.
#[derive(Debug)]
struct Place {
    folder: PathBuf,
    current: PathBuf,
    versions: Versions,
    quarantine: PathBuf,
}

impl Place {
    fn damaged(&self, source: DecodeError) -> BackendError {
        BackendError::Damaged { path: self.current.clone(), source }
    }
}

impl Backend for FolderBackend {
    fn version(&self, key: &Key) -> Result<Option<Version>, BackendError> {
        let place = self.place(key)?;
        let _reading = self.reading(key);
        self.current(&place)
    }

    fn read(&self, key: &Key, held: Option<&VersionTag>) -> Result<Read, BackendError> {
        let place = self.place(key)?;
        let _reading = self.reading(key);
        let Some(version) = self.current(&place)? else { return Ok(Read::None) };
        if held == Some(&version.tag()) {
            return Ok(Read::NotModified(version));
        }
        let bytes = fs::read(&place.current).map_err(|error| failed("read", &place.current, error))?;
        check(&bytes, &Limits::default()).map_err(|source| place.damaged(source))?;
        Ok(Read::Data(version, bytes))
    }

    fn replace(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        keep: u32,
    ) -> Result<Replaced, BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        let current = self.current(&place)?;
        if let Some(answer) = base.answer(current, file.digest()) {
            return Ok(answer);
        }
        make_folder(&place.folder)?;
        let temporary = mp_durable::write_beside(&place.current, file.bytes(), Readers::AsFolder)
            .map_err(|error| failed("write", &place.current, error))?;
        let kept = match current {
            Some(version) => place.versions.keep(&place.current, version),
            None => Ok(()),
        };
        let renamed = kept.and_then(|()| {
            fs::rename(&temporary, &place.current).map_err(|error| failed("replace", &place.current, error))
        });
        if renamed.is_err() {
            // The error that matters is the first; what stays behind is cleaned at the next start.
            drop(fs::remove_file(&temporary));
        }
        renamed?;
        sync_folder_of(&place.current)?;
        place.versions.prune(keep);
        let sequence = match current {
            Some(version) => version.sequence + 1,
            None => place.versions.sequence_of_current(file.digest())?,
        };
        let len = u64::try_from(file.bytes().len()).unwrap_or(u64::MAX);
        let version = Version { sequence, digest: file.digest(), len };
        Ok(Replaced::As { version, created: current.is_none() })
    }

    fn remove(&self, key: &Key, base: &VersionTag, keep: u32) -> Result<Removed, BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        match self.current(&place)? {
            None => Ok(Removed::None),
            Some(version) if version.tag() != *base => Ok(Removed::Conflict),
            Some(version) => {
                place.versions.retire(&place.current, version)?;
                place.versions.prune(keep);
                Ok(Removed::Done)
            }
        }
    }

    fn quarantine(&self, key: &Key, file: &DataSetFile, note: &QuarantineNote) -> Result<(), BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        self.check_marker()?;
        quarantine::keep(&place, key, file, note)
    }

    fn former(&self, key: &Key) -> Result<Vec<Former>, BackendError> {
        let place = self.place(key)?;
        let _reading = self.reading(key);
        place.versions.list()
    }
}

/// Makes a folder below one that is there, durably.
fn make_folder(path: &Path) -> Result<(), BackendError> {
    match fs::create_dir(path) {
        Ok(()) => sync_folder_of(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed("make", path, error)),
    }
}

fn sync_folder_of(path: &Path) -> Result<(), BackendError> {
    mp_durable::sync_folder_of(path).map_err(|error| failed("flush the folder of", path, error))
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> BackendError {
    BackendError::File { doing, path: path.to_owned(), source }
}
