//! The header `Content-Digest` (RFC 9530) with `sha-256`: whether a body arrived as it was sent.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

/// Name of the header.
pub const CONTENT_DIGEST: &str = "content-digest";

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Value of the header for a body: `sha-256=:<base64>:`.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256(body)))
}

/// Whether a body is what the header's value says. A value without `sha-256` says nothing and is refused.
#[must_use]
pub fn digest_matches(header: &str, body: &[u8]) -> bool {
    let expected = content_digest(body);
    header.split(',').any(|member| member.trim() == expected)
}
