//! regf hive files: bytes to a tree of keys and back.
//!
//! * [`parse`] reads a primary file of format 1.1 to 1.6 as it is.
//! * [`replay`] applies its transaction logs first, in the format of Windows 2000 to 8 and in that of 8.1 and later.
//!
//! The words are those of Maxim Suhanov's *Windows registry file format specification*, whose sections the comments name.
//! Nothing here panics, hangs or uses memory beyond a small multiple of the input, whatever the bytes say.

mod base_block;
mod error;
mod fields;
mod limits;
mod read;
mod replay;

pub use error::{Damage, Flaw, HiveError, Structure};
pub use limits::{BASE_BLOCK_SIZE, BIN_ALIGNMENT, MAX_DAMAGE, SEGMENT_SIZE};
pub use read::{HiveFile, HiveInfo, ReadOptions, parse};
pub use replay::{LogFault, LogFlaw, Recovered, replay};
