//! Data sets that were exported and that storage has not acknowledged yet.
//!
//! An entry is one file `<number>.entry` in its user's folder. It is written and removed in one step each, so that a crash
//! leaves it whole or not there at all. Numbers grow; entries of one user and scope are sent in their order.

mod entry;
mod room;
mod rules;
mod send;
mod settle;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mp_dataset::{Limits, check};
use mp_durable::TEMPORARY_SUFFIX;
use mp_profile::{Scope, Sid, VersionTag};

use crate::state::{StateError, private_folder};
pub use entry::{Intent, SpoolEntry};
pub use room::{DEFAULT_LIMIT, Room};
pub use rules::ConflictRules;
pub use send::{Deliveries, Delivery, SendError, Sent};
pub use settle::{CONFLICT, NOT_FIRST, OVERRIDDEN};
pub(crate) use settle::{Parcel, deliver};

const EXTENSION: &str = "entry";

/// The spool of one Agent.
#[derive(Clone, Debug)]
pub struct Spool {
    root: PathBuf,
    limit: u64,
}

/// A data set that is to be put into the spool.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// The user.
    pub sid: &'a Sid,
    /// The scope.
    pub scope: &'a Scope,
    /// What is to happen to it.
    pub intent: Intent,
    /// Its file.
    pub bytes: &'a [u8],
    /// The file of the data set that it was made from, for a merge.
    pub base: Option<&'a [u8]>,
    /// Random name of the session that exported it, where that is known.
    pub session: Option<String>,
    /// What counts when another session changed the same.
    pub rules: ConflictRules,
    /// Seals of the spooled data sets whose place it takes, and of those whose place they took.
    pub took_over: Vec<String>,
    /// The version of storage that what it was made from is in, where that is known and is not its base.
    pub after: Option<String>,
}

impl<'a> NewEntry<'a> {
    /// A data set of which nothing else is known.
    #[must_use]
    pub fn new(sid: &'a Sid, scope: &'a Scope, intent: Intent, bytes: &'a [u8]) -> Self {
        let rules = ConflictRules::default();
        let (base, session, took_over, after) = (None, None, Vec::new(), None);
        Self { sid, scope, intent, bytes, base, session, rules, took_over, after }
    }

