//! Bodies that are the difference against a version which both sides have: `docs/reference/wire.md`, section 4.6.

use axum::http::{HeaderMap, header::CONTENT_ENCODING};
use mp_dataset::{Delta, Dictionary};
use mp_profile::VersionTag;
use mp_protocol::paths::DELTA_CODING;

use super::{Shared, body::Received, dictionary::unpacked_len, handlers::Target};
use crate::{Code, ReachedStore, Refusal, refusal::chain};

/// How a body is coded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Coding {
    /// As it is stored.
    Whole,
    /// As a delta.
    Delta,
}

impl Coding {
    /// That of a request's body.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut codings = headers.get_all(CONTENT_ENCODING).iter();
        match (codings.next().map(|coding| coding.as_bytes()), codings.next()) {
            (None, _) => Ok(Self::Whole),
            (Some(coding), None) if coding.eq_ignore_ascii_case(DELTA_CODING.as_bytes()) => Ok(Self::Delta),
            (Some(coding), None) if coding.eq_ignore_ascii_case(b"identity") => Ok(Self::Whole),
            _ => Err(not_taken()),
        }
    }
}

pub(super) fn not_taken() -> Refusal {
    Refusal::new(Code::UnknownCoding, format!("a body comes as it is, or as an upload with {DELTA_CODING}"))
}

/// The data set file that a delta stands for. Its dictionary is the version `base` of the very user and scope that it is sent
/// for, and no other one.
pub(super) async fn whole(
    shared: &Shared,
    holder: &str,
    store: ReachedStore,
    target: &Target,
    base: &VersionTag,
    received: Received,
) -> Result<Received, Refusal> {
    let bad = |error| Refusal::new(Code::BadDelta, format!("{}; send the data set whole", chain(&error)));
    let sent = received.bytes.len();
    let unpacked = Delta::read(&received.bytes).map_err(bad)?.unpacked_len();
    let (scope, sid, tag) = (target.scope.clone(), target.sid.clone(), base.clone());
    let read = move || match store.read_version(&scope, &sid, &tag) {
        Err(Refusal { code: Code::NoSuchVersion, .. }) => Err(no_dictionary("it is not kept here")),
        Err(Refusal { code: Code::Damaged | Code::Swapped, .. }) => Err(no_dictionary("it is damaged")),
        read => read,
    };
    let base = shared.blocking(read).await?;
    let base_len = unpacked_len(&base).ok_or_else(|| no_dictionary("it is too long"))?;
    // The base in both its forms; the data set unpacked, decoded and packed.
    let room = shared.room(holder, base.len() + base_len + 3 * unpacked).await?;
    let apply = move || {
        let dictionary = Dictionary::of(&base).map_err(|error| no_dictionary(&chain(&error)))?;
        drop(base);
        let delta = Delta::read(&received.bytes).map_err(bad)?;
        if delta.dictionary() != dictionary.hash() {
            return Err(no_dictionary("the delta was made against another data set"));
        }
        delta.apply(&dictionary).map_err(bad)
    };
    let bytes = shared.blocking(apply).await?;
    let limits = shared.plan.borrow().limits;
    let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if len > limits.max_data_set_bytes {
        let most = limits.max_data_set_bytes;
        return Err(Refusal::new(Code::TooLarge, format!("a data set file has at most {most} bytes here")));
    }
    shared.check_quota(len)?;
    shared.metrics.delta_received(bytes.len().saturating_sub(sent));
    Ok(Received { bytes, sha256: None, _room: room })
}

fn no_dictionary(why: &str) -> Refusal {
    let text =
        format!("the version that the delta is against cannot be used: {why}; send the data set whole");
    Refusal::new(Code::NoDictionary, text)
}
