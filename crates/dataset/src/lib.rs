//! The data set: what one user's data subsets of one scope held at one time, and its file format.
//!
//! A data set file is `.mpd`; `docs/formats/dataset.md` specifies it. This room does no I/O beyond the readers and writers
//! that it is given.

mod cbor;
mod columns;
mod content;
mod decode;
mod dictionary;
mod diff;
mod encode;
mod error;
mod frame;
mod limits;
mod records;
mod wtf8;

pub use content::{
    DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, Origin, ProfileKind, UnknownFields,
};
pub use decode::{Unverified, Verified, decode};
pub use dictionary::dictionary;
pub use diff::{Change, ChangeCounts, DataSetDiff, DiffCounts, KeyDiff, diff};
pub use encode::{EncodedInfo, encode};
pub use error::{DecodeError, EncodeError, Part, Place};
pub use frame::{Checker, Digest, FORMAT_VERSION, HEADER_LEN, Header, ParseDigestError, check};
pub use limits::Limits;
