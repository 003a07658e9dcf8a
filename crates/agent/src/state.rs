//! The Agent's folder on disk: identity, plan, sessions, spool, reports.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use mp_profile::Sid;

/// The folder in which the Agent keeps what must outlive it.
///
/// ```text
/// identity/            key, certificate, authority, address of the console
/// plan.json            the plan as last received
/// sessions/<SID>/      what a session was given at logon
/// spool/<SID>/         what was exported and storage has not acknowledged
/// reports/<SID>/       reports of past sessions
/// reports-out/         reports that the console does not have yet
/// ```
///
/// Only the system and administrators may have rights on it: it holds the machine's key and users' data.
#[derive(Clone, Debug)]
pub struct StateFolder {
    root: PathBuf,
}

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
        self.root.join("sessions").join(sid.as_str())
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

    /// Waits until no other process of the Agent works for this user, and keeps others out until the lock is dropped.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub fn lock(&self, sid: &Sid) -> Result<SessionLock, StateError> {
        let folder = self.root.join("locks");
        private_folder(&folder)?;
        let path = folder.join(sid.as_str());
        let file = File::create(&path).map_err(StateError::at("create the lock", &path))?;
        file.lock().map_err(StateError::at("lock", &path))?;
        Ok(SessionLock(file))
    }
}

/// Held while one process works for a user; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct SessionLock(#[expect(dead_code, reason = "closing the file releases the lock")] File);

/// Makes a folder that only its owner may enter (on Windows the access list of the state folder says who may).
pub(crate) fn private_folder(path: &Path) -> Result<(), StateError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(StateError::at("create the folder", path))
}
