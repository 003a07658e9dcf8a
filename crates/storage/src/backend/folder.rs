//! Data sets as files in a folder: `docs/formats/storage-folder.md`.
//!
//! Nothing about a data set is kept in memory: what an administrator restores by hand is seen at the next request.

mod adopt;
mod flushing;
mod history;
mod inspect;
mod inventory;
mod open;
mod probe;
mod quarantine;
mod sealing;
mod versions;

use std::{
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::SystemTime,
};

use mp_dataset::DecodeError;
use mp_profile::{Scope, Sid, VersionTag};

use flushing::Flushing;
use history::{Event, History};
pub use open::{FirstUse, OpenError};
use sealing::{read_open, there};
use versions::{Listing, Versions};

use super::{
    Adoption, Backend, BackendError, Base, Change, Inspection, Key, QuarantineNote, QuarantinedInfo, Read,
    Removed, Replaced, Retention, Stamp, Version, VersionInfo,
};
use crate::{
    DataSetFile,
    at_rest::{AtRest, Flaw},
};

/// Number of locks; two data sets that share one wait for each other, no more.
const LOCKS: usize = 1024;

/// A [`Backend`] in a folder of the file system. One process has it at a time.
#[derive(Debug)]
pub struct FolderBackend {
    base: PathBuf,
    global_folder: String,
    locks: Vec<RwLock<()>>,
    hasher: RandomState,
    at_rest: AtRest,
    /// Held as long as the backend lives; the system lets it go when the process ends in any way. `None` for one that only
    /// looks.
    held: Option<open::Lock>,
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
            history: History::new(folder.join(format!("{}.history", key.sid))),
            quarantine: folder.join(format!("{}.quarantine", key.sid)),
            record: folder.join(format!("{}.key", key.sid)),
            key: key.clone(),
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

    /// The current version, and the former ones, from which its number follows.
    fn current(&self, place: &Place) -> Result<Option<(Version, Listing)>, BackendError> {
        let Some(file) = self.open_current(place)? else { return Ok(None) };
        let found = file.metadata().map_err(|error| failed("look at", &place.current, error))?.len();
        let stored = self.head(place, &place.current, file)?;
        let stored = stored.map_err(|source| damaged(&place.current, source))?;
        if stored.stored_len != found {
            let source = DecodeError::Length { what: "file", expected: stored.stored_len, found };
            return Err(damaged(&place.current, source.into()));
        }
        let listing = place.versions.list()?;
        Ok(Some((listing.current(stored.digest, stored.len), listing)))
    }

    /// The current version with its bytes, of one look at the file.
    fn current_bytes(&self, place: &Place) -> Result<Option<(Version, Vec<u8>)>, BackendError> {
        let Some(file) = self.open_current(place)? else { return Ok(None) };
        let (digest, bytes) = self.intact(place, &place.current, read_open(file, &place.current)?)?;
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(Some((place.versions.list()?.current(digest, len), bytes)))
    }
}

/// Where the files of one data set are.
#[derive(Debug)]
struct Place {
    key: Key,
    folder: PathBuf,
    current: PathBuf,
    versions: Versions,
    history: History,
    quarantine: PathBuf,
    /// The wrapped data key.
    record: PathBuf,
}

