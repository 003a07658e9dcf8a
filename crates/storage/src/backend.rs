//! Where data sets are kept.

pub mod folder;
pub mod memory;

use std::{io, path::PathBuf, time::SystemTime};

use mp_dataset::Digest;
use mp_profile::{Scope, Sid, VersionTag};

use crate::DataSetFile;

/// Which data set: one user's of one scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// The scope.
    pub scope: Scope,
    /// The user.
    pub sid: Sid,
}

/// One version of a data set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version {
    /// Counts the versions of this data set from 1. It goes on after a deletion, so that no version tag comes twice for
    /// different contents.
    pub sequence: u64,
    /// The seal of the file.
    pub digest: Digest,
    /// Length of the file in bytes.
    pub len: u64,
}

impl Version {
    /// The version as an entity tag: `"<sequence>-<seal>"`.
    #[must_use]
    pub fn tag(&self) -> VersionTag {
        VersionTag(format!("\"{}-{}\"", self.sequence, self.digest))
    }
}

/// What a new version is based on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Base {
    /// On nothing: there must be no current version.
    Nothing,
    /// On this version, which must be the current one.
    Version(VersionTag),
}

impl Base {
    /// The answer to a replacement by a file of this digest, if what is current decides it; `None` if the file is to be put
    /// in its place. A file that is current already was sent again, whatever it is based on.
    #[must_use]
    pub fn answer(&self, current: Option<Version>, digest: Digest) -> Option<Replaced> {
        match (current, self) {
            (Some(version), _) if version.digest == digest => Some(Replaced::As { version, created: false }),
            (None, Self::Nothing) => None,
            (Some(version), Self::Version(tag)) if version.tag() == *tag => None,
            _ => Some(Replaced::Conflict),
        }
    }
}

/// Answer to [`Backend::read`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Read {
    /// There is none.
    None,
    /// The version held is the current one.
    NotModified(Version),
    /// The current version and its bytes, found intact.
    Data(Version, Vec<u8>),
}

/// Answer to [`Backend::replace`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replaced {
    /// The file is now, or was already, the current version.
    As {
        /// The current version.
        version: Version,
        /// Whether there was no current version before.
        created: bool,
    },
    /// The base is not the current version.
    Conflict,
}

/// Answer to [`Backend::remove`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Removed {
    /// There is no current version any more; what was current is a former version.
    Done,
    /// The base is not the current version.
    Conflict,
    /// There was none.
    None,
}

/// Why a data set was set aside, for the administrator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuarantineNote {
    /// The Agent's reason.
    pub reason: String,
    /// Name of the Agent Server.
    pub agent: String,
    /// When it came, by this server's clock.
    pub received: SystemTime,
}

/// Keeps data sets with their former versions.
///
/// The contract, which the conformance tests check for every implementation:
/// - What a call acknowledges survives a power cut. What it does not acknowledge is there wholly or not at all.
/// - Of several calls of [`Backend::replace`] or [`Backend::remove`] with the same base, one succeeds.
/// - A file that is current already is acknowledged whatever the base, and nothing is written: a client that did not get the
///   first acknowledgement may repeat its request.
/// - What is replaced or removed is kept as a former version; the newest `keep` of them stay.
/// - Calls block.
pub trait Backend: Send + Sync + 'static {
    /// The current version; `None` is said with authority.
    ///
    /// # Errors
    /// When it cannot be found out.
    fn version(&self, key: &Key) -> Result<Option<Version>, BackendError>;

    /// The current version and its bytes, unless it is the one `held`.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    fn read(&self, key: &Key, held: Option<&VersionTag>) -> Result<Read, BackendError>;

    /// Makes a file the current version if `base` is the current one.
    ///
    /// # Errors
    /// When it could not be made durable; the current version is as before.
    fn replace(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        keep: u32,
    ) -> Result<Replaced, BackendError>;

    /// Makes the current version a former one if it is `base`.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn remove(&self, key: &Key, base: &VersionTag, keep: u32) -> Result<Removed, BackendError>;

    /// Keeps a file beside the versions; one that is there already is not kept twice.
    ///
    /// # Errors
    /// When it could not be made durable, or when [`MAX_QUARANTINED`] are there.
    fn quarantine(&self, key: &Key, file: &DataSetFile, note: &QuarantineNote) -> Result<(), BackendError>;

    /// The former versions, newest first.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn former(&self, key: &Key) -> Result<Vec<Former>, BackendError>;
}

/// Most files in quarantine for one user and scope.
pub const MAX_QUARANTINED: usize = 100;

/// A version that is no longer current.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Former {
    /// Its sequence number.
    pub sequence: u64,
    /// Length of the file in bytes.
    pub len: u64,
}

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
    /// The current version is there and is not an intact data set file.
    #[error("\"{}\" is damaged; restore a former version from the folder beside it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: mp_dataset::DecodeError,
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
