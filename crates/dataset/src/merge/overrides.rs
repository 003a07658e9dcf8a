//! What a merge overrode, for reports.

use std::fmt;

use mp_registry::{EditCounts, KeyEdit, KeyPath, Name, ValueEdit, ValueType};

use super::Side;
use crate::{FileChange, FileEntry, FilePath};

/// Overrides of one merge that are named; further ones are only counted.
pub const MAX_OVERRIDES: usize = 256;

/// Characters of a value's text, or twice its bytes, that are shown.
const SHOWN: usize = 40;

/// What both sides of a merge changed differently.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    /// The first [`MAX_OVERRIDES`] of them, in the order of keys, then files.
    pub named: Vec<Override>,
    /// Items of which mine counts, named or not.
    pub theirs_overridden: usize,
    /// Items of which theirs counts, named or not.
    pub mine_overridden: usize,
}

/// An item that both sides changed differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Override {
    /// Which one.
    pub place: ItemPlace,
    /// What the stored data set held.
    pub theirs: Held,
    /// What the data set held that was to be stored.
    pub mine: Held,
    /// Which of them counts.
    pub kept: Side,
}

/// Where an item is. Paths start at the user's root.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ItemPlace {
    /// A key, with all below it unless it is about the class name.
    Key(KeyPath),
    /// A value.
    Value(KeyPath, Name),
    /// A file.
    File(FilePath),
}

/// What a data set held of an item, in short.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Held {
    /// Nothing: it is as the mandatory profile has it.
    Default,
    /// The tombstone of a key, value or file, or its absence from a key that was made anew.
    Deleted,
    /// Edits of a key and what is below it.
    Key(EditCounts),
    /// A key's class name.
    Class(Option<Name>),
    /// A value.
    Value {
        /// Its type.
        ty: ValueType,
        /// Length of its data in bytes.
        len: usize,
        /// The beginning of its data, as text where they are text, else in hexadecimal.
        start: String,
    },
    /// A file.
    File {
        /// Its length in bytes.
        len: usize,
    },
}

impl Overrides {
    /// How many there are, named or not.
    #[must_use]
    pub fn total(&self) -> usize {
        self.theirs_overridden + self.mine_overridden
    }

    /// Adds those of another merge of the same data set.
    pub fn append(&mut self, other: Self) {
        let room = MAX_OVERRIDES.saturating_sub(self.named.len());
        self.named.extend(other.named.into_iter().take(room));
        self.theirs_overridden += other.theirs_overridden;
        self.mine_overridden += other.mine_overridden;
    }

    pub(super) fn add(&mut self, kept: Side, [theirs, mine]: [Held; 2], place: impl FnOnce() -> ItemPlace) {
        match kept {
            Side::Theirs => self.mine_overridden += 1,
            Side::Mine => self.theirs_overridden += 1,
        }
        if self.named.len() < MAX_OVERRIDES {
            self.named.push(Override { place: place(), theirs, mine, kept });
        }
    }
}

impl Held {
    pub(super) fn key(edit: Option<&KeyEdit>, cleared: bool) -> Self {
        use mp_registry::KeyAction::{Delete, Pass};
        match edit {
            Some(edit) if edit.action == Delete => Self::Deleted,
            None | Some(KeyEdit { action: Pass, .. }) if cleared => Self::Deleted,
            None => Self::Default,
            Some(edit) => Self::Key(edit.counts()),
        }
    }

    pub(super) fn value(edit: Option<&ValueEdit>, cleared: bool) -> Self {
        match edit {
            Some(ValueEdit::Delete(_)) => Self::Deleted,
            None if cleared => Self::Deleted,
            None => Self::Default,
            Some(ValueEdit::Set(value)) => {
                let (ty, len) = (value.ty, value.data.len());
                let start = value.to_text().map_or_else(
                    || value.data.iter().take(SHOWN / 2).map(|byte| format!("{byte:02x}")).collect(),
                    |text| text.chars().take(SHOWN).collect(),
                );
                Self::Value { ty, len, start }
            }
        }
    }

    pub(super) fn file(entry: Option<&FileEntry>) -> Self {
        match entry.map(|entry| &entry.change) {
            None => Self::Default,
            Some(FileChange::Deleted) => Self::Deleted,
            Some(FileChange::Present(content)) => Self::File { len: content.bytes.len() },
        }
    }
}

impl fmt::Display for ItemPlace {
    /// `HKCU\Software\App`, `HKCU\Software\App: Size`, `RoamingAppData:App\a.ini`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(path) => write!(f, "HKCU\\{path}"),
            Self::Value(path, name) if name.is_empty() => write!(f, "HKCU\\{path}: @"),
            Self::Value(path, name) => write!(f, "HKCU\\{path}: {name}"),
            Self::File(path) => write!(f, "{path}"),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("as the mandatory profile has it"),
            Self::Deleted => f.write_str("deleted"),
            Self::Key(counts) => {
                let deleted = counts.deleted_keys + counts.deleted_values;
                write!(f, "{} keys, {} values, {deleted} deletions", counts.keys, counts.values)
            }
            Self::Class(None) => f.write_str("no class"),
            Self::Class(Some(class)) => write!(f, "class \"{class}\""),
            Self::Value { ty, len, start } => write!(f, "{ty:?} of {len} bytes: {}", start.escape_debug()),
            Self::File { len } => write!(f, "a file of {len} bytes"),
        }
    }
}