impl FolderBackend {
    /// Makes a file the current one, and keeps the one that was. Its number follows from the former ones, or is given. The
    /// folder is not flushed yet. Gives the former versions that there are now.
    fn put(
        &self,
        place: &Place,
        current: Option<(Version, Listing)>,
        version: Version,
        file: &DataSetFile,
        number_is_given: bool,
    ) -> Result<Listing, BackendError> {
        // The second link of the current file comes before the new file is flushed, and its folder is flushed while the new
        // file is: a journaling file system takes both to the disk at once, another one has two things to write. A link that a
        // crash leaves alone is the current version's own.
        let (listing, kept) = match current {
            Some((before, mut listing)) => {
                let kept = place.versions.keep(&place.current, before, &mut listing)?;
                (Some(listing), Some(Flushing::begin(kept)))
            }
            None => {
                make_folder(&place.folder)?;
                (None, None)
            }
        };
        let temporary = self.write_beside(place, file);
        // Nothing goes on beside when this returns.
        let kept = kept.map_or(Ok(()), Flushing::end);
        let temporary = temporary?;
        let numbered = kept.and_then(|()| {
            let listing = listing.map_or_else(|| place.versions.list(), Ok)?;
            if number_is_given && listing.sequence_of(version.digest) != version.sequence {
                place.versions.give_number(version)?;
                return place.versions.list();
            }
            Ok(listing)
        });
        let renamed = numbered.and_then(|listing| {
            fs::rename(&temporary, &place.current)
                .map_err(|error| failed("replace", &place.current, error))
                .map(|()| listing)
        });
        if renamed.is_err() {
            // The error that matters is the first; what stays behind is cleaned at the next start.
            drop(fs::remove_file(&temporary));
        }
        renamed
    }
}

impl Backend for FolderBackend {
    fn reads_at_once(&self) -> bool {
        true
    }

    fn version(&self, key: &Key) -> Result<Option<Version>, BackendError> {
        let place = self.place(key)?;
        let _reading = self.reading(key);
        Ok(self.current(&place)?.map(|(version, _)| version))
    }

    fn read(&self, key: &Key, held: Option<&VersionTag>) -> Result<Read, BackendError> {
        let place = self.place(key)?;
        let _reading = self.reading(key);
        if held.is_some() {
            // Most often it is the one, and then its beginning is enough.
            let Some((version, _)) = self.current(&place)? else { return Ok(Read::None) };
            if held == Some(&version.tag()) {
                return Ok(Read::NotModified(version));
            }
        }
        Ok(self.current_bytes(&place)?.map_or(Read::None, |(version, bytes)| Read::Data(version, bytes)))
    }

    fn read_version(&self, key: &Key, tag: &VersionTag) -> Result<Option<Vec<u8>>, BackendError> {
        let Some((sequence, digest)) = Version::parse(tag) else { return Ok(None) };
        let place = self.place(key)?;
        let _reading = self.reading(key);
        if let Some((version, _)) = self.current(&place)?
            && version.tag() == *tag
        {
            let current = self.current_bytes(&place)?.filter(|(version, _)| version.tag() == *tag);
            return Ok(current.map(|(_, bytes)| bytes));
        }
        let listing = place.versions.list()?;
        let Some(entry) = listing.of(sequence).filter(|entry| entry.is(digest)) else { return Ok(None) };
        let (found, bytes) = self.intact(&place, &entry.path, there(&entry.path)?)?;
        Ok((found == digest).then_some(bytes))
    }

    fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, BackendError> {
        let place = self.place(key)?;
        let _reading = self.reading(key);
        self.list_versions(&place)
    }

