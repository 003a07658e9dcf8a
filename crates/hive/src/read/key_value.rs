use std::sync::Arc;

use mp_registry::{Value, ValueType};

use super::{
    cells::Cells,
    tree::{Fault, signature},
};
use crate::{
    error::{Flaw, Structure},
    fields::{self, bytes_at, u16_at, u32_at},
    limits::SEGMENT_SIZE,
};

/// Bytes of a key value in front of its name.
const KEY_VALUE_SIZE: usize = 20;
/// Set in the size of data that lie in the key value itself.
const INLINE: u32 = 0x8000_0000;
const VALUE_COMP_NAME: u16 = 0x0001;

/// Reads a `vk` and its data ("Key value").
#[inline]
pub(super) fn read(cells: &mut Cells<'_>, offset: u32) -> Result<Value, Fault> {
    let fault = Fault::at(Structure::KeyValue, offset);
    let cell = cells.cell(offset).map_err(&fault)?;
    let head = head(cell).map_err(&fault)?;
    cells.claim(offset, KEY_VALUE_SIZE + head.name.len()).map_err(&fault)?;
    let data = if head.size & INLINE != 0 {
        let size = (head.size & !INLINE) as usize;
        let data = head.data.get(..size).ok_or(Flaw::Count { expected: head.data.len(), found: size });
        data.map_err(&fault)?.into()
    } else if head.size == 0 {
        Arc::default()
    } else {
        data(cells, u32::from_le_bytes(head.data), head.size as usize)?
    };
    Ok(Value { name: fields::name(head.name, head.compressed), ty: ValueType(head.ty), data })
}

struct Head<'a> {
    name: &'a [u8],
    compressed: bool,
    size: u32,
    /// Offset of the data, or the data themselves.
    data: [u8; 4],
    ty: u32,
}

fn head(cell: &[u8]) -> Result<Head<'_>, Flaw> {
    let signature = signature(cell)?;
    if &signature != b"vk" {
        return Err(Flaw::Signature { expected: "vk", found: signature });
    }
    let fields = || {
        let (head, rest) = cell.split_first_chunk::<KEY_VALUE_SIZE>()?;
        Some(Head {
            name: bytes_at(rest, 0, usize::from(u16_at(head, 2)?))?,
            compressed: u16_at(head, 16)? & VALUE_COMP_NAME != 0,
            size: u32_at(head, 4)?,
            data: u32_at(head, 8)?.to_le_bytes(),
            ty: u32_at(head, 12)?,
        })
    };
    fields().ok_or_else(|| {
        let name = u16_at(cell, 2).unwrap_or(0);
        Flaw::TooSmall { expected: KEY_VALUE_SIZE + usize::from(name), found: cell.len() }
    })
}

/// Data in a cell of their own, or in several.
///
/// Windows splits data of more than 16,344 bytes from format 1.4 on, but hives of any version hold such data in one cell
/// (written by other tools). A `db` record fits in 12 bytes, so the size of the cell tells which it is.
fn data(cells: &mut Cells<'_>, offset: u32, size: usize) -> Result<Arc<[u8]>, Fault> {
    let fault = Fault::at(Structure::ValueData, offset);
    let cell = cells.cell(offset).map_err(&fault)?;
    if let Some(data) = cell.get(..size) {
        cells.claim(offset, size).map_err(&fault)?;
        return Ok(data.into());
    }
    if size > SEGMENT_SIZE && cell.starts_with(b"db") {
        return big_data(cells, offset, cell, size);
    }
    Err(fault(Flaw::TooSmall { expected: size, found: cell.len() }))
}

/// Data in segments ("Big data").
fn big_data(cells: &mut Cells<'_>, offset: u32, cell: &[u8], size: usize) -> Result<Arc<[u8]>, Fault> {
    let fault = Fault::at(Structure::BigData, offset);
    let (Some(count), Some(list)) = (u16_at(cell, 2), u32_at(cell, 4)) else {
        return Err(fault(Flaw::TooSmall { expected: 8, found: cell.len() }));
    };
    cells.claim(offset, 8).map_err(&fault)?;
    let needed = size.div_ceil(SEGMENT_SIZE);
    if usize::from(count) != needed {
        return Err(fault(Flaw::Count { expected: needed, found: usize::from(count) }));
    }

    let list_fault = Fault::at(Structure::BigData, list);
    let list_cell = cells.cell(list).map_err(&list_fault)?;
    let (segments, _) = list_cell.as_chunks::<4>();
    let too_small = Flaw::TooSmall { expected: needed * 4, found: list_cell.len() };
    let segments = segments.get(..needed).ok_or_else(|| list_fault(too_small))?;
    cells.claim(list, needed * 4).map_err(&list_fault)?;

    let mut data = Vec::with_capacity(size.min(cells.room_for(1)));
    for &segment in segments {
        let offset = u32::from_le_bytes(segment);
        let fault = Fault::at(Structure::ValueData, offset);
        let cell = cells.cell(offset).map_err(&fault)?;
        let expected = SEGMENT_SIZE.min(size - data.len());
        let piece =
            cell.get(..expected).ok_or_else(|| fault(Flaw::TooSmall { expected, found: cell.len() }))?;
        cells.claim(offset, expected).map_err(&fault)?;
        data.extend_from_slice(piece);
    }
    Ok(data.into())
}
