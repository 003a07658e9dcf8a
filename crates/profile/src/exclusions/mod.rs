//! What is left out of every data set unless an administrator names it, and what is left out always.
//!
//! A data subset that merely includes `Software` must not carry policies, autoruns or machine-bound state from host to host:
//! a user owns the profile, so what is written there at logon must not become a way to start programs everywhere.

mod list;

use mp_dataset::FilePath;

pub use list::EXCLUSIONS;

/// How the names of files start that an import is writing, and end; what a crash leaves behind is found by it.
pub const TEMPORARY_FILES: (&str, &str) = ("~metaprofiles-", ".tmp");

/// Whether a file is what a write that was cut off left behind.
#[must_use]
pub fn is_left_behind(path: &FilePath) -> bool {
    let (start, end) = TEMPORARY_FILES;
    let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
    path.components
        .last()
        .is_some_and(|name| name.units().starts_with(&units(start)) && name.units().ends_with(&units(end)))
}

/// What an exclusion is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Excluded {
    /// A key with all below it; path below `HKEY_CURRENT_USER`, `*` and `?` within one name.
    Key(&'static str),
    /// Values of one key; path and value name with `*` and `?`.
    Value(&'static str, &'static str),
    /// A folder with all below it; path below the profile folder at its default place.
    Folder(&'static str),
    /// Files of this name, wherever they are.
    File(&'static str),
}

/// What an administrator must write to keep what an exclusion leaves out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lift {
    /// Nothing helps: it is never kept.
    Never,
    /// An include rule that spells the place out, at least as deep.
    Named,
    /// Such a rule with `allow-autorun`: what is kept starts programs on every session host.
    Allowed,
}

/// One built-in exclusion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exclusion {
    /// Stable code: `MP-EXC-001`.
    pub code: &'static str,
    /// What it is about.
    pub excluded: Excluded,
    /// What keeps it nevertheless.
    pub lift: Lift,
    /// Why, in one sentence for the administrator.
    pub reason: &'static str,
}
