use std::{ffi::c_void, sync::Arc};

use super::Status;

/// An output buffer for native calls: aligned for every structure they write, grown when a call needs more, and never
/// shrunk, so that one buffer serves a whole tree.
pub(crate) struct Buffer {
    words: Vec<u64>,
}

impl Buffer {
    /// Enough for every name and for all values but the rarest.
    const USUAL: usize = 128 * 1024;
    /// The most that is ever allocated, by what others wrote: four times the longest value that travels.
    const MOST: usize = 64 * 1024 * 1024;

    pub(crate) fn new() -> Self {
        Self::with_room(Self::USUAL)
    }

    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { words: vec![0; bytes.div_ceil(8)] }
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut c_void {
        self.words.as_mut_ptr().cast()
    }

    /// Room in bytes.
    pub(crate) fn room(&self) -> u32 {
        u32::try_from(self.words.len() * 8).unwrap_or(u32::MAX)
    }

    /// Makes room for at least `bytes`.
    pub(crate) fn grow(&mut self, bytes: u32) -> Result<(), Status> {
        let bytes = usize::try_from(bytes).map_err(|_| Status::TOO_SMALL)?;
        if bytes > Self::MOST {
            return Err(Status::TOO_SMALL);
        }
        // Values change between two calls; some headroom spares a third one.
        self.words.resize((bytes + bytes / 8).div_ceil(8).max(self.words.len() + 1), 0);
        Ok(())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the pointer and length cover exactly the vector's initialised elements, and u8 has no alignment or
        // validity requirement.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast(), self.words.len() * 8) }
    }

    /// The `u32` at a byte offset; 0 where the buffer ends, which no caller reaches with the system's structures.
    pub(crate) fn u32_at(&self, offset: usize) -> u32 {
        self.array_at(offset).map_or(0, u32::from_le_bytes)
    }

    /// The `u64` at a byte offset.
    pub(crate) fn u64_at(&self, offset: usize) -> u64 {
        self.array_at(offset).map_or(0, u64::from_le_bytes)
    }

    /// `len` bytes at `offset`, if they lie inside.
    pub(crate) fn slice(&self, offset: u32, len: u32) -> Option<&[u8]> {
        let offset = usize::try_from(offset).ok()?;
        let end = offset.checked_add(usize::try_from(len).ok()?)?;
        self.bytes().get(offset..end)
    }

    /// The UTF-16 code units in `len` bytes at `offset`, if they lie inside.
    pub(crate) fn units(&self, offset: u32, len: u32) -> Option<Arc<[u16]>> {
        let bytes = self.slice(offset, len)?;
        Some(bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect())
    }

    fn array_at<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        self.bytes().get(offset..)?.first_chunk().copied()
    }
}
