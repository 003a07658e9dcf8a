//! From a tree to bytes.

mod base_block;
mod bins;
mod error;
mod security;
mod subkeys;
mod tree;
mod values;

use std::sync::Arc;

use mp_registry::{FileTime, Key, Name};

pub use error::WriteError;

/// The format versions that are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Version {
    /// 1.3, of users' `NTUSER.DAT` from Windows NT 4.0 to this day: name hints, every value's data in one cell.
    V1_3,
    /// 1.5, of Windows XP and later: hashed names, data of more than 16,344 bytes in segments.
    #[default]
    V1_5,
}

impl Version {
    fn minor(self) -> u32 {
        match self {
            Self::V1_3 => 3,
            Self::V1_5 => 5,
        }
    }
}

/// How a hive is written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WriteOptions {
    /// Format version.
    pub version: Version,
    /// What the base block says of the file's path, for information only; of more than 31 units the last ones.
    pub file_name: Name,
    /// When the hive was last written.
    pub time: FileTime,
    /// The security descriptor of a root key that has none; sub-keys without one get that of the key above.
    ///
    /// Without this either, the root gets: owner Administrators, group SYSTEM, full control for SYSTEM and Administrators,
    /// read for Users, all inherited by new keys. A user could not write to such a hive as a profile: give the descriptor
    /// that a profile needs.
    pub security: Option<Arc<[u8]>>,
}

/// Writes a complete, clean hive that holds a tree.
///
/// A root without a name is called `ROOT`, as Windows calls it. Sub-keys and values are written in their order, which is the
/// kernel's; keys are not dated anew.
///
/// # Errors
/// [`WriteError`] when a name, a depth or a size is beyond what Windows or the format allows, or when two names are the same.
pub fn write(root: &Key, options: &WriteOptions) -> Result<Vec<u8>, WriteError> {
    let default = options.security.clone().unwrap_or_else(|| security::default_descriptor().into());
    let (mut file, root_cell) = tree::write(root, options.version, &default, options.time)?;
    base_block::write(&mut file, options.version.minor(), root_cell, &options.file_name, options.time);
    Ok(file)
}

/// A name as stored: one byte per unit when all fit, which the flag says, else UTF-16LE.
fn name(units: &[u16]) -> (Vec<u8>, bool) {
    let compressed: Result<Vec<u8>, _> = units.iter().map(|&unit| u8::try_from(unit)).collect();
    compressed.map_or_else(|_| (utf16(units), false), |name| (name, true))
}

fn utf16(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}
