//! Data sets that were exported and that storage has not acknowledged yet.
//!
//! An entry is two files: `<number>.mpd`, the data set, and `<number>.json`, what is to happen to it. The second is
//! written last and removed first, so an entry is there exactly when its `.json` is. Numbers grow; entries of one user are
//! sent in their order.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mp_durable::Readers;
use mp_profile::{DataSetStore, Fetched, Scope, Sid, StoreError, Stored, VersionTag};
use serde::{Deserialize, Serialize};

use crate::state::{StateError, private_folder};

/// The spool of one Agent.
#[derive(Clone, Debug)]
pub struct Spool {
    root: PathBuf,
}

/// What storage shall do with a spooled data set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Make it the current one, if the current one is still the base.
    Replace {
        /// Version that the session started from; `None` when storage had none.
        base: Option<String>,
        /// BLAKE3 of the base's file, in hexadecimal, by which the base is known again under another version.
        base_digest: Option<String>,
    },
    /// Keep it beside the current one.
    Quarantine {
        /// Why it may not replace the current one.
        reason: String,
    },
}

/// What is known of a spooled data set without reading it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SpoolEntry {
    /// The user.
    pub sid: Sid,
    /// The scope.
    pub scope: Scope,
    /// What is to happen to it.
    pub intent: Intent,
    /// Its place in the order of the user's entries.
    #[serde(skip)]
    pub number: u64,
}

/// What became of one spooled data set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sent {
    /// It is the current one now.
    Stored(VersionTag),
    /// It was kept beside the current one, for this reason.
    Quarantined(String),
}

/// What became of one entry that was to be sent.
#[derive(Debug)]
pub struct Delivery {
    /// The entry.
    pub entry: SpoolEntry,
    /// Length of its data set.
    pub bytes: usize,
    /// What storage did with it; on an error it stays in the spool.
    pub result: Result<Sent, SendError>,
}

/// Reason written to quarantine when another session was faster.
pub const CONFLICT: &str = "another session stored a newer data set since this session's logon";

impl Spool {
    /// Uses this folder; it is made when something is put into it.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Puts a data set into the spool. When this returns it survives a crash.
    ///
    /// # Errors
    /// When it cannot be written; then nothing of it is in the spool.
    pub fn put(
        &self,
        sid: &Sid,
        scope: &Scope,
        intent: Intent,
        bytes: &[u8],
    ) -> Result<SpoolEntry, StateError> {
        let folder = self.folder(sid);
        private_folder(&folder)?;
        let entries = self.entries(sid)?;
        let number = entries.last().map_or(1, |last| last.number + 1);
        remove_orphans(&folder, &entries)?;
        let entry = SpoolEntry { sid: sid.clone(), scope: scope.clone(), intent, number };
        let data = self.file(&entry, "mpd");
        mp_durable::replace(&data, bytes, Readers::OwnerOnly).map_err(StateError::at("write", &data))?;
        self.write_entry(&entry)?;
        Ok(entry)
    }

    /// The user's entries, in order.
    ///
    /// # Errors
    /// When the spool cannot be read, or an entry is damaged.
    pub fn entries(&self, sid: &Sid) -> Result<Vec<SpoolEntry>, StateError> {
        let folder = self.folder(sid);
        let mut entries = Vec::new();
        for (number, extension, path) in numbered_files(&folder)? {
            if extension == "json" {
                let mut entry: SpoolEntry = read_json(&path)?;
                entry.number = number;
                entries.push(entry);
            }
        }
        entries.sort_by_key(|entry| entry.number);
        Ok(entries)
    }

