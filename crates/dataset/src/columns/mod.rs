//! The registry record: a tree of edits in columns (`docs/formats/dataset.md`, section 6).

mod guid;
mod input;
mod read;
mod runs;
mod write;

pub(crate) use read::read;
pub(crate) use write::{pack, write};

/// Key of a column in the map, and its name in messages.
type ColumnId = (u64, &'static str);

const KEYS: ColumnId = (1, "keys");
const VALUES: ColumnId = (2, "values");
const SHAPE: ColumnId = (3, "shape");
const ACTIONS: ColumnId = (4, "actions");
const FORMS: ColumnId = (5, "forms");
const LENGTHS: ColumnId = (6, "lengths");
const DWORDS: ColumnId = (7, "dwords");
const KEY_NAMES: ColumnId = (8, "key names");
const VALUE_NAMES: ColumnId = (9, "value names");
const TEXTS: ColumnId = (10, "texts");
const RUNS: ColumnId = (11, "runs");
const GAPS: ColumnId = (12, "gaps");
const GUIDS: ColumnId = (13, "GUIDs");
const BYTES: ColumnId = (14, "bytes");
const TIMES: ColumnId = (15, "times");
const CLASSES: ColumnId = (16, "classes");

/// Bits of an entry of the column of actions (section 6).
const ACTION_BITS: u8 = 0b011;
const CLASS_BIT: u8 = 0b100;

/// Forms of a value edit (section 6.1).
mod form {
    pub(super) const DELETED: u64 = 0;
    pub(super) const TEXT: u64 = 1;
    pub(super) const BARE_TEXT: u64 = 2;
    pub(super) const DWORD: u64 = 3;
    pub(super) const BYTES: u64 = 4;
    /// Bits below the value's type.
    pub(super) const BITS: u32 = 3;
}

/// Bytes of packed text that are no units (section 6.2).
mod mark {
    pub(super) const END: u8 = 0;
    pub(super) const UPPER_GUID: u8 = 1;
    pub(super) const LOWER_GUID: u8 = 2;
    pub(super) const ESCAPE: u8 = 3;
}
