//! The Agent's folder on disk: identity, plan, sessions, spool, reports.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use mp_profile::Sid;

use crate::spool::Spool;

/// The folder in which the Agent keeps what must outlive it.
///
/// ```text
/// identity/            key, certificate, authority, address of the console
/// plan.json            the plan as last received
/// sessions/<SID>/      what a session was given at logon
/// spool/<SID>/         what was exported and storage has not acknowledged
/// cache/<SID>/         the data sets that this host saw last
/// reports/<SID>/       reports of past sessions
/// reports-out/         reports that the console does not have yet
/// ```
///
/// Only the system and administrators may have rights on it: it holds the machine's key and users' data.
#[derive(Clone, Debug)]
pub struct StateFolder {
    root: PathBuf,
}

/// Between two tries to get a lock that somebody else has.
const LOCK_POLL: Duration = Duration::from_millis(20);

/// The entries of the state folder, but for the spool.
const ENTRIES: [&str; 9] =
    ["identity", "plan.json", "sessions", "cache", "reports", "reports-out", "locks", "logs", "install.json"];

/// The state folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} \"{}\"", path.display())]
pub struct StateError {
    /// What was being done.
    pub doing: &'static str,
    /// To which file or folder.
    pub path: PathBuf,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}

impl StateError {
    pub(crate) fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self { doing, path, source }
    }
}

impl StateFolder {
    /// Uses this folder, made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(root: &Path) -> Result<Self, StateError> {
        let state = Self { root: root.to_path_buf() };
        private_folder(&state.root)?;
        Ok(state)
    }

    /// Removes all that the Agent keeps, and the folder when nothing else is in it. A spool in which something waits for
    /// storage stays, and is told: those are users' settings that are nowhere else.
    ///
    /// # Errors
    /// When something cannot be removed; what was removed before is gone.
    pub fn remove(self) -> Result<Removed, StateError> {
        let waiting = Spool::new(self.spool()).users()?;
        let sent = waiting.is_empty().then_some("spool");
        for name in ENTRIES.into_iter().chain(sent) {
            let path = self.root.join(name);
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            unless_missing(removed).map_err(StateError::at("remove", &path))?;
        }
        if !waiting.is_empty() {
            return Ok(Removed::AllBut(waiting));
        }
        match fs::remove_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(Removed::All),
            removed => {
                unless_missing(removed).map_err(StateError::at("remove", &self.root))?;
                Ok(Removed::All)
            }
        }
    }

    /// Folder of the machine's identity.
    #[must_use]
    pub fn identity(&self) -> PathBuf {
        self.root.join("identity")
    }

    /// File of the cached plan.
    #[must_use]
    pub fn plan(&self) -> PathBuf {
        self.root.join("plan.json")
    }

    /// Folder of the spool.
    #[must_use]
    pub fn spool(&self) -> PathBuf {
        self.root.join("spool")
    }

    /// Folder of what a user's session was given at logon.
    #[must_use]
    pub fn session(&self, sid: &Sid) -> PathBuf {
        self.sessions().join(sid.as_str())
    }

    /// Folder of the folders of sessions.
    pub(crate) fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// Folder of the data sets of a user that were seen last.
    pub(crate) fn cache(&self, sid: &Sid) -> PathBuf {
        self.caches().join(sid.as_str())
    }

    pub(crate) fn caches(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// Folder of a user's session reports.
    #[must_use]
    pub fn reports(&self, sid: &Sid) -> PathBuf {
        self.root.join("reports").join(sid.as_str())
    }

    /// Folder of the reports that the console does not have yet.
    #[must_use]
    pub fn reports_out(&self) -> PathBuf {
        self.root.join("reports-out")
    }

    /// Waits until nobody else of the Agent works for this user, at most this long, and keeps others out until the lock is
    /// dropped.
    ///
    /// # Errors
    /// When the lock file cannot be made, or somebody else still works.
    pub fn lock(&self, sid: &Sid, within: Duration) -> Result<SessionLock, StateError> {
        let folder = self.root.join("locks");
        private_folder(&folder)?;
        let path = folder.join(sid.as_str());
        let file = File::create(&path).map_err(StateError::at("create the lock", &path))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(SessionLock(file)),
                Err(TryLockError::Error(error)) => return Err(StateError::at("lock", &path)(error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() >= within => {
                    let text = "other work for this user has not ended in time";
                    let error = io::Error::new(io::ErrorKind::TimedOut, text);
                    return Err(StateError::at("lock", &path)(error));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_POLL),
            }
        }
    }
}

/// What became of the state folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Removed {
    /// Nothing of the Agent's is left.
    All,
    /// The spool stays, for in it something of these users waits for storage.
    AllBut(Vec<Sid>),
}

/// Held while one process works for a user; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct SessionLock(#[expect(dead_code, reason = "closing the file releases the lock")] File);

fn unless_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Makes a folder that only its owner may enter (on Windows the access list of the state folder says who may).
pub(crate) fn private_folder(path: &Path) -> Result<(), StateError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(StateError::at("create the folder", path))
}
