//! Versions of stored data sets as entity tags (RFC 9110, section 8.8.3), and the list of those that an Agent holds.

use mp_dataset::Digest;
use mp_profile::{Scope, VersionTag};

/// Header by which an Agent says what it holds of a user: `global "TAG", group:NAME "TAG"`, one member per scope held.
pub const HELD: &str = "mp-held";

/// No entity tag is longer, in bytes with its quotes.
pub const MAX_ETAG: usize = 130;

/// Most members of the header that are read; an Agent has two scopes.
const MAX_HELD: usize = 8;

/// Whether a text is a strong entity tag: quotes around visible ASCII characters without a quote.
#[must_use]
pub fn is_strong(tag: &str) -> bool {
    let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    tag.len() <= MAX_ETAG
        && inner.is_some_and(|inner| {
            !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
        })
}

/// Number and seal that the entity tag of a version is made of; `None` when it is none of a Storage Service.
#[must_use]
pub fn number_and_seal(tag: &str) -> Option<(u64, Digest)> {
    let (number, seal) = tag.strip_prefix('"')?.strip_suffix('"')?.split_once('-')?;
    Some((number.parse().ok()?, seal.parse().ok()?))
}

/// Value of the header [`HELD`]; `None` when nothing is held.
#[must_use]
pub fn held_header<'a>(held: impl IntoIterator<Item = (&'a Scope, &'a VersionTag)>) -> Option<String> {
    let members: Vec<_> = held.into_iter().map(|(scope, tag)| format!("{scope} {}", tag.0)).collect();
    (!members.is_empty()).then(|| members.join(", "))
}

/// Reads the header [`HELD`]; `None` when it is not well formed.
#[must_use]
pub fn parse_held(header: &str) -> Option<Vec<(Scope, VersionTag)>> {
    let mut held = Vec::new();
    let mut rest = header.trim();
    while !rest.is_empty() {
        let (scope, after) = rest.split_once(' ')?;
        let (tag, after) = after.trim_start().strip_prefix('"')?.split_once('"')?;
        let tag = format!("\"{tag}\"");
        if held.len() == MAX_HELD || !is_strong(&tag) {
            return None;
        }
        held.push((scope.parse().ok()?, VersionTag(tag)));
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) if !next.trim().is_empty() => next.trim_start(),
            None if after.is_empty() => "",
            _ => return None,
        };
    }
    Some(held)
}
