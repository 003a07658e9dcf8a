//! Data sets that were exported and that storage has not acknowledged yet.
//!
//! An entry is two files: `<number>.mpd`, the data set, and `<number>.json`, what is to happen to it. The second is
//! written last and removed first, so an entry is there exactly when its `.json` is. Numbers grow; entries of one user and
//! scope are sent in their order.

mod send;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use mp_durable::{Readers, TEMPORARY_SUFFIX};
use mp_profile::{Scope, Sid};
use serde::{Deserialize, Serialize};

use crate::state::{StateError, private_folder};
pub(crate) use send::deliver;
pub use send::{CONFLICT, Deliveries, Delivery, NOT_FIRST, SendError, Sent};

/// The spool of one Agent.
#[derive(Clone, Debug)]
pub struct Spool {
    root: PathBuf,
}

/// What storage shall do with a spooled data set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Make it the current one, if the current one is still what it was made from.
    Replace {
        /// Version that the session started from; `None` when storage had none.
        base: Option<String>,
        /// BLAKE3 of the base's file, in hexadecimal, by which the base is known again under another version.
        base_digest: Option<String>,
        /// BLAKE3 of the spooled data sets whose place it took. One of them may have been stored, its acknowledgement lost.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        superseded: Vec<String>,
    },
    /// Make it the first data set of the user and scope; keep it beside if there is one.
    First,
    /// Keep it beside the current one.
    Quarantine {
        /// Why it may not replace the current one.
        reason: String,
    },
}

impl Intent {
    /// Whether it continues what was stored; what does not is only kept.
    pub(crate) fn replaces(&self) -> bool {
        matches!(self, Self::Replace { .. })
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replace { base: Some(base), .. } => write!(f, "to replace version {base}"),
            Self::Replace { base: None, .. } | Self::First => f.write_str("to become the first data set"),
            Self::Quarantine { reason } => write!(f, "to be kept beside the stored data set: {reason}"),
        }
    }
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

/// What waits of one user.
#[derive(Debug, Default)]
pub struct Waiting {
    /// The entries, in order.
    pub entries: Vec<SpoolEntry>,
    /// Entries that cannot be understood. They are left where they are, and hold up nothing.
    pub damaged: Vec<StateError>,
}

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
        let last = remove_orphans(&folder)?;
        let entry = SpoolEntry { sid: sid.clone(), scope: scope.clone(), intent, number: last + 1 };
        let data = self.file(&entry, "mpd");
        mp_durable::replace(&data, bytes, Readers::OwnerOnly).map_err(StateError::at("write", &data))?;
        self.write_entry(&entry)?;
        Ok(entry)
    }

    /// What waits of a user.
    ///
    /// # Errors
    /// When the user's folder cannot be listed.
    pub fn of(&self, sid: &Sid) -> Result<Waiting, StateError> {
        let mut waiting = Waiting::default();
        for (number, extension, path) in numbered_files(&self.folder(sid))? {
            if extension == "json" {
                match read_entry(&path) {
                    Ok(entry) if entry.sid == *sid => waiting.entries.push(SpoolEntry { number, ..entry }),
                    Ok(_) => waiting.damaged.push(StateError::at("use", &path)(io::Error::other(
                        "it is another user's entry in this user's folder",
                    ))),
                    Err(error) => waiting.damaged.push(error),
                }
            }
        }
        waiting.entries.sort_by_key(|entry| entry.number);
        Ok(waiting)
    }

    /// The users of whom something waits, damaged entries included.
    ///
    /// # Errors
    /// When the spool's folder cannot be listed.
    pub fn users(&self) -> Result<Vec<Sid>, StateError> {
        let users = names(&self.root)?.into_iter().filter_map(|name| name.parse::<Sid>().ok());
        // A folder that cannot be listed is named, so that whoever sends it says so.
        let waits =
            |sid: &Sid| self.of(sid).map_or(true, |of| !of.entries.is_empty() || !of.damaged.is_empty());
        let mut users: Vec<Sid> = users.filter(waits).collect();
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

/// BLAKE3 of a data set's file, in hexadecimal.
#[must_use]
pub(crate) fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn read_entry(path: &Path) -> Result<SpoolEntry, StateError> {
    let text = fs::read(path).map_err(StateError::at("read", path))?;
    serde_json::from_slice(&text).map_err(io::Error::from).map_err(StateError::at("understand", path))
}

/// Removes what a crash left: data sets without an entry, and files that were being written. Says the highest number of the
/// entries, damaged ones included.
fn remove_orphans(folder: &Path) -> Result<u64, StateError> {
    let files = numbered_files(folder)?;
    let numbers: Vec<u64> =
        files.iter().filter(|(_, extension, _)| extension == "json").map(|(number, ..)| *number).collect();
    for (number, extension, path) in files {
        if extension.ends_with(TEMPORARY_SUFFIX) || (extension == "mpd" && !numbers.contains(&number)) {
            fs::remove_file(&path).map_err(StateError::at("remove", &path))?;
        }
    }
    Ok(numbers.into_iter().max().unwrap_or(0))
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
