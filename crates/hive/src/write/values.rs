use mp_registry::Value;

use super::{
    Version,
    bins::{Bins, Full},
};
use crate::limits::SEGMENT_SIZE;

const VALUE_COMP_NAME: u16 = 0x0001;
/// Set in the size of data that lie in the key value itself.
const INLINE: u32 = 0x8000_0000;
const MAX_INLINE: usize = 4;
/// Windows gives every segment four bytes more than it uses; with them a segment just fills a bin of 16,384 bytes.
const SEGMENT_CELL: usize = SEGMENT_SIZE + 4;

/// The most bytes of data a value can have.
pub(super) fn max_data(version: Version) -> usize {
    match version {
        Version::V1_3 => crate::MAX_BINS_SIZE,
        Version::V1_5 => SEGMENT_SIZE * u16::MAX as usize,
    }
}

/// Writes a key's values and their list ("Key values list"); gives the offset of the list.
pub(super) fn write(bins: &mut Bins, version: Version, values: &[Value]) -> Result<u32, Full> {
    let mut list = Vec::with_capacity(values.len() * 4);
    for value in values {
        list.extend(key_value(bins, version, value)?.to_le_bytes());
    }
    bins.add(&list)
}

/// Writes one `vk` with its data ("Key value").
fn key_value(bins: &mut Bins, version: Version, value: &Value) -> Result<u32, Full> {
    let (name, compressed) = super::name(value.name.units());
    let size = u32::try_from(value.data.len()).map_err(|_| Full)?;
    let (size, data) = if value.data.len() <= MAX_INLINE {
        let mut inline = [0; MAX_INLINE];
        inline.iter_mut().zip(value.data.iter()).for_each(|(to, &from)| *to = from);
        (size | INLINE, inline)
    } else if version == Version::V1_5 && value.data.len() > SEGMENT_SIZE {
        (size, big_data(bins, &value.data)?.to_le_bytes())
    } else {
        (size, bins.add(&value.data)?.to_le_bytes())
    };
    let mut cell = b"vk".to_vec();
    cell.extend(u16::try_from(name.len()).map_err(|_| Full)?.to_le_bytes());
    cell.extend(size.to_le_bytes());
    cell.extend(data);
    cell.extend(value.ty.0.to_le_bytes());
    cell.extend(if compressed { VALUE_COMP_NAME } else { 0 }.to_le_bytes());
    cell.extend([0, 0]);
    cell.extend(name);
    bins.add(&cell)
}

/// Writes data in segments ("Big data"); gives the offset of the `db`.
fn big_data(bins: &mut Bins, data: &[u8]) -> Result<u32, Full> {
    let mut list = Vec::new();
    for piece in data.chunks(SEGMENT_SIZE) {
        let segment = bins.allocate(SEGMENT_CELL)?;
        bins.put(segment, 0, piece);
        list.extend(segment.to_le_bytes());
    }
    let count = u16::try_from(list.len() / 4).map_err(|_| Full)?;
    let list = bins.add(&list)?;
    let mut cell = b"db".to_vec();
    cell.extend(count.to_le_bytes());
    cell.extend(list.to_le_bytes());
    bins.add(&cell)
}
