//! Stores of data sets, as the engine sees them.

use mp_dataset::Digest;

use crate::{Scope, Sid};

/// The version of a stored data set: an opaque text that storage gives and compares (an HTTP entity tag).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct VersionTag(pub String);

/// Where data sets are kept: the Storage Service, or a test's memory.
pub trait DataSetStore {
    /// The current data set of a user and scope. [`Fetched::NotModified`] is said only of the version `held`.
    ///
    /// # Errors
    /// When storage does not say what it has.
    fn fetch(&self, scope: &Scope, sid: &Sid, held: Option<HeldVersion<'_>>) -> Result<Fetched, StoreError>;

    /// The current data sets of several scopes, in their order; a store that can answers in one round trip.
    ///
    /// # Errors
    /// When storage does not say what it has of any of them.
    fn fetch_all(
        &self,
        sid: &Sid,
        wanted: &[(Scope, Option<HeldVersion<'_>>)],
    ) -> Result<Vec<Fetched>, StoreError> {
        wanted.iter().map(|(scope, held)| self.fetch(scope, sid, *held)).collect()
    }

    /// The current data set, of a server that has had a version: of several servers one may not have taken it over yet, and
    /// what that one has is older.
    ///
    /// # Errors
    /// As [`DataSetStore::fetch`]; when such a server does not answer.
    fn fetch_following(&self, scope: &Scope, sid: &Sid, _: &VersionTag) -> Result<Fetched, StoreError> {
        self.fetch(scope, sid, None)
    }

    /// Whether the server that has answered last for a scope has had a version.
    ///
    /// # Errors
    /// When storage does not say.
    fn has_had(&self, _: &Scope, _: &Sid, _: &VersionTag) -> Result<bool, StoreError> {
        Ok(true)
    }

    /// Makes `bytes` the current data set, if the current one is still `base` (`None`: if there is none).
    ///
    /// # Errors
    /// When storage did not acknowledge; the data set may or may not be stored.
    fn store(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: Option<&VersionTag>,
        bytes: &[u8],
    ) -> Result<Stored, StoreError>;

    /// As [`DataSetStore::store`], with what storage shall note of the new version.
    ///
    /// # Errors
    /// When storage did not acknowledge; the data set may or may not be stored.
    fn upload(&self, scope: &Scope, sid: &Sid, upload: &Upload<'_>) -> Result<Stored, StoreError> {
        self.store(scope, sid, upload.base, upload.bytes)
    }

    /// The versions that storage knows of a data set, newest first, those included whose content it no longer keeps. By them an
    /// Agent finds out whether an upload was stored whose acknowledgement it did not get.
    ///
    /// # Errors
    /// When storage does not say; [`StoreError::Refused`] when it keeps no such list.
    fn known_versions(&self, scope: &Scope, sid: &Sid) -> Result<Vec<KnownVersion>, StoreError>;

    /// The file of a version, not yet verified; `None` when its content is not kept.
    ///
    /// # Errors
    /// When storage does not say.
    fn version_bytes(
        &self,
        scope: &Scope,
        sid: &Sid,
        version: &VersionTag,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps `bytes` beside the current data set without replacing it, for the administrator to look at.
    ///
    /// # Errors
    /// When storage did not acknowledge.
    fn quarantine(&self, scope: &Scope, sid: &Sid, reason: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// Which server has answered last for a scope, and whether it is the first one that was to be asked; `None` where there is
    /// only one, or none was asked.
    fn answered_by(&self, _: &Scope) -> Option<(String, bool)> {
        None
    }
}

/// A version that whoever asks has already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldVersion<'a> {
    /// Its name.
    pub version: &'a VersionTag,
    /// Its file, where it is at hand: then only what changed since needs to travel.
    pub file: Option<&'a [u8]>,
}

impl<'a> From<&'a VersionTag> for HeldVersion<'a> {
    /// Of which only the name is known.
    fn from(version: &'a VersionTag) -> Self {
        Self { version, file: None }
    }
}

/// A data set that is to become the current one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upload<'a> {
    /// The version that it was made from; `None` if there was none.
    pub base: Option<&'a VersionTag>,
    /// The file of that version, where it is at hand: then only what changed needs to be sent.
    pub base_file: Option<&'a [u8]>,
    /// Its file.
    pub bytes: &'a [u8],
    /// The session that exported it, as reports name it.
    pub session: Option<&'a str>,
    /// What a merge overrode, in words.
    pub notes: Option<String>,
}

/// A version that storage knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownVersion {
    /// Its name.
    pub version: VersionTag,
    /// The seal of its file.
    pub seal: Digest,
}

/// Answer to [`DataSetStore::fetch`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fetched {
    /// Storage says with authority that there is none.
    None,
    /// The version that the caller holds is the current one.
    NotModified,
    /// The current data set, as a `.mpd` file, not yet verified.
    Data {
        /// Its version.
        version: VersionTag,
        /// The file's bytes.
        bytes: Vec<u8>,
    },
}

/// Answer to [`DataSetStore::store`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stored {
    /// Stored durably, as this version.
    As(VersionTag),
    /// Another session was faster: the current version is no longer the base.
    Conflict,
}

/// Why storage did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It could not be reached in time; asking again later may help.
    #[error("cannot reach storage server {server}: {text}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// Why, in the words of the network layer.
        text: String,
        /// Whether the request may have reached it all the same, so that what was to be stored may be.
        may_be_done: bool,
    },
    /// It refused; asking again does not help.
    #[error("storage server {server} refused: {text}")]
    Refused {
        /// Host and port.
        server: String,
        /// Its reason.
        text: String,
    },
}
