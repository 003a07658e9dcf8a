use std::{
    fs::{self, File, TryLockError},
    hash::RandomState,
    io,
    path::{Path, PathBuf},
    sync::RwLock,
};

use mp_durable::{Readers, TEMPORARY_SUFFIX};
use mp_profile::GroupName;
use serde::{Deserialize, Serialize};

use super::{FolderBackend, LOCKS};
use crate::{
    at_rest::{AtRest, KeyError, Subject},
    backend::BackendError,
};

/// Marks a folder as the base folder of a Storage Service.
const MARKER: &str = "metaprofiles-storage.json";
const LOCK: &str = "metaprofiles-storage.lock";
/// Layout of the folder that this software writes.
const FORMAT: u32 = 1;
/// Layout of a folder in which something is sealed. Software that knows nothing of it would take that for damage.
const SEALED_FORMAT: u32 = 2;

/// Whether a base folder may be new.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FirstUse {
    /// It is made if it is missing.
    Allowed,
    /// It has been used: if it is missing or empty now, its disk is not mounted.
    Refused,
}

/// Content of the marker.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Marker {
    format: u32,
    global_folder: String,
    /// The store's own wrapped data key, once something was sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    store_key: Option<String>,
}

/// Why a base folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path is relative.
    #[error("MP-STO-101 the base folder \"{}\" is not an absolute path; correct it in the console", .0.display())]
    Relative(PathBuf),
    /// The global folder's name cannot be used.
    #[error(
        "MP-STO-102 \"{0}\" cannot be the global folder: expected one name of letters, digits, hyphens and underscores"
    )]
    GlobalFolder(String),
    /// Another process has it.
    #[error("MP-STO-103 another process uses the base folder \"{}\"; stop it first", .0.display())]
    InUse(PathBuf),
    /// It was used and is not there.
    #[error(
        "MP-STO-104 the base folder \"{}\" was used before and holds nothing now; mount its disk, or restore it. To begin \
         with an empty one, delete the file \"store.json\" in the service's state folder", .0.display()
    )]
    Lost(PathBuf),
    /// It was made with another global folder.
    #[error(
        "MP-STO-105 the base folder \"{}\" keeps the global data sets in \"{was}\", but the console says \"{is}\"; rename \
         the folder and the name in metaprofiles-storage.json, or take the change back", base.display()
    )]
    OtherGlobalFolder {
        /// The base folder.
        base: PathBuf,
        /// As its marker says.
        was: String,
        /// As asked for.
        is: String,
    },
    /// A later version of the software made it.
    #[error("MP-STO-106 the base folder has layout {found}, this software knows {SEALED_FORMAT}; update it")]
    Format {
        /// As its marker says.
        found: u32,
    },
    /// It is encrypted, and the key is not there.
    #[error("cannot open the encrypted base folder \"{}\"", base.display())]
    Key {
        /// The base folder.
        base: PathBuf,
        /// Why, and what to do.
        #[source]
        source: KeyError,
    },
    /// The file system said no.
    #[error("MP-STO-107 cannot {doing} \"{}\"", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl FolderBackend {
    /// Opens a base folder, cleans up what a crash left, and keeps other processes out.
    ///
    /// # Errors
    /// When it cannot be used, or should not: see [`OpenError`].
    pub fn open(base: &Path, global_folder: &str, first_use: FirstUse) -> Result<Self, OpenError> {
        Self::open_with(base, global_folder, first_use, AtRest::plain())
    }

    /// As [`FolderBackend::open`], to store as told.
    ///
    /// # Errors
    /// As [`FolderBackend::open`]; when it is encrypted under a key that is not there.
    pub fn open_with(
        base: &Path,
        global_folder: &str,
        first_use: FirstUse,
        at_rest: AtRest,
    ) -> Result<Self, OpenError> {
        if !base.is_absolute() {
            return Err(OpenError::Relative(base.to_owned()));
        }
        // A group's name has all that makes a name safe as a folder, so the global folder's has to be like it.
        if global_folder.parse::<GroupName>().is_err() {
            return Err(OpenError::GlobalFolder(global_folder.chars().take(80).collect()));
        }
        let marker = base.join(MARKER);
        match fs::read(&marker) {
            Ok(text) => check_marker(base, &marker, &text, global_folder)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if first_use == FirstUse::Refused {
                    return Err(OpenError::Lost(base.to_owned()));
                }
                fs::create_dir_all(base).map_err(|source| failed("make", base, source))?;
                let global_folder = global_folder.to_owned();
                let content = Marker { format: FORMAT, global_folder, store_key: None };
                content.write(&marker).map_err(|source| failed("write", &marker, source))?;
            }
            Err(source) => return Err(failed("read", &marker, source)),
        }
        let lock = lock(base)?;
        clean(base)?;
        let opened = Self::over(base, global_folder, at_rest, Some(lock));
        opened.check_key()?;
        Ok(opened)
    }

    /// Opens a base folder to look at it, without keeping other processes out; says whether one uses it. Nothing may be changed
    /// by it then: no lock keeps the other one away.
    ///
    /// # Errors
    /// When it is no base folder, or cannot be read.
    pub fn look(base: &Path) -> Result<(Self, bool), OpenError> {
        let (opened, in_use) = Self::look_with(base, AtRest::plain())?;
        opened.check_key()?;
        Ok((opened, in_use))
    }

    /// As [`FolderBackend::look`], with keys; whether they are the right ones is not asked, so that it can be told which are.
    ///
    /// # Errors
    /// When it is no base folder, or cannot be read.
    pub fn look_with(base: &Path, at_rest: AtRest) -> Result<(Self, bool), OpenError> {
        let global_folder = Self::global_folder_of(base)?;
        let in_use = match lock(base) {
            Ok(_) => false,
            Err(OpenError::InUse(_)) => true,
            Err(error) => return Err(error),
        };
        Ok((Self::over(base, &global_folder, at_rest, None), in_use))
    }

    /// The name of the global folder that a base folder was made with.
    ///
    /// # Errors
    /// When it is no base folder, or cannot be read.
    pub fn global_folder_of(base: &Path) -> Result<String, OpenError> {
        let path = base.join(MARKER);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::Lost(base.to_owned()));
            }
            read => read.map_err(|source| failed("read", &path, source))?,
        };
        let marker: Marker = serde_json::from_slice(&text)
            .map_err(|error| failed("understand", &path, io::Error::from(error)))?;
        check_marker(base, &path, &text, &marker.global_folder)?;
        Ok(marker.global_folder)
    }

    /// Makes sure that what is sealed here can be opened; when something is to be sealed for the first time, the marker gets
    /// the store's own key.
    ///
    /// # Errors
    /// When the key is not there, or the marker cannot be read or written.
    pub fn check_key(&self) -> Result<(), OpenError> {
        let base = || self.base.clone();
        let by_file = |error| match error {
            BackendError::File { doing, path, source } => OpenError::File { doing, path, source },
            _ => OpenError::Lost(base()),
        };
        let locked = |source| OpenError::Key { base: base(), source };
        match self.marked_record().map_err(by_file)? {
            Some(record) => self.at_rest.check_record(Subject::Store, &record).map_err(locked),
            None if self.at_rest.seals() && self.held.is_some() => {
                let record = self.at_rest.new_record(Subject::Store).map_err(locked)?;
                self.mark_record(&record.text).map_err(by_file)
            }
            None => Ok(()),
        }
    }

    /// The store's own record, as the marker has it.
    pub(super) fn marked_record(&self) -> Result<Option<String>, BackendError> {
        Ok(self.marker()?.store_key)
    }

    pub(super) fn mark_record(&self, record: &str) -> Result<(), BackendError> {
        let marker = Marker { format: SEALED_FORMAT, store_key: Some(record.to_owned()), ..self.marker()? };
        let path = self.base.join(MARKER);
        marker.write(&path).map_err(|source| BackendError::File { doing: "write", path, source })
    }

    fn marker(&self) -> Result<Marker, BackendError> {
        let path = self.base.join(MARKER);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BackendError::BaseLost(self.base.clone()));
            }
            read => read.and_then(|text| serde_json::from_slice(&text).map_err(io::Error::from)),
        };
        text.map_err(|source| BackendError::File { doing: "understand", path, source })
    }

    fn over(base: &Path, global_folder: &str, at_rest: AtRest, lock: Option<Lock>) -> Self {
        Self {
            base: base.to_owned(),
            global_folder: global_folder.to_owned(),
            locks: (0..LOCKS).map(|_| RwLock::new(())).collect(),
            hasher: RandomState::new(),
            at_rest,
            held: lock,
        }
    }

    /// Whether the base folder is still the one that was opened, not the empty place where its disk was mounted.
    pub(super) fn check_marker(&self) -> Result<(), BackendError> {
        match fs::metadata(self.base.join(MARKER)) {
            Ok(_) => Ok(()),
            Err(_) => Err(BackendError::BaseLost(self.base.clone())),
        }
    }
}

