use mp_dataset::{DecodeError, Digest, Limits, check, decode};
use mp_profile::Sid;

/// A body that was found to be an intact data set file of the user it is sent for. Nothing else is ever stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataSetFile {
    bytes: Vec<u8>,
    digest: Digest,
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
    /// Checks a body: its seal, and, unless a later version of the software wrote it, all of its content and the user that
    /// it names.
    ///
    /// # Errors
    /// When it is not to be stored.
    pub fn verify(bytes: Vec<u8>, sid: &Sid) -> Result<Self, NotStorable> {
        let limits = Limits::default();
        let digest = check(&bytes, &limits).map_err(NotStorable::NotADataSet)?.digest;
        match decode(bytes.as_slice(), &limits) {
            Ok(verified) => {
                let named = &verified.data_set().origin.sid;
                if !named.is_empty() && named != sid.as_str() {
                    return Err(NotStorable::OtherUser(named.chars().take(200).collect()));
                }
            }
            // The seal stands: newer Agents may store what this server cannot decode yet.
            Err(DecodeError::Version { .. } | DecodeError::Requires { .. }) => {}
            Err(error) => return Err(NotStorable::NotADataSet(error)),
        }
        Ok(Self { bytes, digest })
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
}
