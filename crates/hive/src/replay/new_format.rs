//! Logs of Windows 8.1 and later: entries of pages, each with a number and hashes.

use super::{LogFlaw, marvin, put_page};
use crate::{
    base_block::mark_recovered,
    fields::{bytes_at, u32_at, u64_at},
    limits::{BASE_BLOCK_SIZE, BIN_ALIGNMENT, SECTOR_SIZE},
};

const ENTRY_HEADER_SIZE: usize = 40;
const PAGE_REFERENCE_SIZE: usize = 8;

/// One `HvLE` whose hashes are right ("Log entries").
pub(super) struct Entry<'l> {
    pub(super) sequence: u32,
    /// Offset in the log.
    pub(super) offset: usize,
    bins_size: u32,
    /// Offset and size of each page.
    references: &'l [u8],
    /// The pages, one after the other.
    pages: &'l [u8],
}

/// Reads the entries of a log up to its end, or up to what is left of an earlier use of the file.
///
/// Entries before a bad one stay good.
pub(super) fn entries<'l>(log: &'l [u8], entries: &mut Vec<Entry<'l>>) -> Result<(), (usize, LogFlaw)> {
    let mut at = SECTOR_SIZE;
    while bytes_at(log, at, 4) == Some(b"HvLE") {
        let entry = Entry::read(log, at).map_err(|flaw| (at, flaw))?;
        let expected = entries.last().map(|before| before.sequence.wrapping_add(1));
        if expected.is_some_and(|expected| expected != entry.sequence) {
            break;
        }
        at += ENTRY_HEADER_SIZE + entry.references.len() + entry.pages.len();
        at = at.next_multiple_of(SECTOR_SIZE);
        entries.push(entry);
    }
    Ok(())
}

impl<'l> Entry<'l> {
    fn read(log: &'l [u8], at: usize) -> Result<Self, LogFlaw> {
        let rest = log.get(at..).unwrap_or_default();
        let cut_off = |expected| LogFlaw::Length { expected, found: rest.len() };
        let head = bytes_at(rest, 0, ENTRY_HEADER_SIZE).ok_or(cut_off(ENTRY_HEADER_SIZE))?;
        let field = |at| u32_at(head, at).unwrap_or_default();
        let (size, count) = (field(4) as usize, field(20) as usize);
        let whole = bytes_at(rest, 0, size).ok_or(cut_off(size))?;
        let body = whole.get(ENTRY_HEADER_SIZE..).ok_or(cut_off(ENTRY_HEADER_SIZE))?;

        let hashed = [(32, bytes_at(head, 0, 32).unwrap_or_default()), (24, body)];
        for (at, part) in hashed {
            let (expected, found) = (marvin::hash(part), u64_at(head, at).unwrap_or_default());
            if expected != found {
                return Err(LogFlaw::Hash { expected, found });
            }
        }
        let bins_size = field(16);
        if !(bins_size as usize).is_multiple_of(BIN_ALIGNMENT) {
            return Err(LogFlaw::BinsSize { found: bins_size });
        }
        let (references, pages) = body
            .split_at_checked(count.saturating_mul(PAGE_REFERENCE_SIZE))
            .ok_or(cut_off(count.saturating_mul(PAGE_REFERENCE_SIZE)))?;
        Ok(Self { sequence: field(12), offset: at, bins_size, references, pages })
    }

    pub(super) fn page_count(&self) -> usize {
        self.references.len() / PAGE_REFERENCE_SIZE
    }

    /// Writes the pages into the primary file; all or none.
    pub(super) fn apply(&self, file: &mut Vec<u8>, limit: usize) -> Result<(), LogFlaw> {
        let mut rest = self.pages;
        let mut pages = Vec::with_capacity(self.page_count());
        for reference in self.references.chunks_exact(PAGE_REFERENCE_SIZE) {
            let field = |at| u32_at(reference, at).unwrap_or_default() as usize;
            let (at, size) = (BASE_BLOCK_SIZE.saturating_add(field(0)), field(4));
            let (page, after) =
                rest.split_at_checked(size).ok_or(LogFlaw::Length { expected: size, found: rest.len() })?;
            let end = at.saturating_add(size);
            let limit = limit.min(BASE_BLOCK_SIZE.saturating_add(self.bins_size as usize));
            if end > limit {
                return Err(LogFlaw::PageOutside { limit: limit as u64, found: end as u64 });
            }
            pages.push((at, page));
            rest = after;
        }
        for (at, page) in pages {
            put_page(file, at, page, limit)?;
        }
        mark_recovered(file, self.sequence, self.bins_size);
        Ok(())
    }
}