impl Marker {
    fn write(&self, path: &Path) -> io::Result<()> {
        mp_durable::replace(path, &serde_json::to_vec_pretty(self)?, Readers::AsFolder)
    }
}

fn check_marker(base: &Path, path: &Path, text: &[u8], global_folder: &str) -> Result<(), OpenError> {
    let marker: Marker =
        serde_json::from_slice(text).map_err(|error| failed("understand", path, io::Error::from(error)))?;
    if ![FORMAT, SEALED_FORMAT].contains(&marker.format) {
        return Err(OpenError::Format { found: marker.format });
    }
    if marker.global_folder != global_folder {
        return Err(OpenError::OtherGlobalFolder {
            base: base.to_owned(),
            was: marker.global_folder,
            is: global_folder.to_owned(),
        });
    }
    Ok(())
}

/// Keeps other processes out until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being started by this one still has a copy of it.
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "The base folder is not unlocked before its lock file is closed");
        }
    }
}

fn lock(base: &Path) -> Result<Lock, OpenError> {
    let path = base.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|source| failed("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(base.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path, source)),
    }
}

/// Deletes temporary files that a crash left in the folders of the scopes. Those deeper down are deleted when their folder
/// is written to: a farm has too many of them to look at at every start.
fn clean(base: &Path) -> Result<(), OpenError> {
    for scope in folders_in(base)? {
        for entry in fs::read_dir(&scope).map_err(|source| failed("list", &scope, source))? {
            let path = entry.map_err(|source| failed("list", &scope, source))?.path();
            if path.as_os_str().to_string_lossy().ends_with(TEMPORARY_SUFFIX) {
                tracing::info!(path = %path.display(), "Deleting a file that was never finished");
                fs::remove_file(&path).map_err(|source| failed("delete", &path, source))?;
            }
        }
    }
    Ok(())
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| failed("list", folder, source))? {
        let entry = entry.map_err(|source| failed("list", folder, source))?;
        if entry.file_type().map_err(|source| failed("look at", &entry.path(), source))?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> OpenError {
    OpenError::File { doing, path: path.to_owned(), source }
}
