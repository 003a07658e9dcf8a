//! One entry of the spool, and its file.
//!
//! The file is the whole entry, so that it is there wholly or not at all, and goes in one step: one line of JSON
//! ([`SpoolEntry`]), then the base's file, then the data set's file, each as long as the line says.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::Path,
};

use mp_durable::Readers;
use mp_profile::{Scope, Sid};
use serde::{Deserialize, Serialize};

use super::rules::ConflictRules;

/// The most bytes of an entry's first line. The rules in it are those of a plan.
const MAX_LINE: u64 = 16 << 20;

/// What storage shall do with a spooled data set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Make it the current one, if the current one is still what it was made from; otherwise merge both.
    Replace {
        /// Version that the session started from; `None` when storage had none, or when the base is known by its digest
        /// alone.
        base: Option<String>,
        /// BLAKE3 of the base's file, in hexadecimal, by which the base is known again under another version.
        base_digest: Option<String>,
        /// BLAKE3 of the spooled data sets whose place it took. One of them may have been stored, its acknowledgement lost.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        superseded: Vec<String>,
    },
    /// Make it the first data set of the user and scope; keep it beside if there is one.
    First,
    /// Keep it beside the current one.
    Quarantine {
        /// Why it may not replace the current one.
        reason: String,
    },
}

impl Intent {
    /// Whether it continues what was stored; what does not is only kept.
    pub(crate) fn replaces(&self) -> bool {
        matches!(self, Self::Replace { .. })
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replace { base: Some(base), .. } => write!(f, "to replace version {base}"),
            Self::Replace { base_digest: Some(_), .. } => {
                f.write_str("to be merged with the stored data set")
            }
            Self::Replace { .. } | Self::First => f.write_str("to become the first data set"),
            Self::Quarantine { reason } => write!(f, "to be kept beside the stored data set: {reason}"),
        }
    }
}

/// What is known of a spooled data set without reading it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SpoolEntry {
    /// The user.
    pub sid: Sid,
    /// The scope.
    pub scope: Scope,
    /// What is to happen to it.
    pub intent: Intent,
    /// Random name of the session that exported it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What counts when another session changed the same.
    #[serde(default, skip_serializing_if = "ConflictRules::is_default")]
    pub rules: ConflictRules,
    /// Whether it was sent without an answer, so that it may be stored. No other entry takes its place then: others may build
    /// on it for longer than storage keeps its content.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// Whether a merge of it was sent, which may be stored, its acknowledgement lost. No other entry takes its place then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub merging: bool,
    /// Seals of merges of it that were sent. One of them may be stored, and others may have built on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merges: Vec<String>,
    /// Seals of the spooled data sets whose place it took. One of them may be stored, and others may have built on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub took_over: Vec<String>,
    /// The version of storage that what it was made from is in, where that is known and is not its base: storage has made
    /// it of that and of what others had stored. Only a server that has had it may take this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Length of the base's file, in bytes; 0 when there is none.
    #[serde(default)]
    pub base_bytes: u64,
    /// Length of the data set's file, in bytes.
    pub bytes: u64,
    /// Its place in the order of the user's entries.
    #[serde(skip)]
    pub number: u64,
}

/// Writes a whole entry durably.
pub(super) fn write(path: &Path, entry: &SpoolEntry, base: &[u8], bytes: &[u8]) -> io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    if len(&line) > MAX_LINE {
        return Err(io::Error::other(format!("its rules have more than {MAX_LINE} bytes")));
    }
    mp_durable::replace_with(path, Readers::OwnerOnly, |file| {
        file.write_all(&line)?;
        file.write_all(base)?;
        file.write_all(bytes)
    })
}

/// What the first line says, and the whole file's length.
pub(super) fn read(path: &Path) -> io::Result<(SpoolEntry, u64)> {
    let file = File::open(path)?;
    let found = file.metadata()?.len();
    let mut line = Vec::new();
    BufReader::new(file).take(MAX_LINE).read_until(b'\n', &mut line)?;
    let entry: SpoolEntry = serde_json::from_slice(&line)?;
    let expected = len(&line).saturating_add(entry.base_bytes).saturating_add(entry.bytes);
    if expected != found {
        let text = format!("it has {found} bytes instead of {expected}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    Ok((entry, found))
}

/// The data set's file.
pub(super) fn read_data(path: &Path, entry: &SpoolEntry) -> io::Result<Vec<u8>> {
    read_part(path, entry.bytes, entry.bytes)
}

/// The file of the base; empty when there is none.
pub(super) fn read_base(path: &Path, entry: &SpoolEntry) -> io::Result<Vec<u8>> {
    read_part(path, entry.bytes.saturating_add(entry.base_bytes), entry.base_bytes)
}

/// The bytes that begin so far before the end. That they are all there was checked when the entry was listed, and is again.
fn read_part(path: &Path, before_end: u64, expected: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().checked_sub(before_end).ok_or(io::ErrorKind::UnexpectedEof)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(expected).read_to_end(&mut bytes)?;
    if len(&bytes) == expected { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

pub(super) fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
