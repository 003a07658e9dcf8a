//! From bytes to a tree.

pub(crate) mod bins;
mod cells;
mod key_node;
mod key_value;
mod security;
mod subkeys;
mod tree;

use mp_registry::{FileTime, Key, Name};

use crate::{
    base_block::{BaseBlock, PRIMARY},
    error::{Damage, Flaw, HiveError, Structure},
    limits::BASE_BLOCK_SIZE,
};

/// How a hive is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReadOptions {
    /// Whether the first damage is an error. Otherwise damaged parts are left out and listed.
    pub strict: bool,
}

/// A hive that was read.
#[derive(Clone, Debug)]
pub struct HiveFile {
    /// The root key with all below it. Its name is what is stored in the hive, such as `CMI-CreateHive{…}`; Windows shows the
    /// name of the mount point instead, and so whoever treats the tree as `HKEY_CURRENT_USER` takes the key as the root
    /// whatever it is called.
    pub root: Key,
    /// What the file says of itself.
    pub info: HiveInfo,
    /// What was damaged and therefore left out, at most [`MAX_DAMAGE`](crate::MAX_DAMAGE) entries; empty after strict
    /// reading.
    pub damage: Vec<Damage>,
    /// How many more pieces of damage there were.
    pub more_damage: usize,
}

/// What the base block says of a hive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HiveInfo {
    /// Minor version of the format, 1 to 6; the major one is always 1.
    pub minor_version: u32,
    /// Whether the last write to the hive was not finished: its transaction logs hold newer data, and what was read may be a
    /// mixture of old and new.
    pub dirty: bool,
    /// Counted up when a write begins.
    pub primary_sequence: u32,
    /// Counted up when a write ends.
    pub secondary_sequence: u32,
    /// When the hive was last written.
    pub last_written: FileTime,
    /// The end of the path under which the hive was last loaded, at most 32 units.
    pub file_name: Name,
    /// Size of the hive bins data in bytes.
    pub bins_size: u32,
}

/// Reads a primary file. Its logs are not looked at: see [`replay`](crate::replay).
///
/// Reading takes time and memory in proportion to the file, whatever its bytes say, and never panics.
///
/// # Errors
/// [`HiveError`] when the bytes are no hive, when its root key cannot be read, or at the first damage if `options.strict`.
pub fn parse(file: &[u8], options: ReadOptions) -> Result<HiveFile, HiveError> {
    let base = base_block(file)?;
    let (_, rest) =
        file.split_at_checked(BASE_BLOCK_SIZE).ok_or(HiveError::TooShort { found: file.len() })?;
    if rest.is_empty() {
        return Err(HiveError::TooShort { found: file.len() });
    }
    let declared = base.bins_size as usize;
    let data = rest.get(..declared).unwrap_or(rest);

    let mut tree = tree::TreeReader::new(data, base.minor, options.strict);
    if !base.checksum_matches() {
        let flaw = Flaw::Field { expected: base.checksum, found: base.stored_checksum };
        tree.report(Structure::BaseBlock, 508, flaw)?;
    }
    if data.len() < declared {
        let flaw = Flaw::TooSmall { expected: declared, found: data.len() };
        tree.report(Structure::BaseBlock, 40, flaw)?;
    }
    bins::check(data, |offset, flaw| tree.report(Structure::HiveBin, offset, flaw))?;

    let root = tree.read(base.root_cell)?;
    let (damage, more_damage) = tree.into_damage();
    Ok(HiveFile { root, info: info(base), damage, more_damage })
}

fn base_block(file: &[u8]) -> Result<BaseBlock, HiveError> {
    let Some(base) = BaseBlock::read(file) else {
        return Err(match file.get(..4).unwrap_or(file) {
            [] => HiveError::Empty,
            b"CREG" => HiveError::Windows9x,
            b"regf" => HiveError::TooShort { found: file.len() },
            found => HiveError::NotAHive { found: found.to_vec() },
        });
    };
    if base.major != 1 || !(1..=6).contains(&base.minor) {
        return Err(HiveError::UnsupportedVersion { major: base.major, minor: base.minor });
    }
    if base.file_type != PRIMARY {
        return Err(HiveError::TransactionLog { file_type: base.file_type });
    }
    Ok(base)
}

fn info(base: BaseBlock) -> HiveInfo {
    HiveInfo {
        minor_version: base.minor,
        dirty: base.is_dirty(),
        primary_sequence: base.primary_sequence,
        secondary_sequence: base.secondary_sequence,
        last_written: base.last_written,
        file_name: base.file_name,
        bins_size: base.bins_size,
    }
}
