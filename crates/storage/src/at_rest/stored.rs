use mp_dataset::{DecodeError, Digest, HEADER_LEN, Header, Limits};

use super::{
    Envelope, EnvelopeError,
    envelope::{self, HEAD},
    is_sealed,
};

/// Bytes from which [`Stored::parse`] knows what is stored.
pub(crate) const STORED_HEAD: usize = if HEAD > HEADER_LEN { HEAD } else { HEADER_LEN };

/// What the beginning of a stored file tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Seal of the data set file.
    pub digest: Digest,
    /// Bytes of the data set file.
    pub len: u64,
    /// Bytes that are stored.
    pub stored_len: u64,
    /// The header of the envelope, when it is sealed.
    pub envelope: Option<Envelope>,
}

/// What is wrong with a stored file.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// It is no intact data set file.
    #[error(transparent)]
    DataSet(#[from] DecodeError),
    /// It is no intact sealed file, or one of somebody else.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl Stored {
    /// Reads the beginning of a stored file, sealed or not. Nothing of it is to be believed yet.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(head: &[u8]) -> Result<Self, Flaw> {
        if is_sealed(head) {
            let envelope = Envelope::parse(head)?;
            let Envelope { digest, len, .. } = envelope;
            return Ok(Self { digest, len, stored_len: envelope.sealed_len(), envelope: Some(envelope) });
        }
        let header = Header::parse(head)?;
        Ok(Self {
            digest: header.digest,
            len: header.file_len(),
            stored_len: header.file_len(),
            envelope: None,
        })
    }

    /// No stored file is longer, in bytes.
    #[must_use]
    pub fn max_len() -> u64 {
        envelope::max_sealed_len(Limits::default().body)
    }
}
