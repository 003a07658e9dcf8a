use mp_registry::{FileTime, Name};

use crate::{
    error::Flaw,
    fields::{self, bytes_at, time_at, u16_at, u32_at},
};

/// Bytes of a key node in front of its name.
pub(super) const KEY_NODE_SIZE: usize = 76;

const KEY_SYM_LINK: u16 = 0x0010;
const KEY_COMP_NAME: u16 = 0x0020;
const KEY_PREDEF_HANDLE: u16 = 0x0040;

/// What is of interest in an `nk` ("Key node").
pub(super) struct KeyNode {
    pub(super) name: Name,
    pub(super) last_write: FileTime,
    pub(super) link: bool,
    pub(super) subkey_count: u32,
    pub(super) subkey_list: u32,
    pub(super) value_count: u32,
    pub(super) value_list: u32,
    pub(super) security: u32,
    pub(super) class: u32,
    pub(super) class_length: u16,
    /// Bytes in use.
    pub(super) used: usize,
}

impl KeyNode {
    #[inline]
    pub(super) fn read(cell: &[u8]) -> Result<Self, Flaw> {
        let signature = super::tree::signature(cell)?;
        if &signature != b"nk" {
            return Err(Flaw::Signature { expected: "nk", found: signature });
        }
        Self::fields(cell).ok_or_else(|| {
            let name = u16_at(cell, 72).unwrap_or(0);
            Flaw::TooSmall { expected: KEY_NODE_SIZE + usize::from(name), found: cell.len() }
        })
    }

    fn fields(cell: &[u8]) -> Option<Self> {
        let (head, rest) = cell.split_first_chunk::<KEY_NODE_SIZE>()?;
        let flags = u16_at(head, 2)?;
        let name = bytes_at(rest, 0, usize::from(u16_at(head, 72)?))?;
        // The count of a predefined handle's values is the handle.
        let predefined = flags & KEY_PREDEF_HANDLE != 0;
        Some(Self {
            name: fields::name(name, flags & KEY_COMP_NAME != 0),
            last_write: time_at(head, 4)?,
            link: flags & KEY_SYM_LINK != 0,
            subkey_count: u32_at(head, 20)?,
            subkey_list: u32_at(head, 28)?,
            value_count: if predefined { 0 } else { u32_at(head, 36)? },
            value_list: u32_at(head, 40)?,
            security: u32_at(head, 44)?,
            class: u32_at(head, 48)?,
            class_length: u16_at(head, 74)?,
            used: KEY_NODE_SIZE + name.len(),
        })
    }
}
