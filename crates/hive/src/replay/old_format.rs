//! Logs of Windows 2000 to 8: a bitmap of dirty sectors and the sectors.

use super::{LogFlaw, put_page};
use crate::{
    base_block::{BaseBlock, mark_recovered},
    fields::bytes_at,
    limits::{BASE_BLOCK_SIZE, SECTOR_SIZE},
    read::bins,
};

const SIGNATURE: &[u8; 4] = b"DIRT";
/// The largest sector of a disk in units of 512 bytes.
const MAX_CLUSTERING: u32 = 8;

/// Applies a whole log to a copy of the primary file ("Dirty vector", "Dirty pages"); all or nothing.
///
/// Gives the copy and the number of pages, or the offset in the log and what is wrong there.
pub(super) fn apply(
    primary: &[u8],
    log: &[u8],
    base: &BaseBlock,
    limit: usize,
) -> Result<(Vec<u8>, usize), (usize, LogFlaw)> {
    let sector = SECTOR_SIZE * base.clustering.clamp(1, MAX_CLUSTERING) as usize;
    let found = bytes_at(log, sector, SIGNATURE.len()).and_then(|bytes| bytes.first_chunk().copied());
    match found {
        Some(found) if &found == SIGNATURE => {}
        Some(found) => return Err((sector, LogFlaw::Signature { expected: "DIRT", found })),
        None => {
            return Err((sector, LogFlaw::Length { expected: sector + SIGNATURE.len(), found: log.len() }));
        }
    }
    let bitmap_at = sector + SIGNATURE.len();
    let bitmap_size = (base.bins_size as usize / SECTOR_SIZE).div_ceil(8);
    let bitmap = bytes_at(log, bitmap_at, bitmap_size)
        .ok_or((bitmap_at, LogFlaw::Length { expected: bitmap_at + bitmap_size, found: log.len() }))?;

    let mut file = primary.to_vec();
    let mut page_at = (bitmap_at + bitmap_size).next_multiple_of(sector);
    let mut pages = 0;
    for bit in
        (0..bitmap_size * 8).filter(|bit| bitmap.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 != 0))
    {
        let page = bytes_at(log, page_at, SECTOR_SIZE)
            .ok_or((page_at, LogFlaw::Length { expected: page_at + SECTOR_SIZE, found: log.len() }))?;
        put_page(&mut file, BASE_BLOCK_SIZE + bit * SECTOR_SIZE, page, limit)
            .map_err(|flaw| (page_at, flaw))?;
        page_at += SECTOR_SIZE;
        pages += 1;
    }
    if broken_bins(&file, base) > broken_bins(primary, base) {
        return Err((bitmap_at, LogFlaw::BrokenBins));
    }
    mark_recovered(&mut file, base.primary_sequence, base.bins_size);
    Ok((file, pages))
}

fn broken_bins(file: &[u8], base: &BaseBlock) -> usize {
    let data = file.get(BASE_BLOCK_SIZE..).unwrap_or_default();
    let mut broken = 0;
    let counted = bins::check(data.get(..base.bins_size as usize).unwrap_or(data), |_, _| {
        broken += 1;
        Ok(())
    });
    counted.map_or(usize::MAX, |()| broken)
}
