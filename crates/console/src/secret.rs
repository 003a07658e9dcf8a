//! Randomness, and secrets that machines make: long enough that a plain hash of them can be stored and looked up.

use std::fmt;

use mp_protocol::{MachineId, digest::sha256};

use crate::domain::Refusal;

/// A text that must not be shown but where it is meant to be.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::internal(error.to_string()))?;
    Ok(bytes)
}

/// A new identity for a row.
pub(crate) fn new_id() -> Result<String, Refusal> {
    Ok(hexadecimal(&random::<16>()?))
}

/// A new identity for a machine.
pub(crate) fn new_machine_id() -> Result<MachineId, Refusal> {
    Ok(MachineId::from_random(random()?))
}

/// A new token for a session, of 256 random bits.
pub(crate) fn new_session_token() -> Result<Secret, Refusal> {
    Ok(Secret::new(format!("mps1.{}", hexadecimal(&random::<32>()?))))
}

/// What API tokens begin with; those of sessions begin otherwise.
const ACCESS_TOKEN: &str = "mpt1.";

/// A new API token, of 256 random bits.
pub(crate) fn new_access_token() -> Result<Secret, Refusal> {
    Ok(Secret::new(format!("{ACCESS_TOKEN}{}", hexadecimal(&random::<32>()?))))
}

/// Whether a token is an API token.
pub(crate) fn is_access_token(token: &str) -> bool {
    token.starts_with(ACCESS_TOKEN)
}

/// A new password for the first administrator, of 120 random bits, easy to read and type.
pub(crate) fn new_password() -> Result<Secret, Refusal> {
    Ok(legible(&random::<24>()?, 6))
}

/// A new recovery code, of 80 random bits, easy to read and type.
pub(crate) fn new_recovery_code() -> Result<Secret, Refusal> {
    Ok(legible(&random::<16>()?, 4))
}

/// Five bits of each byte as a letter or digit, in groups.
fn legible(bytes: &[u8], group: usize) -> Secret {
    // Without letters and digits that look alike.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    let groups: Vec<String> = bytes.chunks(group).map(|group| group.iter().map(letter).collect()).collect();
    Secret::new(groups.join("-"))
}

/// What is stored of a token, and by which it is found. Looking it up by the hash tells a stranger nothing by timing.
pub(crate) fn stored_hash(token: &str) -> String {
    hexadecimal(&sha256(token.as_bytes()))
}

/// Lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
