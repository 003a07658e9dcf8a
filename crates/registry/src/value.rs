use std::{fmt, sync::Arc};

use crate::Name;

/// Type of a value's data. Any `u32` occurs in the field; the known ones have names (winnt.h, "Registry Value Types").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueType(pub u32);

impl ValueType {
    /// `REG_NONE`
    pub const NONE: Self = Self(0);
    /// `REG_SZ`
    pub const SZ: Self = Self(1);
    /// `REG_EXPAND_SZ`
    pub const EXPAND_SZ: Self = Self(2);
    /// `REG_BINARY`
    pub const BINARY: Self = Self(3);
    /// `REG_DWORD`, little-endian
    pub const DWORD: Self = Self(4);
    /// `REG_DWORD_BIG_ENDIAN`
    pub const DWORD_BIG_ENDIAN: Self = Self(5);
    /// `REG_LINK`, target of a registry symbolic link
    pub const LINK: Self = Self(6);
    /// `REG_MULTI_SZ`
    pub const MULTI_SZ: Self = Self(7);
    /// `REG_QWORD`, little-endian
    pub const QWORD: Self = Self(11);

    /// Whether the data are UTF-16 text by convention (`REG_SZ`, `REG_EXPAND_SZ`, `REG_MULTI_SZ`).
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::SZ | Self::EXPAND_SZ | Self::MULTI_SZ)
    }
}

impl fmt::Debug for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0 => "REG_NONE",
            1 => "REG_SZ",
            2 => "REG_EXPAND_SZ",
            3 => "REG_BINARY",
            4 => "REG_DWORD",
            5 => "REG_DWORD_BIG_ENDIAN",
            6 => "REG_LINK",
            7 => "REG_MULTI_SZ",
            8 => "REG_RESOURCE_LIST",
            9 => "REG_FULL_RESOURCE_DESCRIPTOR",
            10 => "REG_RESOURCE_REQUIREMENTS_LIST",
            11 => "REG_QWORD",
            other => return write!(f, "{other:#x}"),
        };
        f.write_str(name)
    }
}

/// One value of a key: its name (empty for the default value), type and raw data.
///
/// The data are bytes and stay bytes: text may be unterminated, of odd length or hold NULs, and travels unchanged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// Name; empty for the key's default value.
    pub name: Name,
    /// Type as stored.
    pub ty: ValueType,
    /// Data as stored; clones share them.
    pub data: Arc<[u8]>,
}

impl Value {
    /// A value of any type.
    #[must_use]
    pub fn new(name: impl Into<Name>, ty: ValueType, data: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), ty, data: data.into() }
    }

    /// A `REG_SZ` with its terminating NUL.
    #[must_use]
    pub fn sz(name: impl Into<Name>, text: &str) -> Self {
        Self::text(name, ValueType::SZ, text)
    }

    /// A `REG_EXPAND_SZ` with its terminating NUL.
    #[must_use]
    pub fn expand_sz(name: impl Into<Name>, text: &str) -> Self {
        Self::text(name, ValueType::EXPAND_SZ, text)
    }

    /// A `REG_DWORD`.
    #[must_use]
    pub fn dword(name: impl Into<Name>, number: u32) -> Self {
        Self::new(name, ValueType::DWORD, number.to_le_bytes())
    }

    fn text(name: impl Into<Name>, ty: ValueType, text: &str) -> Self {
        let data: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        Self::new(name, ty, data)
    }

    /// The data as UTF-16 units when they are a `REG_SZ` or `REG_EXPAND_SZ`, without what follows the first NUL, and without
    /// an odd last byte.
    #[must_use]
    pub fn to_units(&self) -> Option<Vec<u16>> {
        let text = matches!(self.ty, ValueType::SZ | ValueType::EXPAND_SZ);
        let units = self.data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        text.then(|| units.take_while(|&unit| unit != 0).collect())
    }

    /// The data as text when they are a well-formed `REG_SZ` or `REG_EXPAND_SZ`, without what follows the first NUL.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        let units = self.to_units().filter(|_| self.data.len().is_multiple_of(2))?;
        char::decode_utf16(units).collect::<Result<_, _>>().ok()
    }
}

/// Name of the value that holds the target of a registry symbolic link ("Registry Key Security and Access Rights",
/// `REG_OPTION_CREATE_LINK`).
pub const LINK_VALUE: &str = "SymbolicLinkValue";

/// Whether a value of this name and type is the target of a registry symbolic link.
#[must_use]
pub fn is_link_target(name: &Name, ty: ValueType) -> bool {
    ty == ValueType::LINK && name.same(&Name::from(LINK_VALUE))
}

/// A Windows `FILETIME`: 100-nanosecond intervals since 1601-01-01 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct FileTime(pub u64);

impl FileTime {
    /// 1970-01-01 as a `FILETIME`.
    pub const UNIX_EPOCH: Self = Self(116_444_736_000_000_000);

    /// From a system time, rounded down to 100 ns; times before 1601 become 0.
    #[must_use]
    pub fn from_system(time: std::time::SystemTime) -> Self {
        match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => Self(Self::UNIX_EPOCH.0.saturating_add(Self::intervals(since))),
            // An instant inside a 100 ns interval belongs to the interval's start, also before 1970.
            Err(before) => {
                let back = before.duration().as_nanos().div_ceil(100);
                Self(Self::UNIX_EPOCH.0.saturating_sub(u64::try_from(back).unwrap_or(u64::MAX)))
            }
        }
    }

    /// As a system time; `None` when the platform cannot hold it.
    #[must_use]
    pub fn to_system(self) -> Option<std::time::SystemTime> {
        let span = |intervals: u64| {
            let nanos = u32::try_from(intervals % 10_000_000 * 100).unwrap_or(0);
            std::time::Duration::new(intervals / 10_000_000, nanos)
        };
        if self >= Self::UNIX_EPOCH {
            std::time::UNIX_EPOCH.checked_add(span(self.0 - Self::UNIX_EPOCH.0))
        } else {
            std::time::UNIX_EPOCH.checked_sub(span(Self::UNIX_EPOCH.0 - self.0))
        }
    }

    fn intervals(span: std::time::Duration) -> u64 {
        u64::try_from(span.as_nanos() / 100).unwrap_or(u64::MAX)
    }
}
