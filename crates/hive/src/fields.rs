//! Checked little-endian fields: `None` where the bytes end.

use std::sync::Arc;

use mp_registry::{FileTime, Name};

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

pub(crate) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk().copied().map(i32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}

pub(crate) fn time_at(bytes: &[u8], at: usize) -> Option<FileTime> {
    u64_at(bytes, at).map(FileTime)
}

/// Bytes `at..at + length`.
pub(crate) fn bytes_at(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..)?.get(..length)
}

/// The name of a key or value: one byte per unit (Latin-1) when `compressed`, else UTF-16LE.
pub(crate) fn name(bytes: &[u8], compressed: bool) -> Name {
    if compressed {
        Name::from_units(bytes.iter().map(|&byte| u16::from(byte)).collect::<Arc<[u16]>>())
    } else {
        utf16(bytes)
    }
}

/// UTF-16LE units; an odd last byte is left out.
pub(crate) fn utf16(bytes: &[u8]) -> Name {
    let (pairs, _) = bytes.as_chunks::<2>();
    Name::from_units(pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect::<Arc<[u16]>>())
}
