use std::fmt;

use crate::upcase;

/// A predefined key under which the paths of a `.reg` file begin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HiveRoot {
    /// `HKEY_CLASSES_ROOT`
    ClassesRoot,
    /// `HKEY_CURRENT_USER`
    CurrentUser,
    /// `HKEY_LOCAL_MACHINE`
    LocalMachine,
    /// `HKEY_USERS`
    Users,
    /// `HKEY_CURRENT_CONFIG`
    CurrentConfig,
}

impl HiveRoot {
    /// All of them, in Regedit's order.
    pub const ALL: [Self; 5] =
        [Self::ClassesRoot, Self::CurrentUser, Self::LocalMachine, Self::Users, Self::CurrentConfig];

    /// The name as Regedit writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClassesRoot => "HKEY_CLASSES_ROOT",
            Self::CurrentUser => "HKEY_CURRENT_USER",
            Self::LocalMachine => "HKEY_LOCAL_MACHINE",
            Self::Users => "HKEY_USERS",
            Self::CurrentConfig => "HKEY_CURRENT_CONFIG",
        }
    }

    /// The abbreviation that `reg.exe` and people use.
    #[must_use]
    pub fn short_name(self) -> &'static str {
        match self {
            Self::ClassesRoot => "HKCR",
            Self::CurrentUser => "HKCU",
            Self::LocalMachine => "HKLM",
            Self::Users => "HKU",
            Self::CurrentConfig => "HKCC",
        }
    }

    /// The root of that long or short name, in any case.
    #[must_use]
    pub fn from_units(name: &[u16]) -> Option<Self> {
        let is = |other: &str| upcase::eq(name, &other.encode_utf16().collect::<Vec<_>>());
        Self::ALL.into_iter().find(|root| is(root.name()) || is(root.short_name()))
    }
}

impl fmt::Display for HiveRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
