use mp_dataset::{DecodeError, Digest, Intact, Limits};
use mp_profile::Sid;

use crate::{Code, Refusal, refusal::chain};

/// Content of at most this many bytes is decoded on arrival. It is that of all but a few users, and costs a few milliseconds;
/// of a longer one the head alone is decoded, so that a request takes no more memory than its body.
pub const FULL_CHECK: u64 = 16 * 1024 * 1024;

/// A body that was found to be an intact data set file of the user it is sent for. Nothing else is ever stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataSetFile {
    bytes: Vec<u8>,
    digest: Digest,
    owner: Option<Box<str>>,
}

/// Why a body is not stored.
#[derive(Debug, thiserror::Error)]
pub enum NotStorable {
    /// It is not an intact data set file within the limits.
    #[error("the body is not an intact data set file")]
    NotADataSet(#[source] DecodeError),
    /// It names another user than the path.
    #[error("the data set was exported from the profile of {0}, another user than it is sent for")]
    OtherUser(String),
}

impl DataSetFile {
    /// Checks a body: its seal and the user that it names, and its content up to [`FULL_CHECK`] bytes of it. Of a file that
    /// a later version of the software wrote only the seal can be checked: newer Agents may store what this server cannot
    /// decode yet.
    ///
    /// # Errors
    /// When it is not to be stored.
    pub fn verify(bytes: Vec<u8>, sid: &Sid) -> Result<Self, NotStorable> {
        let limits = Limits::default();
        let intact = Intact::check(&bytes, &limits).map_err(NotStorable::NotADataSet)?;
        let digest = intact.header().digest;
        let origin = match intact.header().content_len {
            ..=FULL_CHECK => intact.check_content(&limits),
            _ => intact.origin(&limits),
        };
        let owner = match origin {
            Ok(origin) if !origin.sid.is_empty() && origin.sid != sid.as_str() => {
                return Err(NotStorable::OtherUser(origin.sid.chars().take(200).collect()));
            }
            Ok(origin) => (!origin.sid.is_empty()).then(|| origin.sid.into()),
            Err(DecodeError::Version { .. } | DecodeError::Requires { .. }) => None,
            Err(error) => return Err(NotStorable::NotADataSet(error)),
        };
        Ok(Self { bytes, digest, owner })
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its seal.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The user whom it names; `None` where it names nobody, or this software cannot decode it.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }
}

/// The answer to a body that is not stored.
pub(crate) fn refused(error: &NotStorable) -> Refusal {
    match error {
        NotStorable::NotADataSet(_) => Refusal::new(Code::NotADataSet, chain(error)),
        NotStorable::OtherUser(_) => Refusal::new(Code::OtherUser, error.to_string()),
    }
}
