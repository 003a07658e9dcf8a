//! Answers that are the difference against a version which the client holds: `docs/reference/wire.md`, section 4.6.

use axum::http::{HeaderMap, header::ACCEPT_ENCODING};
use mp_dataset::{Dictionary, HEADER_LEN, Header, MAX_UNPACKED};
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::{
    dictionaries::{
        ACCEPT_DELTAS, AVAILABLE_DICTIONARY, DICTIONARY_ID, accepts_deltas, parse_hash, parse_id,
    },
    paths::DELTA_CODING,
};

use super::{Shared, handlers::single};
use crate::ReachedStore;

/// Data sets of fewer bytes go out whole: they fit into a packet or two.
const WORTH_IT: usize = 2048;

/// A version that the client can use as a dictionary.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Offer {
    pub(super) version: VersionTag,
    /// SHA-256 of its unpacked form, where the client says it.
    pub(super) hash: Option<[u8; 32]>,
}

impl Offer {
    /// That of a request for one data set. What is not well formed is no offer: the answer is whole then.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let hash = parse_hash(single(headers, AVAILABLE_DICTIONARY).ok()??)?;
        let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        { accepted }.any(accepts_deltas).then_some(())?;
        Some(Self { version: parse_id(single(headers, DICTIONARY_ID).ok()??)?, hash: Some(hash) })
    }

    /// Of which the name is known, and the client compares the hash.
    pub(super) fn named(version: &VersionTag) -> Self {
        Self { version: version.clone(), hash: None }
    }
}

/// Whether a request for all data sets of a user takes deltas against what it says is held.
pub(super) fn takes_deltas(headers: &HeaderMap) -> bool {
    single(headers, ACCEPT_DELTAS)
        .is_ok_and(|coding| coding.is_some_and(|coding| coding.trim().eq_ignore_ascii_case(DELTA_CODING)))
}

impl Shared {
    /// The data set file as a delta against what is offered, where there is one that is shorter by half or more, and the server
    /// has time and memory to make it. Whatever speaks against it, the file is to go out whole. Blocks.
    pub(super) fn delta(
        &self,
        holder: &str,
        store: &ReachedStore,
        (scope, sid): (&Scope, &Sid),
        offer: Option<&Offer>,
        file: &[u8],
    ) -> Option<Vec<u8>> {
        let offer = offer.filter(|_| file.len() >= WORTH_IT)?;
        // Making deltas takes a processor, and whole files are better than waiting for one.
        let _turn = self.delta_turns.try_acquire().ok()?;
        let base = store.read_version(scope, sid, &offer.version).ok()?;
        // The base unpacked; the data set unpacked, and the delta, which may come out as long.
        let memory = base.len() + unpacked_len(&base)? + 2 * unpacked_len(file)?;
        let _room = self.room_now(holder, memory)?;
        let dictionary = Dictionary::of(&base).ok()?;
        drop(base);
        if offer.hash.is_some_and(|hash| hash != dictionary.hash()) {
            return None;
        }
        let delta = dictionary.delta(file).ok().filter(|delta| delta.len() <= file.len() / 2)?;
        self.metrics.delta_sent(file.len() - delta.len());
        Some(delta)
    }
}

/// Bytes of a data set's unpacked form, where they are not too many for a delta.
pub(super) fn unpacked_len(file: &[u8]) -> Option<usize> {
    let content = usize::try_from(Header::parse(file).ok()?.content_len).ok()?;
    Some(content.saturating_add(HEADER_LEN)).filter(|len| *len <= MAX_UNPACKED)
}
