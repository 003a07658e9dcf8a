use mp_registry::{FileTime, Name};

use crate::{
    fields::{bytes_at, time_at, u32_at, utf16},
    limits::SECTOR_SIZE,
};

const SIGNATURE: &[u8] = b"regf";
const CHECKSUM_AT: usize = 508;
const FILE_NAME_AT: usize = 48;
const FILE_NAME_BYTES: usize = 64;

pub(crate) const PRIMARY: u32 = 0;

/// The first sector of a primary file or a log: what is known of the hive as a whole ("Base block").
#[derive(Clone, Debug)]
pub(crate) struct BaseBlock {
    pub(crate) primary_sequence: u32,
    pub(crate) secondary_sequence: u32,
    pub(crate) last_written: FileTime,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) file_type: u32,
    pub(crate) root_cell: u32,
    pub(crate) bins_size: u32,
    /// Sector size of the disk in units of 512 bytes.
    pub(crate) clustering: u32,
    pub(crate) file_name: Name,
    pub(crate) stored_checksum: u32,
    pub(crate) checksum: u32,
}

impl BaseBlock {
    /// Reads the fields; `None` when the signature or the length is wrong. The checksum is computed, not judged.
    pub(crate) fn read(file: &[u8]) -> Option<Self> {
        if !file.starts_with(SIGNATURE) {
            return None;
        }
        let sector = bytes_at(file, 0, SECTOR_SIZE)?;
        Some(Self {
            primary_sequence: u32_at(sector, 4)?,
            secondary_sequence: u32_at(sector, 8)?,
            last_written: time_at(sector, 12)?,
            major: u32_at(sector, 20)?,
            minor: u32_at(sector, 24)?,
            file_type: u32_at(sector, 28)?,
            root_cell: u32_at(sector, 36)?,
            bins_size: u32_at(sector, 40)?,
            clustering: u32_at(sector, 44)?,
            file_name: file_name(bytes_at(sector, FILE_NAME_AT, FILE_NAME_BYTES)?),
            stored_checksum: u32_at(sector, CHECKSUM_AT)?,
            checksum: checksum(sector),
        })
    }

    pub(crate) fn checksum_matches(&self) -> bool {
        self.stored_checksum == self.checksum
    }

    /// Whether the last write to the hive was not finished ("Dirty state of a hive").
    pub(crate) fn is_dirty(&self) -> bool {
        !self.checksum_matches() || self.primary_sequence != self.secondary_sequence
    }
}

fn file_name(bytes: &[u8]) -> Name {
    let name = utf16(bytes);
    let end = name.units().iter().position(|&unit| unit == 0).unwrap_or(name.units().len());
    name.units().get(..end).map(Name::from_units).unwrap_or_default()
}

/// XOR of the 127 words before the checksum; 0 and all ones are never stored.
fn checksum(sector: &[u8]) -> u32 {
    let (words, _) = sector.get(..CHECKSUM_AT).unwrap_or_default().as_chunks::<4>();
    match words.iter().fold(0, |sum, &word| sum ^ u32::from_le_bytes(word)) {
        u32::MAX => u32::MAX - 1,
        0 => 1,
        sum => sum,
    }
}

/// Puts new sequence numbers into a base block and makes it a primary file's again, with a right checksum.
pub(crate) fn mark_recovered(file: &mut [u8], sequence: u32, bins_size: u32) {
    for (at, field) in [(4, sequence), (8, sequence), (28, PRIMARY), (40, bins_size)] {
        if let Some(place) = file.get_mut(at..at + 4) {
            place.copy_from_slice(&field.to_le_bytes());
        }
    }
    seal(file);
}

/// Puts the right checksum into a base block.
pub(crate) fn seal(file: &mut [u8]) {
    let sum = checksum(file);
    if let Some(place) = file.get_mut(CHECKSUM_AT..CHECKSUM_AT + 4) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
}