    fn replace(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        stamp: &Stamp,
        retention: &Retention,
    ) -> Result<Replaced, BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        let current = self.current(&place)?;
        let before = current.as_ref().map(|(version, _)| *version);
        if let Some(answer) = base.answer(before, file.digest()) {
            return Ok(answer);
        }
        let sequence = match &current {
            Some((version, _)) => version.sequence + 1,
            None => place.versions.list()?.sequence_of(file.digest()),
        };
        let version = Version::new(sequence, file);
        let listing = self.put(&place, current, version, file, false)?;
        place.history.add(&Event::stored(version, before.map(|before| before.tag().0), stamp));
        sync_folder_of(&place.current)?;
        place.versions.prune(listing, Some((sequence, &place.current)), retention, stamp.at);
        Ok(Replaced::As { version, created: before.is_none() })
    }

    fn adopt(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        adoption: &Adoption<'_>,
        retention: &Retention,
    ) -> Result<Replaced, BackendError> {
        self.adopt_version(key, base, file, adoption, retention)
    }

    fn note_merged(&self, key: &Key, tag: &VersionTag, merged: &[String]) -> Result<(), BackendError> {
        self.add_merged(key, tag, merged)
    }

    fn remove(
        &self,
        key: &Key,
        base: &VersionTag,
        change: &Change,
        retention: &Retention,
    ) -> Result<Removed, BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        match self.current(&place)? {
            None => Ok(Removed::None),
            Some((version, _)) if version.tag() != *base => Ok(Removed::Conflict),
            Some((version, listing)) => {
                // The reason comes first, so that nothing is deleted without one.
                let number = version.sequence;
                place.history.add_durably(&Event::Removed { number, change: change.clone() })?;
                place.versions.retire(&place.current, version, &listing)?;
                if let Ok(listing) = place.versions.list() {
                    place.versions.prune(listing, None, retention, change.at);
                }
                Ok(Removed::Done)
            }
        }
    }

    fn pin(&self, key: &Key, tag: &VersionTag, pinned: bool, change: &Change) -> Result<bool, BackendError> {
        let Some((number, digest)) = Version::parse(tag) else { return Ok(false) };
        let place = self.place(key)?;
        let _writing = self.writing(key);
        let current = self.current(&place)?.map(|(version, _)| version).filter(|it| it.tag() == *tag);
        let listing = place.versions.list()?;
        let entry = listing.of(number).filter(|entry| entry.is(digest));
        match (entry, current) {
            (Some(entry), _) if entry.pinned != pinned => place.versions.pin(entry, pinned)?,
            (None, Some(current)) if pinned => place.versions.pin_current(&place.current, current)?,
            (None, None) => return Ok(false),
            _ => return Ok(true),
        }
        place.history.add(&Event::Pinned { number, pinned, change: change.clone() });
        Ok(true)
    }

    fn quarantine(&self, key: &Key, file: &DataSetFile, note: &QuarantineNote) -> Result<(), BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        self.check_marker()?;
        self.keep_in_quarantine(&place, file, note)
    }

    fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, BackendError> {
        let place = self.place(key)?;
        let _reading = self.reading(key);
        quarantine::list(&place)
    }

    fn read_quarantined(&self, key: &Key, id: &str) -> Result<Option<Vec<u8>>, BackendError> {
        let place = self.place(key)?;
        let _reading = self.reading(key);
        let Some(path) = quarantine::find(&place, id) else { return Ok(None) };
        self.read_as_is(&place, &path).map(Some)
    }

    fn delete_quarantined(&self, key: &Key, id: &str) -> Result<bool, BackendError> {
        let place = self.place(key)?;
        let _writing = self.writing(key);
        let Some(path) = quarantine::find(&place, id) else { return Ok(false) };
        quarantine::delete(&path).map(|()| true)
    }

    fn scopes(&self) -> Result<Vec<Scope>, BackendError> {
        self.list_scopes()
    }

    fn users(&self, scope: &Scope, after: Option<&Sid>, limit: usize) -> Result<Vec<Sid>, BackendError> {
        self.list_users(scope, after, limit)
    }

    fn inspect(&self, key: &Key, repair: Option<u64>) -> Result<Inspection, BackendError> {
        let place = self.place(key)?;
        if repair.is_none() {
            let _reading = self.reading(key);
            return self.inspect_place(&place, repair);
        }
        let _writing = self.writing(key);
        self.inspect_place(&place, repair)
    }
}

fn damaged(path: &Path, source: Flaw) -> BackendError {
    BackendError::Damaged { what: path.display().to_string(), source }
}

/// Milliseconds since 1970.
fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Makes a folder below one that is there, durably.
fn make_folder(path: &Path) -> Result<(), BackendError> {
    if path.is_dir() {
        return Ok(());
    }
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
