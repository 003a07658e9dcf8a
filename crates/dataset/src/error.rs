use std::{fmt, io};

use mp_registry::KeyPath;

use crate::{FORMAT_VERSION, FilePath};

/// Why a data set could not be encoded.
#[derive(thiserror::Error, Debug)]
pub enum EncodeError {
    /// The writer failed.
    #[error("cannot write the data set file")]
    Write(#[source] io::Error),
    /// The compressor failed.
    #[error("cannot compress the data set")]
    Compress(#[source] io::Error),
    /// Something is longer, deeper or more than a reader accepts ([`Limits`](crate::Limits)).
    #[error(
        "cannot encode {what}: it is {found}, more than the limit {max}; leave it out of the data subset"
    )]
    Limit {
        /// What is too much, with its place.
        what: String,
        /// Its size or count.
        found: u64,
        /// The limit.
        max: u64,
    },
    /// Files are not sorted, or two entries have the same path; see [`DataSet::replace_files`](crate::DataSet::replace_files).
    #[error("cannot encode file {0}: it does not sort after the file before it")]
    FileOrder(FilePath),
    /// Sub-keys are not sorted, which only a renamed edit can cause.
    #[error("cannot encode key {0}: it does not sort after the key before it")]
    KeyOrder(KeyPath),
    /// A file has no name.
    #[error("cannot encode a file of folder {0}: its path has no components")]
    EmptyPath(String),
    /// A field kept for a later version cannot be written back: its key is taken or its bytes are not one CBOR item.
    #[error("cannot encode field {key} of {map}, kept from a later version: {problem}")]
    UnknownField {
        /// The map that has the field.
        map: &'static str,
        /// The field's key.
        key: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Why a data set file could not be read.
#[derive(thiserror::Error, Debug)]
pub enum DecodeError {
    /// The reader failed.
    #[error("cannot read the data set file")]
    Read(#[source] io::Error),
    /// The file does not begin as a data set file does.
    #[error("not a data set file: expected the magic {:02x?}, found {found:02x?}", crate::frame::MAGIC)]
    Magic {
        /// The first bytes.
        found: Vec<u8>,
    },
    /// The file is of a later format version.
    #[error(
        "data set file of format version {found}, this software reads version {FORMAT_VERSION}; update it"
    )]
    Version {
        /// The file's version.
        found: u16,
    },
    /// The file needs something that this version does not know.
    #[error("data set file needs {what} {found:#x}, which this software does not know; update it")]
    Requires {
        /// Flags or dictionary.
        what: &'static str,
        /// Its number.
        found: u32,
    },
    /// The file is shorter or longer than its header says.
    #[error("{what} of the data set file: expected {expected} bytes, found {found}")]
    Length {
        /// The part.
        what: &'static str,
        /// Bytes that should be there.
        expected: u64,
        /// Bytes that are there, or one more than expected when there are more.
        found: u64,
    },
    /// The bytes are not those that were written.
    #[error("data set file is damaged: its header seals {expected}, its bytes give {found}; fetch it again")]
    Seal {
        /// The seal in the header.
        expected: crate::Digest,
        /// The seal of the bytes.
        found: crate::Digest,
    },
    /// Something is longer, deeper or more than the reader accepts.
    #[error("{at}: {what} is {found}, more than the limit {max}")]
    Limit {
        /// Where.
        at: Place,
        /// What is too much.
        what: &'static str,
        /// Its size or count.
        found: u64,
        /// The limit.
        max: u64,
    },
    /// The body is no zstd frame.
    #[error("cannot decompress the body of the data set file at content offset {offset}")]
    Decompress {
        /// Bytes of content that came out before.
        offset: u64,
        /// What the decompressor says.
        source: io::Error,
    },
    /// The bytes are intact and are not what the format says.
    #[error("{at}: expected {expected}, found {found}")]
    Malformed {
        /// Where.
        at: Place,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
}

/// A place in a data set file: a part, and an offset into it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The part.
    pub part: Part,
    /// Bytes from the start of the part.
    pub offset: u64,
}

/// A part of a data set file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// The header.
    Header,
    /// The content as a whole.
    Content,
    /// Payload of the head record.
    Head,
    /// Payload of the registry record.
    Registry,
    /// A column of the registry record.
    Column(&'static str),
    /// Payload of the file record of this number, counted from 0.
    File(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Part::Header => write!(f, "header")?,
            Part::Content => write!(f, "content")?,
            Part::Head => write!(f, "head record")?,
            Part::Registry => write!(f, "registry record")?,
            Part::Column(name) => write!(f, "registry record, column {name}")?,
            Part::File(index) => write!(f, "file record {index}")?,
        }
        write!(f, ", offset {}", self.offset)
    }
}

impl EncodeError {
    pub(crate) fn limit(what: impl FnOnce() -> String, found: usize, max: usize) -> Result<(), Self> {
        if found <= max {
            return Ok(());
        }
        Err(Self::Limit { what: what(), found: to_u64(found), max: to_u64(max) })
    }
}

/// Lengths in memory fit into 64 bits on every platform there is.
pub(crate) fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
