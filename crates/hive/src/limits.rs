//! The numbers of the format and the bounds of this room.

/// Bytes of the base block in front of the hive bins ("Base block").
pub const BASE_BLOCK_SIZE: usize = 4096;
/// Hive bins, and so the hive bins data, are a multiple of this ("Hive bin").
pub const BIN_ALIGNMENT: usize = 4096;
/// The most bytes one data segment of a `db` record holds; a longer value is split from format 1.4 on ("Big data").
pub const SEGMENT_SIZE: usize = 16_344;
/// The most pieces of damage a reading keeps in detail; more are counted only.
pub const MAX_DAMAGE: usize = 1_000;

pub(crate) const CELL_ALIGNMENT: usize = 8;
pub(crate) const SECTOR_SIZE: usize = 512;
/// "No cell" where an offset is expected.
pub(crate) const NIL: u32 = u32::MAX;
