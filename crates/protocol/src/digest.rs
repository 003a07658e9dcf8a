//! The header `Content-Digest` (RFC 9530) with `sha-256`: whether a body arrived as it was sent.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{Context, SHA256};

/// Name of the header.
pub const CONTENT_DIGEST: &str = "content-digest";

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    hasher.finish()
}

/// SHA-256 of bytes that come piece by piece.
#[derive(Clone)]
pub struct Hasher(Context);

impl Default for Hasher {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// All bytes were given.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

/// Value of the header for a body: `sha-256=:<base64>:`.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    header_value(&sha256(body))
}

/// Value of the header for a body with this SHA-256.
#[must_use]
pub fn header_value(sha256: &[u8; 32]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256))
}

/// Whether a body is what the header's value says. A value without `sha-256` says nothing and is refused.
#[must_use]
pub fn digest_matches(header: &str, body: &[u8]) -> bool {
    hash_matches(header, &sha256(body))
}

/// As [`digest_matches`], of a body with this SHA-256.
#[must_use]
pub fn hash_matches(header: &str, sha256: &[u8; 32]) -> bool {
    let expected = header_value(sha256);
    header.split(',').any(|member| member.trim() == expected)
}
