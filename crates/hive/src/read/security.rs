use std::{collections::BTreeMap, sync::Arc};

use super::{cells::Cells, tree::signature};
use crate::{
    error::Flaw,
    fields::{bytes_at, u32_at},
};

/// Bytes of an `sk` in front of its descriptor.
const KEY_SECURITY_SIZE: usize = 20;

/// The security descriptors met so far, by the offset of their `sk` ("Key security"): many keys share one.
#[derive(Default)]
pub(super) struct Descriptors {
    known: BTreeMap<u32, Result<Arc<[u8]>, Flaw>>,
    /// Neighbours mostly have the same one.
    last: Option<(u32, Arc<[u8]>)>,
}

impl Descriptors {
    pub(super) fn get(&mut self, cells: &mut Cells<'_>, offset: u32) -> Result<Arc<[u8]>, Flaw> {
        if let Some((last, descriptor)) = &self.last
            && *last == offset
        {
            return Ok(Arc::clone(descriptor));
        }
        let descriptor = self.known.entry(offset).or_insert_with(|| read(cells, offset)).clone()?;
        self.last = Some((offset, Arc::clone(&descriptor)));
        Ok(descriptor)
    }
}

fn read(cells: &mut Cells<'_>, offset: u32) -> Result<Arc<[u8]>, Flaw> {
    let cell = cells.cell(offset)?;
    let signature = signature(cell)?;
    if &signature != b"sk" {
        return Err(Flaw::Signature { expected: "sk", found: signature });
    }
    let size =
        u32_at(cell, 16).ok_or(Flaw::TooSmall { expected: KEY_SECURITY_SIZE, found: cell.len() })? as usize;
    let descriptor = bytes_at(cell, KEY_SECURITY_SIZE, size)
        .ok_or(Flaw::TooSmall { expected: KEY_SECURITY_SIZE.saturating_add(size), found: cell.len() })?;
    cells.claim(offset, KEY_SECURITY_SIZE + size)?;
    Ok(descriptor.into())
}
