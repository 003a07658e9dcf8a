use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::digest::sha256;

/// What an administrator carries from the console to a machine that shall join the farm.
///
/// Text form: `mpj1.<secret>.<authority>`, both parts 32 bytes in base64url without padding; the second one is the SHA-256
/// of the authority's certificate (DER), by which the machine knows the right console.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    secret: JoinSecret,
    authority: [u8; 32],
}

/// The secret part of a join token. Printing shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinSecret([u8; 32]);

/// A text is not a join token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "this is not a join token: expected mpj1.SECRET.AUTHORITY as the console shows it; copy it again, without spaces"
)]
pub struct InvalidJoinToken;

impl JoinToken {
    const PREFIX: &str = "mpj1";

    /// From 32 random bytes and the authority's certificate (DER).
    #[must_use]
    pub fn new(secret: [u8; 32], authority_certificate: &[u8]) -> Self {
        Self { secret: JoinSecret(secret), authority: sha256(authority_certificate) }
    }

    /// The secret part, which the console checks.
    #[must_use]
    pub fn secret(&self) -> &JoinSecret {
        &self.secret
    }

    /// SHA-256 of the authority's certificate (DER).
    #[must_use]
    pub fn authority(&self) -> [u8; 32] {
        self.authority
    }

    /// The whole token as text, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{}.{}.{}", Self::PREFIX, self.secret.reveal(), URL_SAFE_NO_PAD.encode(self.authority))
    }
}

impl JoinSecret {
    /// The secret as text, as it travels in [`crate::EnrolRequest::secret`].
    #[must_use]
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// SHA-256 of the secret: all that the console keeps of it. The secret is random and long, so a plain hash is enough,
    /// and looking it up by its hash tells a stranger nothing by timing.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }
}

impl FromStr for JoinToken {
    type Err = InvalidJoinToken;

    fn from_str(text: &str) -> Result<Self, InvalidJoinToken> {
        let mut parts = text.trim().split('.');
        let (Some(Self::PREFIX), Some(secret), Some(authority), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidJoinToken);
        };
        Ok(Self { secret: secret.parse()?, authority: decode(authority)? })
    }
}

impl FromStr for JoinSecret {
    type Err = InvalidJoinToken;

    fn from_str(text: &str) -> Result<Self, InvalidJoinToken> {
        decode(text).map(Self)
    }
}

fn decode(text: &str) -> Result<[u8; 32], InvalidJoinToken> {
    let mut bytes = [0; 32];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(32) => Ok(bytes),
        _ => Err(InvalidJoinToken),
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinToken({}.***.{})", Self::PREFIX, URL_SAFE_NO_PAD.encode(self.authority))
    }
}

impl fmt::Debug for JoinSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinSecret(***)")
    }
}
