//! `.reg` text: "Windows Registry Editor Version 5.00" and "REGEDIT4", to edits and back.
//!
//! The grammar is that of Microsoft's article 310516 ("How to add, modify, or delete registry subkeys and values by using
//! a .reg file"), completed by how Regedit and `reg import` treat what the article leaves out. Three things differ from
//! Regedit, all in favour of the data:
//!
//! - Where Regedit passes silently over a line it does not understand, [`read`] fails and says where and why.
//! - The bytes of `hex(1)`, `hex(2)` and `hex(7)` are kept as they are; Regedit adds a missing NUL.
//! - What cannot be written so that it can be read back is refused, not changed.
//!
//! The text holds no class names, no times and no security descriptors; neither does Regedit's.

mod build;
mod code_page;
mod cursor;
mod decode;
mod error;
mod hive_root;
mod read;
mod write;

pub use code_page::CodePage;
pub use error::{ReadError, WriteError, WriteErrorKind};
pub use hive_root::HiveRoot;
pub use write::{write_v4, write_v5};

use crate::{KeyEdit, KeyPath};

/// The longest `.reg` file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 128 << 20;
/// The most keys and value lines of one file together.
pub const MAX_ENTRIES: usize = 2_000_000;

/// The two formats of `.reg` text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// `REGEDIT4`: ANSI text, also in the bytes of `hex(1)`, `hex(2)` and `hex(7)`.
    V4,
    /// `Windows Registry Editor Version 5.00`: UTF-16 text.
    V5,
}

impl Version {
    /// The line with which such a file begins.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::V4 => "REGEDIT4",
            Self::V5 => "Windows Registry Editor Version 5.00",
        }
    }
}

/// A `.reg` file as edits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegFile {
    /// The format it was written in.
    pub version: Version,
    /// The edits below each root to which something is done, in the order in which the roots first appear. Each edit is a
    /// root itself: its name is empty and it is passed through.
    pub roots: Vec<(HiveRoot, KeyEdit)>,
}

impl RegFile {
    /// The edits below one root, if the file does anything to it.
    #[must_use]
    pub fn root(&self, root: HiveRoot) -> Option<&KeyEdit> {
        self.roots.iter().find(|(other, _)| *other == root).map(|(_, edit)| edit)
    }

    /// Writes the file anew in its own format.
    ///
    /// # Errors
    /// When something in it cannot be said in that format ([`WriteErrorKind`]).
    pub fn write(&self, ansi: CodePage) -> Result<Vec<u8>, WriteError> {
        let top = KeyPath::root();
        let parts: Vec<_> = self.roots.iter().map(|(root, edit)| (*root, &top, edit)).collect();
        match self.version {
            Version::V4 => write_v4(&parts, ansi),
            Version::V5 => write_v5(&parts),
        }
    }
}

/// Reads a `.reg` file of either version.
///
/// UTF-16LE is recognised with and without byte order mark. Of 8-bit text, one with a UTF-8 mark is UTF-8, `REGEDIT4`
/// is in the code page `ansi`, and version 5.00 is UTF-8 where it is valid UTF-8 and in `ansi` where not.
///
/// The lines are taken in their order, as Regedit does them: a key deleted and then named again is
/// [`KeyAction::Replace`](crate::KeyAction::Replace), of one value the last line counts, and naming a key creates all
/// keys above it.
///
/// # Errors
/// When the text is not what it should be; the error tells the line, the column, what was expected and what is there.
pub fn read(bytes: &[u8], ansi: CodePage) -> Result<RegFile, ReadError> {
    let text = decode::decode(bytes, ansi)?;
    read::read(&text, ansi)
}