    /// The users who have entries.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn users(&self) -> Result<Vec<Sid>, StateError> {
        let mut users = Vec::new();
        for name in names(&self.root)? {
            if let Ok(sid) = name.parse::<Sid>()
                && !self.entries(&sid)?.is_empty()
            {
                users.push(sid);
            }
        }
        users.sort();
        Ok(users)
    }

    /// The bytes of an entry's data set.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(&self, entry: &SpoolEntry) -> Result<Vec<u8>, StateError> {
        let path = self.file(entry, "mpd");
        fs::read(&path).map_err(StateError::at("read", &path))
    }

    /// Takes an entry out of the spool.
    ///
    /// # Errors
    /// When its files cannot be removed.
    pub fn remove(&self, entry: &SpoolEntry) -> Result<(), StateError> {
        for extension in ["json", "mpd"] {
            let path = self.file(entry, extension);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StateError { doing: "remove", path, source: error });
                }
                _ => {
                    mp_durable::sync_folder_of(&path).map_err(StateError::at("flush the folder of", &path))?
                }
            }
        }
        Ok(())
    }

    /// Sends one entry and takes it out of the spool once storage has acknowledged it.
    ///
    /// On a conflict the current data set is looked at: when it *is* this one (its acknowledgement was lost), or is the
    /// session's base under a new version, all is well. Otherwise another session was faster, and this data set is kept
    /// beside the current one.
    ///
    /// # Errors
    /// When storage did not acknowledge, or the spool cannot be read; then the entry stays.
    pub fn send(&self, entry: &SpoolEntry, store: &dyn DataSetStore) -> Result<Sent, SendError> {
        let bytes = self.read(entry)?;
        let sent = match &entry.intent {
            Intent::Quarantine { reason } => quarantine(entry, store, reason, &bytes)?,
            Intent::Replace { base, base_digest } => {
                let base = base.clone().map(VersionTag);
                match store.store(&entry.scope, &entry.sid, base.as_ref(), &bytes)? {
                    Stored::As(version) => Sent::Stored(version),
                    Stored::Conflict => resolve(entry, store, base_digest.as_deref(), &bytes)?,
                }
            }
        };
        self.remove(entry)?;
        Ok(sent)
    }

    /// Sends a user's entries in their order; after the first that stays, the others stay as well.
    pub fn send_user(&self, sid: &Sid, store: &dyn DataSetStore) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for entry in self.entries(sid).unwrap_or_default() {
            let bytes = self.read(&entry).map_or(0, |bytes| bytes.len());
            let result = self.send(&entry, store);
            let stays = result.is_err();
            deliveries.push(Delivery { entry, bytes, result });
            if stays {
                break;
            }
        }
        deliveries
    }

    fn write_entry(&self, entry: &SpoolEntry) -> Result<(), StateError> {
        let path = self.file(entry, "json");
        let text = serde_json::to_vec_pretty(entry)
            .map_err(io::Error::from)
            .map_err(StateError::at("write", &path))?;
        mp_durable::replace(&path, &text, Readers::OwnerOnly).map_err(StateError::at("write", &path))
    }

    fn folder(&self, sid: &Sid) -> PathBuf {
        self.root.join(sid.as_str())
    }

    fn file(&self, entry: &SpoolEntry, extension: &str) -> PathBuf {
        self.folder(&entry.sid).join(format!("{:08}.{extension}", entry.number))
    }
}

/// Why an entry is still in the spool.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The spool's own files failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// Storage did not acknowledge.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn resolve(
    entry: &SpoolEntry,
    store: &dyn DataSetStore,
    base_digest: Option<&str>,
    bytes: &[u8],
) -> Result<Sent, SendError> {
    if let Fetched::Data { version, bytes: current } = store.fetch(&entry.scope, &entry.sid, None)? {
        if current == bytes {
            return Ok(Sent::Stored(version));
        }
        if base_digest == Some(digest(&current).as_str())
            && let Stored::As(version) = store.store(&entry.scope, &entry.sid, Some(&version), bytes)?
        {
            return Ok(Sent::Stored(version));
        }
    }
    Ok(quarantine(entry, store, CONFLICT, bytes)?)
}

fn quarantine(
    entry: &SpoolEntry,
    store: &dyn DataSetStore,
    reason: &str,
    bytes: &[u8],
) -> Result<Sent, StoreError> {
    store.quarantine(&entry.scope, &entry.sid, reason, bytes)?;
    Ok(Sent::Quarantined(reason.to_owned()))
}

/// BLAKE3 of a data set's file, in hexadecimal.
#[must_use]
pub(crate) fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, StateError> {
    let text = fs::read(path).map_err(StateError::at("read", path))?;
    serde_json::from_slice(&text).map_err(io::Error::from).map_err(StateError::at("understand", path))
}

/// Removes the data sets that a crash left without an entry.
fn remove_orphans(folder: &Path, entries: &[SpoolEntry]) -> Result<(), StateError> {
    for (number, extension, path) in numbered_files(folder)? {
        if extension == "mpd" && !entries.iter().any(|entry| entry.number == number) {
            fs::remove_file(&path).map_err(StateError::at("remove", &path))?;
        }
    }
    Ok(())
}

/// Number, extension and path of the files named `<number>.<extension>` in a folder, which may be missing.
fn numbered_files(folder: &Path) -> Result<Vec<(u64, String, PathBuf)>, StateError> {
    let files = names(folder)?.into_iter().filter_map(|name| {
        let (number, extension) = name.split_once('.')?;
        Some((number.parse().ok()?, extension.to_owned(), folder.join(&name)))
    });
    Ok(files.collect())
}

fn names(folder: &Path) -> Result<Vec<String>, StateError> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(StateError::at("list", folder))?,
    };
    let mut names = Vec::new();
    for entry in listed {
        let entry = entry.map_err(StateError::at("list", folder))?;
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}
