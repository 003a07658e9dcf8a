use mp_registry::{FileTime, Name};

use crate::{BASE_BLOCK_SIZE, base_block::seal};

const FILE_NAME_UNITS: usize = 32;
/// Both sequence numbers of a new hive.
const SEQUENCE: u32 = 1;
const DIRECT_MEMORY_LOAD: u32 = 1;

/// Writes the base block of a clean primary file; what is not written stays zero ("Base block").
///
/// Of a long file name the end is kept, as Windows does, and one unit less than there is room for, so that readers which
/// look for a terminator find one.
pub(super) fn write(file: &mut [u8], minor: u32, root_cell: u32, file_name: &Name, time: FileTime) {
    let bins_size = u32::try_from(file.len() - BASE_BLOCK_SIZE).expect("the bins were held to their limit");
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"regf");
    put(4, &SEQUENCE.to_le_bytes());
    put(8, &SEQUENCE.to_le_bytes());
    put(12, &time.0.to_le_bytes());
    put(20, &1_u32.to_le_bytes());
    put(24, &minor.to_le_bytes());
    put(32, &DIRECT_MEMORY_LOAD.to_le_bytes());
    put(36, &root_cell.to_le_bytes());
    put(40, &bins_size.to_le_bytes());
    put(44, &1_u32.to_le_bytes());
    let units = file_name.units();
    let skipped = units.len().saturating_sub(FILE_NAME_UNITS - 1);
    put(48, &super::utf16(&units[skipped..]));
    seal(file);
}
