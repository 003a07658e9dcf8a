//! All data sets of a user that an Agent may reach, in one body: `docs/reference/wire.md`, section 4.

use std::convert::Infallible;

use minicbor::{Decoder, Encoder, data::Type, decode, encode};
use mp_profile::{Fetched, Scope, VersionTag};

use crate::etag;

/// Content type of the body.
pub const USER_DATA_SETS_TYPE: &str = "application/vnd.metaprofiles.user-data-sets+cbor";

/// Most scopes in one body.
const MAX_SCOPES: u64 = 8;

const NONE: u8 = 0;
const NOT_MODIFIED: u8 = 1;
const DATA: u8 = 2;
const DELTA: u8 = 3;

/// What storage has of a user in one scope. Bytes are borrowed, so that a server copies them once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserDataSet<'a> {
    /// There is none.
    None,
    /// The version held is the current one.
    NotModified,
    /// The current data set and its version.
    Data(&'a VersionTag, &'a [u8]),
    /// The current version, and its data set as a delta against the version held.
    Delta(&'a VersionTag, &'a [u8]),
}

/// What came of one scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReceivedSet {
    /// All that storage has to say.
    Whole(Fetched),
    /// The current version as a delta against the version held, of which nothing is known yet.
    Delta {
        /// The current version.
        version: VersionTag,
        /// The delta.
        delta: Vec<u8>,
    },
}

/// Writes the body.
#[must_use]
pub fn encode_user_data_sets(sets: &[(Scope, UserDataSet<'_>)]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder, sets).expect("writing to memory does not fail");
    encoder.into_writer()
}

fn write(
    encoder: &mut Encoder<Vec<u8>>,
    sets: &[(Scope, UserDataSet<'_>)],
) -> Result<(), encode::Error<Infallible>> {
    encoder.array(sets.len() as u64)?;
    for (scope, set) in sets {
        encoder.array(4)?.str(&scope.to_string())?;
        match set {
            UserDataSet::None => encoder.u8(NONE)?.null()?.null()?,
            UserDataSet::NotModified => encoder.u8(NOT_MODIFIED)?.null()?.null()?,
            UserDataSet::Data(tag, bytes) => encoder.u8(DATA)?.str(&tag.0)?.bytes(bytes)?,
            UserDataSet::Delta(tag, bytes) => encoder.u8(DELTA)?.str(&tag.0)?.bytes(bytes)?,
        };
    }
    Ok(())
}

/// Reads the body.
///
/// # Errors
/// When it is not well formed; the text says where.
pub fn decode_user_data_sets(body: &[u8]) -> Result<Vec<(Scope, ReceivedSet)>, InvalidUserDataSets> {
    let mut decoder = Decoder::new(body);
    let sets = read(&mut decoder)
        .map_err(|error| InvalidUserDataSets { offset: decoder.position(), text: error.to_string() })?;
    if decoder.position() == body.len() {
        Ok(sets)
    } else {
        let text = format!("{} bytes follow", body.len() - decoder.position());
        Err(InvalidUserDataSets { offset: decoder.position(), text })
    }
}

/// A body is not what storage sends.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the list of data sets is not well formed at offset {offset}: {text}")]
pub struct InvalidUserDataSets {
    offset: usize,
    text: String,
}

fn read(decoder: &mut Decoder<'_>) -> Result<Vec<(Scope, ReceivedSet)>, decode::Error> {
    let count = length(decoder, "an array of at most 8 data sets", |count| count <= MAX_SCOPES)?;
    let mut sets = Vec::new();
    for _ in 0..count {
        length(decoder, "an array of scope, status, tag and bytes", |count| count == 4)?;
        let scope = decoder.str()?.parse().map_err(|_| decode::Error::message("expected a scope"))?;
        let status = decoder.u8()?;
        let tag = if null(decoder)? { None } else { Some(decoder.str()?) };
        let bytes = if null(decoder)? { None } else { Some(decoder.bytes()?) };
        let fetched = match (status, tag, bytes) {
            (NONE, None, None) => ReceivedSet::Whole(Fetched::None),
            (NOT_MODIFIED, None, None) => ReceivedSet::Whole(Fetched::NotModified),
            (DATA | DELTA, Some(tag), Some(bytes)) if etag::is_strong(tag) => {
                let (version, bytes) = (VersionTag(tag.to_owned()), bytes.to_vec());
                match status {
                    DELTA => ReceivedSet::Delta { version, delta: bytes },
                    _ => ReceivedSet::Whole(Fetched::Data { version, bytes }),
                }
            }
            _ => return Err(decode::Error::message("status, tag and bytes do not fit each other")),
        };
        sets.push((scope, fetched));
    }
    Ok(sets)
}

fn length(
    decoder: &mut Decoder<'_>,
    expected: &'static str,
    fits: impl Fn(u64) -> bool,
) -> Result<u64, decode::Error> {
    decoder
        .array()?
        .filter(|count| fits(*count))
        .ok_or_else(|| decode::Error::message(format!("expected {expected}")))
}

fn null(decoder: &mut Decoder<'_>) -> Result<bool, decode::Error> {
    let is_null = decoder.datatype()? == Type::Null;
    if is_null {
        decoder.null()?;
    }
    Ok(is_null)
}
