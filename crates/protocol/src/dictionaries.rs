//! The headers by which a client offers a version that it holds as the dictionary of an answer (RFC 9842, sections 2.2 and
//! 2.3): `docs/reference/wire.md`, section 4.6.

use base64::{Engine, engine::general_purpose::STANDARD};
use mp_profile::VersionTag;

use crate::{etag, paths::DELTA_CODING};

/// Header with the SHA-256 of the dictionary, as a byte sequence of RFC 9651.
pub const AVAILABLE_DICTIONARY: &str = "available-dictionary";

/// Header with the dictionary's name, a string of RFC 9651: the version's tag.
pub const DICTIONARY_ID: &str = "dictionary-id";

/// Header of the request for all data sets of a user, with the value `dcz`: files may come as deltas against the versions held.
pub const ACCEPT_DELTAS: &str = "mp-accept-deltas";

/// What the answers to such requests depend on.
pub const VARY: &str = "accept-encoding, available-dictionary";

/// The headers that offer a dictionary; `None` when the version's name cannot be said in one.
#[must_use]
pub fn offer(version: &VersionTag, hash: &[u8; 32]) -> Option<[(&'static str, String); 3]> {
    etag::is_strong(&version.0).then_some(())?;
    (!version.0.contains('\\')).then(|| {
        [
            ("accept-encoding", DELTA_CODING.to_owned()),
            (AVAILABLE_DICTIONARY, format!(":{}:", STANDARD.encode(hash))),
            (DICTIONARY_ID, version.0.clone()),
        ]
    })
}

/// Whether an `Accept-Encoding` takes deltas.
#[must_use]
pub fn accepts_deltas(header: &str) -> bool {
    header.split(',').any(|member| {
        let mut parts = member.split(';').map(str::trim);
        let refuses = |weight: &str| {
            let value = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="));
            value.is_some_and(|value| value.bytes().all(|byte| matches!(byte, b'0' | b'.')))
        };
        parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(DELTA_CODING)) && !parts.any(refuses)
    })
}

/// Reads [`AVAILABLE_DICTIONARY`]; `None` when it is no SHA-256.
#[must_use]
pub fn parse_hash(header: &str) -> Option<[u8; 32]> {
    let encoded = header.trim().strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(encoded).ok()?.try_into().ok()
}

/// Reads [`DICTIONARY_ID`]; `None` when it is no version's tag.
#[must_use]
pub fn parse_id(header: &str) -> Option<VersionTag> {
    let id = header.trim();
    (etag::is_strong(id) && !id.contains('\\')).then(|| VersionTag(id.to_owned()))
}
