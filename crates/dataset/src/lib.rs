//! The data set: what one user's data subsets of one scope held at one time, and its file format.
//!
//! A data set file is `.mpd`; `docs/formats/dataset.md` specifies it. This room does no I/O beyond the readers and writers
//! that it is given.
//!
//! * [`encode`] writes a [`DataSet`], [`decode`] verifies and reads one. Only verified bytes give a data set ([`Verified`]).
//! * [`Checker`] and [`check`] tell whether a file is intact without decoding it, and give its [`Digest`], the ETag: for
//!   whoever stores or passes on files. [`Intact`] is such a file, of which one can ask whose it is.
//! * [`unpack`] gives a file's content without compression, [`repack`] makes the same file of it again; a
//!   [`Delta`] is the difference between two versions in that form, for transfers of what changed.
//! * [`diff`] tells what differs between two data sets; [`merge`] makes one of two that were made from one base; [`restore`]
//!   brings a part of a former one back.
//!
//! ```
//! use mp_dataset::{DataSet, Limits, check, decode, encode};
//! use mp_registry::{KeyPath, Value, ValueEdit};
//!
//! let mut set = DataSet::default();
//! let key = set.registry.at_or_pass(&KeyPath::parse("Software\\Contoso"));
//! key.edit_value(ValueEdit::Set(Value::dword("Zoom", 150)));
//!
//! let mut file = Vec::new();
//! let info = encode(&set, &mut file)?;
//!
//! assert_eq!(check(&file, &Limits::default())?.digest, info.digest);
//! assert_eq!(decode(&file[..], &Limits::default())?.into_data_set(), set);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cbor;
mod columns;
mod content;
mod decode;
mod delta;
mod dictionary;
mod diff;
mod encode;
mod error;
mod frame;
mod limits;
mod merge;
mod records;
mod restore;
mod unpacked;
mod wtf8;

pub use content::{
    DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, Origin, ProfileKind, UnknownFields,
};
pub use decode::{Intact, Unverified, Verified, decode};
pub use delta::{DELTA_HEADER_LEN, DELTA_MAGIC, Delta, DeltaError, Dictionary, MAX_UNPACKED};
pub use dictionary::dictionary;
pub use diff::{Change, ChangeCounts, DataSetDiff, DiffCounts, KeyDiff, diff};
pub use encode::{EncodedInfo, encode};
pub use error::{DecodeError, EncodeError, Part, Place};
pub use frame::{Checker, Digest, FORMAT_VERSION, HEADER_LEN, Header, ParseDigestError, check};
pub use limits::Limits;
pub use merge::{Held, Item, ItemPlace, MAX_OVERRIDES, Merged, Override, Overrides, Side, merge};
pub use restore::{Cover, Selected, Selection, restore};
pub use unpacked::{RepackError, repack, unpack};
