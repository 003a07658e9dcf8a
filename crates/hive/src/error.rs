use std::fmt;

use mp_registry::KeyPath;

/// Why a file was not read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HiveError {
    /// There are no bytes.
    #[error("the hive file is empty")]
    Empty,
    /// The file does not begin with `regf`.
    #[error("not a hive: expected signature \"regf\" at offset 0, found {found:02x?}")]
    NotAHive {
        /// The first bytes, at most four.
        found: Vec<u8>,
    },
    /// A registry file of Windows 95, 98 or Me.
    #[error("a Windows 9x registry file (signature \"CREG\"), which is another format and cannot be read")]
    Windows9x,
    /// The file ends before its hive bins begin.
    #[error("hive cut off in its base block: expected more than 4096 bytes, found {found}")]
    TooShort {
        /// Length of the file.
        found: usize,
    },
    /// The file is a transaction log; it belongs beside its primary file.
    #[error("a transaction log (file type {file_type}), not a hive; open the hive beside it instead")]
    TransactionLog {
        /// "File type" of the base block.
        file_type: u32,
    },
    /// The format version is none of 1.1 to 1.6.
    #[error("unsupported hive version: expected 1.1 to 1.6, found {major}.{minor}")]
    UnsupportedVersion {
        /// Major version found.
        major: u32,
        /// Minor version found.
        minor: u32,
    },
    /// The root key cannot be read, and so nothing can.
    #[error("the root key cannot be read: {0}")]
    Root(Damage),
    /// The first damage met in strict reading.
    #[error("damaged hive: {0}")]
    Damaged(Damage),
}

/// One place of a hive that is not as it should be, and what was left out because of it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{structure} at offset {offset:#x}, key \"{path}\": {flaw}")]
pub struct Damage {
    /// The key that holds the damaged part, below the root.
    pub path: KeyPath,
    /// What is damaged.
    pub structure: Structure,
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// What was expected there, and what was found.
    pub flaw: Flaw,
}

/// The structures of a hive, in the words of the format.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Structure {
    /// The header of the file; the hive is read nevertheless.
    BaseBlock,
    /// The header of a hive bin; its cells are read nevertheless.
    HiveBin,
    /// `nk`: the key with all below it is left out.
    KeyNode,
    /// `li`, `lf`, `lh` or `ri`: the sub-keys it names are left out, or those that it names too much or too little.
    SubkeyList,
    /// The list of a key's values: they are left out.
    ValueList,
    /// `vk`: the value is left out.
    KeyValue,
    /// The cell of a value's data: the value is left out.
    ValueData,
    /// `db` or its list of segments: the value is left out.
    BigData,
    /// `sk`: the key has no security descriptor.
    KeySecurity,
    /// The cell of a class name: the key has no class name.
    ClassName,
}

impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BaseBlock => "base block",
            Self::HiveBin => "hive bin",
            Self::KeyNode => "key node",
            Self::SubkeyList => "list of sub-keys",
            Self::ValueList => "list of values",
            Self::KeyValue => "key value",
            Self::ValueData => "data of a value",
            Self::BigData => "big data",
            Self::KeySecurity => "key security",
            Self::ClassName => "class name",
        })
    }
}

/// What was expected and what was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The signature is another one.
    #[error("expected signature {expected:?}, found {found:02x?}")]
    Signature {
        /// What may stand there.
        expected: &'static str,
        /// The first two bytes.
        found: [u8; 2],
    },
    /// The offset points behind the hive bins data.
    #[error("expected an offset below {end:#x}, found one behind the hive's data")]
    Outside {
        /// End of the data, as an offset in the file.
        end: u64,
    },
    /// The offset is not a multiple of 8.
    #[error("expected a cell, whose offset is a multiple of 8, found none")]
    Unaligned,
    /// The cell is not in use.
    #[error("expected a cell in use, found a free one of {size} bytes")]
    FreeCell {
        /// Size of the free cell.
        size: i32,
    },
    /// The cell reaches behind the end of the hive.
    #[error("expected a cell that ends before {end:#x}, found one of {size} bytes")]
    CellSize {
        /// Size of the cell as stored.
        size: i32,
        /// End of the data, as an offset in the file.
        end: u64,
    },
    /// A structure does not fit its cell.
    #[error("expected at least {expected} bytes, found {found}")]
    TooSmall {
        /// Bytes needed.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
    /// The number of elements or bytes contradicts another field.
    #[error("expected {expected}, found {found}")]
    Count {
        /// What the referring structure says.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// The cell was read already, as part of this or of another key: a cycle, or two owners.
    #[error("expected a cell of its own, found one that is in use elsewhere")]
    Shared,
    /// More was referred to than the hive holds: its cells overlap.
    #[error("expected cells that do not overlap, found more data referred to than the hive holds")]
    Overlap,
    /// The key lies too deep.
    #[error("expected keys at most {limit} deep, found a deeper one")]
    TooDeep {
        /// The deepest allowed.
        limit: usize,
    },
    /// A field with a fixed set of values has another one.
    #[error("expected {expected:#x}, found {found:#x}")]
    Field {
        /// What should stand there.
        expected: u32,
        /// What stands there.
        found: u32,
    },
}
