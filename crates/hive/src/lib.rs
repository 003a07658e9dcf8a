//! regf hive files: bytes to a tree of keys and back.
//!
//! * [`parse`] reads a primary file of format 1.1 to 1.6 as it is.
//! * [`replay`] applies its transaction logs first, in the format of Windows 2000 to 8 and in that of 8.1 and later.
//! * [`write`] makes a complete hive of a tree, in format 1.3 or 1.5.
//! * [`open`] and [`save`] do the same with files; nothing else here does I/O.
//!
//! ```
//! use mp_hive::{ReadOptions, WriteOptions, parse, write};
//! use mp_registry::{Key, KeyPath, Value};
//!
//! let mut root = Key::new("ROOT");
//! root.ensure(&KeyPath::parse("Control Panel\\Desktop")).set_value(Value::sz("Wallpaper", "C:\\sea.jpg"));
//! let bytes = write(&root, &WriteOptions::default())?;
//!
//! let hive = parse(&bytes, ReadOptions { strict: true })?;
//! let desktop = hive.root.at(&KeyPath::parse("control panel\\desktop")).ok_or("no such key")?;
//! assert_eq!(desktop.values(), [Value::sz("Wallpaper", "C:\\sea.jpg")]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The words are those of Maxim Suhanov's *Windows registry file format specification*, whose sections the comments name.
//! Nothing here panics, hangs or uses memory beyond a small multiple of the input, whatever the bytes say.

mod base_block;
mod error;
mod fields;
mod file;
mod limits;
mod read;
mod replay;
mod write;

pub use error::{Damage, Flaw, HiveError, Structure};
pub use file::{FileError, FileErrorKind, Opened, open, save};
pub use limits::{BASE_BLOCK_SIZE, BIN_ALIGNMENT, MAX_BINS_SIZE, MAX_DAMAGE, MAX_FILE_SIZE, SEGMENT_SIZE};
pub use read::{HiveFile, HiveInfo, ReadOptions, parse};
pub use replay::{LogFault, LogFlaw, Recovered, replay};
pub use write::{Version, WriteError, WriteOptions, write};