    /// As an entry that is nowhere yet.
    pub(crate) fn entry(&self) -> SpoolEntry {
        SpoolEntry {
            sid: self.sid.clone(),
            scope: self.scope.clone(),
            intent: self.intent.clone(),
            session: self.session.clone(),
            rules: self.rules.clone(),
            unanswered: false,
            merging: false,
            merges: Vec::new(),
            took_over: self.took_over.clone(),
            after: self.after.clone(),
            base_bytes: self.base.map_or(0, entry::len),
            bytes: entry::len(self.bytes),
            number: 0,
        }
    }
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
    /// Uses this folder, which is made when something is put into it, up to [`DEFAULT_LIMIT`].
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root, limit: DEFAULT_LIMIT }
    }

    /// Puts a data set into the spool. When this returns it survives a crash.
    ///
    /// `instead` are entries whose place it takes. They are removed once it is there; one that a crash leaves is removed
    /// when the user's entries are sent.
    ///
    /// # Errors
    /// When it cannot be written, or the spool is full; then it is not in the spool, and the others still are.
    pub fn put(&self, new: &NewEntry<'_>, instead: &[SpoolEntry]) -> Result<SpoolEntry, StateError> {
        let folder = self.folder(new.sid);
        private_folder(&folder)?;
        let last = self.clean(&folder)?;
        let entry = SpoolEntry { number: last + 1, ..new.entry() };
        self.check_room(&entry, instead)?;
        let path = self.file(&entry);
        entry::write(&path, &entry, new.base.unwrap_or_default(), new.bytes)
            .map_err(StateError::at("write", &path))?;
        for former in instead {
            if let Err(error) = self.remove(former) {
                tracing::warn!(%error, "An entry of the spool stays, though another one took its place");
            }
        }
        Ok(entry)
    }

    /// What waits of a user.
    ///
    /// # Errors
    /// When the user's folder cannot be listed.
    pub fn of(&self, sid: &Sid) -> Result<Waiting, StateError> {
        let mut waiting = Waiting::default();
        for (number, path) in entry_files(&self.folder(sid))? {
            match entry::read(&path) {
                Ok((entry, _)) if entry.sid == *sid => waiting.entries.push(SpoolEntry { number, ..entry }),
                Ok(_) => waiting.damaged.push(StateError::at("use", &path)(io::Error::other(
                    "it is another user's entry in this user's folder",
                ))),
                // Another process has sent it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => waiting.damaged.push(StateError::at("understand", &path)(error)),
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
        let path = self.file(entry);
        entry::read_data(&path, entry).map_err(StateError::at("read", &path))
    }

    /// The bytes of the data set that an entry's was made from; `None` when there was none or it is not known.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read_base(&self, entry: &SpoolEntry) -> Result<Option<Vec<u8>>, StateError> {
        let path = self.file(entry);
        let base = entry::read_base(&path, entry).map_err(StateError::at("read", &path))?;
        Ok(Some(base).filter(|base| !base.is_empty()))
    }

    /// Takes an entry out of the spool.
    ///
    /// # Errors
    /// When its file cannot be removed.
    pub fn remove(&self, entry: &SpoolEntry) -> Result<(), StateError> {
        let path = self.file(entry);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StateError { doing: "remove", path, source: error })
            }
            _ => mp_durable::sync_folder_of(&path).map_err(StateError::at("flush the folder of", &path)),
        }
    }

    /// Notes that a merge of the entry, of this seal, is sent from now on.
    fn mark_merging(&self, entry: &SpoolEntry, seal: &str) -> Result<(), StateError> {
        let path = self.file(entry);
        let (before, _) = entry::read(&path).map_err(StateError::at("read", &path))?;
        if before.merging && before.merges.iter().any(|sent| sent == seal) {
            return Ok(());
        }
        let (base, bytes) = (self.read_base(entry)?.unwrap_or_default(), self.read(entry)?);
        let merges = before.merges.iter().cloned().chain([seal.to_owned()]).collect();
        let marked = SpoolEntry { merging: true, merges, ..before };
        entry::write(&path, &marked, &base, &bytes).map_err(StateError::at("write", &path))
    }

    /// Notes that the entry was sent and that no answer came.
    fn mark_unanswered(&self, entry: &SpoolEntry) -> Result<(), StateError> {
        if entry.unanswered || !entry.intent.replaces() {
            return Ok(());
        }
        let (base, bytes) = (self.read_base(entry)?.unwrap_or_default(), self.read(entry)?);
        let path = self.file(entry);
        let marked = SpoolEntry { unanswered: true, ..entry.clone() };
        entry::write(&path, &marked, &base, &bytes).map_err(StateError::at("write", &path))
    }

    /// An entry as its file has it now.
    fn as_it_is(&self, entry: &SpoolEntry) -> Result<SpoolEntry, StateError> {
        let path = self.file(entry);
        let (now, _) = entry::read(&path).map_err(StateError::at("read", &path))?;
        Ok(SpoolEntry { number: entry.number, ..now })
    }

    /// Notes with the entries that were made from this one which version of storage it is in from now on.
    fn mark_after(&self, entry: &SpoolEntry, bytes: &[u8], version: &VersionTag) -> Result<(), StateError> {
        let own = digest(bytes);
        let follows = |later: &SpoolEntry| {
            let base = match &later.intent {
                Intent::Replace { base: None, base_digest, .. } => base_digest.as_ref(),
                _ => None,
            };
            later.scope == entry.scope && later.number > entry.number && base == Some(&own)
        };
        for later in self.of(&entry.sid)?.entries.into_iter().filter(follows) {
            let (base, bytes) = (self.read_base(&later)?.unwrap_or_default(), self.read(&later)?);
            let path = self.file(&later);
            let marked = SpoolEntry { after: Some(version.0.clone()), ..later };
            entry::write(&path, &marked, &base, &bytes).map_err(StateError::at("write", &path))?;
        }
        Ok(())
    }

    /// Removes files that were being written when a crash came. Says the highest number of the entries, damaged ones
    /// included.
    fn clean(&self, folder: &Path) -> Result<u64, StateError> {
        for name in names(folder)?.iter().filter(|name| name.ends_with(TEMPORARY_SUFFIX)) {
            let path = folder.join(name);
            fs::remove_file(&path).map_err(StateError::at("remove", &path))?;
        }
        Ok(entry_files(folder)?.into_iter().map(|(number, _)| number).max().unwrap_or(0))
    }

    fn folder(&self, sid: &Sid) -> PathBuf {
        self.root.join(sid.as_str())
    }

    fn file(&self, entry: &SpoolEntry) -> PathBuf {
        self.folder(&entry.sid).join(format!("{:08}.{EXTENSION}", entry.number))
    }
}

/// BLAKE3 of a data set's file, in hexadecimal.
#[must_use]
pub(crate) fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The seal of a data set's file, in hexadecimal, by which storage names it; `None` when it is none.
#[must_use]
pub(crate) fn seal(bytes: &[u8]) -> Option<String> {
    check(bytes, &Limits::default()).ok().map(|header| header.digest.to_string())
}

/// Number and path of the entries in a folder, which may be missing.
fn entry_files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, StateError> {
    let files = names(folder)?.into_iter().filter_map(|name| {
        let number = name.strip_suffix(EXTENSION)?.strip_suffix('.')?.parse().ok()?;
        Some((number, folder.join(&name)))
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
