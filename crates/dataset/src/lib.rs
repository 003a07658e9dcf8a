//! The data set: what one user's data subsets of one scope held at one time, and its file format.
//!
//! A data set file is `.mpd`; `docs/formats/dataset.md` specifies it. This room does no I/O beyond the readers and writers
//! that it is given.

mod content;

pub use content::{
    DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, Origin, ProfileKind, UnknownFields,
};
