use std::{error::Error, io, path::PathBuf};

use mp_profile::Sid;

use super::MAX_QUARANTINED;
use crate::at_rest::{Flaw, KeyError};

/// Why a backend could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The file system said no.
    #[error("cannot {doing} \"{}\"", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A database or an object store said no.
    #[error("cannot {doing} {what}")]
    Remote {
        /// What was being done.
        doing: &'static str,
        /// To what.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A version is there and is not an intact data set file.
    #[error(
        "\"{what}\" is damaged; `metaprofiles storage verify --repair` falls back to the newest intact version"
    )]
    Damaged {
        /// The file or object.
        what: String,
        /// Why.
        #[source]
        source: Flaw,
    },
    /// A version cannot be opened or sealed for want of a key. It is no damage, and nothing is done about it.
    #[error("cannot {doing} {what}")]
    Key {
        /// What was being done.
        doing: &'static str,
        /// To what.
        what: String,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The folder that holds everything has lost its marker: the disk is not mounted, or was exchanged.
    #[error("the base folder \"{}\" has lost its marker file; is its disk mounted?", .0.display())]
    BaseLost(PathBuf),
    /// A group has the name of the global folder.
    #[error("group \"{0}\" has the name of the global folder; rename one of them in the console")]
    GroupIsGlobalFolder(String),
    /// The quarantine is full.
    #[error("{MAX_QUARANTINED} data sets are in quarantine for {0}; look at them and delete them")]
    QuarantineFull(Sid),
}
