use std::ops::Range;

use mp_registry::FileTime;

use crate::limits::{BASE_BLOCK_SIZE, BIN_ALIGNMENT, BIN_HEADER_SIZE, CELL_ALIGNMENT, MAX_BINS_SIZE};

const CELL_HEADER_SIZE: usize = 4;

/// The hive would be larger than the format allows.
pub(super) struct Full;

/// A file that grows by hive bins, and the cells in them ("Hive bin", "Cell").
///
/// Bins have 4,096 bytes, or what one larger cell needs.
pub(super) struct Bins {
    /// The file, beginning with room for the base block.
    file: Vec<u8>,
    /// Where the next cell can lie, in the file.
    free: Range<usize>,
}

impl Bins {
    pub(super) fn new() -> Self {
        Self { file: vec![0; BASE_BLOCK_SIZE], free: 0..0 }
    }

    /// Makes a cell for `content` bytes, zeroed; gives its offset in the hive bins data.
    pub(super) fn allocate(&mut self, content: usize) -> Result<u32, Full> {
        if content > MAX_BINS_SIZE {
            return Err(Full);
        }
        let size = (content + CELL_HEADER_SIZE).next_multiple_of(CELL_ALIGNMENT);
        let at = if self.free.len() >= size {
            let at = self.free.start;
            self.free.start += size;
            at
        } else {
            self.allocate_in_new_bin(size)?
        };
        self.mark(at, -i64::try_from(size).map_err(|_| Full)?)?;
        u32::try_from(at - BASE_BLOCK_SIZE).map_err(|_| Full)
    }

    /// Makes a cell that holds just these bytes.
    pub(super) fn add(&mut self, content: &[u8]) -> Result<u32, Full> {
        let cell = self.allocate(content.len())?;
        self.put(cell, 0, content);
        Ok(cell)
    }

    /// Writes into a cell, `at` bytes behind the begin of its content.
    pub(super) fn put(&mut self, cell: u32, at: usize, bytes: &[u8]) {
        let start = BASE_BLOCK_SIZE + cell as usize + CELL_HEADER_SIZE + at;
        self.file[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// The file, all cells in place and the first bin dated.
    pub(super) fn finish(mut self, time: FileTime) -> Result<Vec<u8>, Full> {
        self.close(self.free.clone())?;
        let dated = BASE_BLOCK_SIZE + 20;
        self.file[dated..dated + 8].copy_from_slice(&time.0.to_le_bytes());
        Ok(self.file)
    }

    fn allocate_in_new_bin(&mut self, size: usize) -> Result<usize, Full> {
        let start = self.file.len();
        let bin = (size + BIN_HEADER_SIZE).next_multiple_of(BIN_ALIGNMENT);
        let offset = start - BASE_BLOCK_SIZE;
        if offset + bin > MAX_BINS_SIZE {
            return Err(Full);
        }
        self.file.resize(start + bin, 0);
        let header = &mut self.file[start..start + BIN_HEADER_SIZE];
        header[..4].copy_from_slice(b"hbin");
        header[4..8].copy_from_slice(&u32::try_from(offset).map_err(|_| Full)?.to_le_bytes());
        header[8..12].copy_from_slice(&u32::try_from(bin).map_err(|_| Full)?.to_le_bytes());

        let at = start + BIN_HEADER_SIZE;
        let rest = at + size..start + bin;
        // The larger rest stays open, so that one big value among small cells does not waste a bin.
        let closed =
            if rest.len() > self.free.len() { std::mem::replace(&mut self.free, rest) } else { rest };
        self.close(closed)?;
        Ok(at)
    }

    /// Makes a free cell of what is left of a bin.
    fn close(&mut self, rest: Range<usize>) -> Result<(), Full> {
        if rest.is_empty() {
            Ok(())
        } else {
            self.mark(rest.start, i64::try_from(rest.len()).map_err(|_| Full)?)
        }
    }

    /// Writes the size of a cell: negative when it is in use.
    fn mark(&mut self, at: usize, size: i64) -> Result<(), Full> {
        let size = i32::try_from(size).map_err(|_| Full)?;
        self.file[at..at + CELL_HEADER_SIZE].copy_from_slice(&size.to_le_bytes());
        Ok(())
    }
}
