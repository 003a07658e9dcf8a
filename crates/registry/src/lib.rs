//! The registry as values: names, values, keys, trees of edits, and the [`Registry`] port behind which a live registry or
//! an in-memory one stands.
//!
//! Everything is lossless. Names are UTF-16 code units, types any `u32`, data bytes; nothing is turned into a Rust `String`
//! on the way from a hive to a data set and back. Names are compared as the Windows kernel compares them ([`upcase`]).
//! This room does no I/O.

mod edit;
mod key;
mod memory;
mod name;
mod port;
pub mod reg_text;
pub mod upcase;
mod value;

pub use edit::{EditCounts, KeyAction, KeyEdit, ValueEdit, diff};
pub use key::{Counts, Key};
pub use memory::MemoryRegistry;
pub use name::{KeyPath, Name};
pub use port::{
    Applied, KeyChoice, KeyListing, Registry, RegistryError, RegistryErrorKind, TakeAll, TreeFilter, TreeRead,
};
pub use value::{FileTime, LINK_VALUE, Value, ValueType, is_link_target};

/// The deepest a key may lie, counted in names below the hive's root ("Registry Element Size Limits").
pub const MAX_DEPTH: usize = 512;
/// The longest key name, in UTF-16 code units ("Registry Element Size Limits").
pub const MAX_KEY_NAME: usize = 255;
/// The longest value name, in UTF-16 code units ("Registry Element Size Limits").
pub const MAX_VALUE_NAME: usize = 16_383;
