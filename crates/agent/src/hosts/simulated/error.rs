use std::{
    io,
    path::{Path, PathBuf},
};

/// Something that the simulated machine could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The system refused.
    #[error("cannot {doing} {path}", path = .path.display())]
    Io {
        /// What was being done: `read`, `copy`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A text file of the simulation is not what it should be.
    #[error("{path} is not well-formed", path = .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A hive could not be read or saved.
    #[error(transparent)]
    Hive(#[from] mp_hive::FileError),
    /// A registry cannot be written as a hive.
    #[error("cannot make a hive for {path}", path = .path.display())]
    MakeHive {
        /// The hive's file.
        path: PathBuf,
        /// Why.
        #[source]
        source: mp_hive::WriteError,
    },
    /// There is no hive in a profile folder.
    #[error("{path} holds neither NTUSER.MAN nor NTUSER.DAT; make the profile with create_mandatory first", path = .0.display())]
    NoHive(PathBuf),
    /// A link, a device or the like is where a folder or plain file should be.
    #[error("{path} is neither a folder nor a plain file", path = .0.display())]
    NotPlain(PathBuf),
    /// A user's name cannot be the name of a folder.
    #[error("\"{user}\" cannot be the name of a profile folder: {why}")]
    UserName {
        /// The name.
        user: String,
        /// Why.
        why: &'static str,
    },
    /// Another user has a profile in the folder of this name.
    #[error("another user already has the profile folder \"{user}\" on this host")]
    NameTaken {
        /// The name.
        user: String,
    },
}

/// Says what was being done to what when a system call failed.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, SimulationError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, SimulationError> {
        self.map_err(|source| SimulationError::Io { doing, path: path.to_owned(), source })
    }
}
