use mp_dataset::Digest;
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::etag::number_and_seal;

use super::Stamp;
use crate::{DataSetFile, NotStorable};

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
    /// Number of the damaged version in whose place it is current. What is based on that one may replace it: it holds
    /// nothing that the damaged one did not continue.
    pub stands_in_for: Option<u64>,
}

impl Version {
    /// The version of a file under a number.
    #[must_use]
    pub fn new(sequence: u64, file: &DataSetFile) -> Self {
        let len = u64::try_from(file.bytes().len()).unwrap_or(u64::MAX);
        Self { sequence, digest: file.digest(), len, stands_in_for: None }
    }

    /// The version as an entity tag: `"<sequence>-<seal>"`.
    #[must_use]
    pub fn tag(&self) -> VersionTag {
        VersionTag(format!("\"{}-{}\"", self.sequence, self.digest))
    }

    /// Sequence number and seal of an entity tag; `None` when it is none of ours.
    #[must_use]
    pub fn parse(tag: &VersionTag) -> Option<(u64, Digest)> {
        number_and_seal(&tag.0)
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
            (Some(Version { stands_in_for: Some(damaged), .. }), _) if self.sequence() == Some(damaged) => {
                None
            }
            _ => Some(Replaced::Conflict),
        }
    }

    /// The sequence number of the version.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        match self {
            Self::Nothing => None,
            Self::Version(tag) => Version::parse(tag).map(|(sequence, _)| sequence),
        }
    }
}

impl Base {
    /// Whether a version may be adopted on it, where the last one has this number.
    #[must_use]
    pub(super) fn allows(&self, current: Option<Version>, last: u64, number: u64) -> bool {
        let is_current = match (current, self) {
            (None, Self::Nothing) => true,
            (Some(version), Self::Version(tag)) => version.tag() == *tag,
            _ => false,
        };
        is_current && number > last
    }
}

/// What is known of a version of another store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Adoption<'a> {
    /// Its number.
    pub number: u64,
    /// Tag of the version that it replaced there.
    pub base: Option<&'a str>,
    /// How it came.
    pub stamp: &'a Stamp,
}

/// Answer to [`Backend::read`](super::Backend::read).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Read {
    /// There is none.
    None,
    /// The version held is the current one.
    NotModified(Version),
    /// The current version and its bytes, found intact: their seal is the version's.
    Data(Version, Vec<u8>),
}

/// Answer to [`Backend::replace`](super::Backend::replace).
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

/// Answer to [`Backend::remove`](super::Backend::remove).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Removed {
    /// There is no current version any more; what was current is a former version.
    Done,
    /// The base is not the current version.
    Conflict,
    /// There was none.
    None,
}

/// Answer to [`Backend::restore`](super::Backend::restore) and [`Backend::accept`](super::Backend::accept).
#[derive(Debug)]
pub enum Restored {
    /// What [`Backend::replace`](super::Backend::replace) says.
    Replaced(Replaced),
    /// There is no such version or file.
    NoSuch,
    /// The file is damaged, or another user's.
    NotStorable(NotStorable),
}
