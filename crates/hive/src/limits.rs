//! The numbers of the format and the bounds of this room.

/// Bytes of the base block in front of the hive bins ("Base block").
pub const BASE_BLOCK_SIZE: usize = 4096;
/// Hive bins, and so the hive bins data, are a multiple of this ("Hive bin").
pub const BIN_ALIGNMENT: usize = 4096;
/// The most bytes one data segment of a `db` record holds; a longer value is split from format 1.4 on ("Big data").
pub const SEGMENT_SIZE: usize = 16_344;
/// The most bytes of hive bins data: offsets have 31 bits, the topmost marks volatile cells.
pub const MAX_BINS_SIZE: usize = 0x8000_0000 - BIN_ALIGNMENT;
/// The largest file [`open`](crate::open) reads, primary file or log.
pub const MAX_FILE_SIZE: u64 = 1 << 30;
/// The most pieces of damage a reading keeps in detail; more are counted only.
pub const MAX_DAMAGE: usize = 1_000;

pub(crate) const BIN_HEADER_SIZE: usize = 32;
pub(crate) const CELL_ALIGNMENT: usize = 8;
pub(crate) const SECTOR_SIZE: usize = 512;
/// "No cell" where an offset is expected.
pub(crate) const NIL: u32 = u32::MAX;
