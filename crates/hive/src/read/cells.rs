use crate::{
    error::Flaw,
    fields::i32_at,
    limits::{BASE_BLOCK_SIZE, CELL_ALIGNMENT},
};

/// The hive bins data as cells, and which of them were read already.
///
/// In a sound hive every cell has one owner (but for security descriptors, which the reader remembers), and cells do not
/// overlap. Holding a hive to both bounds the work and the memory of reading by its size, whatever its bytes say: no cycle
/// can be followed, no list or data can be had twice.
pub(super) struct Cells<'a> {
    bins: &'a [u8],
    /// Bytes in front of a cell's content: its size, and in format 1.1 the offset of the cell before it.
    header: usize,
    /// One bit for each place where a cell may begin.
    claimed: Vec<u64>,
    /// Bytes that no structure has used yet.
    unclaimed: usize,
}

impl<'a> Cells<'a> {
    pub(super) fn new(bins: &'a [u8], minor: u32) -> Self {
        Self {
            bins,
            header: if minor <= 1 { 8 } else { 4 },
            claimed: vec![0; bins.len().div_ceil(CELL_ALIGNMENT * 64)],
            unclaimed: bins.len(),
        }
    }

    /// The content of the cell at an offset in the hive bins data.
    #[inline]
    pub(super) fn cell(&self, offset: u32) -> Result<&'a [u8], Flaw> {
        let at = offset as usize;
        let Some(size) = i32_at(self.bins, at) else {
            return Err(Flaw::Outside { end: self.end() });
        };
        if !at.is_multiple_of(CELL_ALIGNMENT) {
            return Err(Flaw::Unaligned);
        }
        if size >= 0 {
            return Err(Flaw::FreeCell { size });
        }
        let content =
            self.bins.get(at..).and_then(|rest| rest.get(self.header..size.unsigned_abs() as usize));
        content.ok_or_else(|| Flaw::CellSize { size, end: self.end() })
    }

    /// Takes the cell at `offset`, of which `used` bytes are of interest, for its only reader.
    #[inline]
    pub(super) fn claim(&mut self, offset: u32, used: usize) -> Result<(), Flaw> {
        let slot = offset as usize / CELL_ALIGNMENT;
        let Some(word) = self.claimed.get_mut(slot / 64) else {
            return Err(Flaw::Outside { end: self.end() });
        };
        let bit = 1 << (slot % 64);
        if *word & bit != 0 {
            return Err(Flaw::Shared);
        }
        *word |= bit;
        match self.unclaimed.checked_sub(used) {
            Some(left) => {
                self.unclaimed = left;
                Ok(())
            }
            None => Err(Flaw::Overlap),
        }
    }

    /// How many structures of at least `size` bytes can still be found: a bound for what is reserved in advance.
    pub(super) fn room_for(&self, size: usize) -> usize {
        self.unclaimed / size
    }

    fn end(&self) -> u64 {
        (BASE_BLOCK_SIZE + self.bins.len()) as u64
    }
}
