use std::fmt;

use crate::{FileTime, Key, KeyAction, KeyEdit, KeyPath, Name, Value, ValueType};

/// A registry below one root: a user's live registry, or an in-memory tree.
///
/// Single calls (`list`, `value`) serve tools and tests. The engine uses the batches [`Registry::read_tree`] and
/// [`Registry::apply`], in which a backend can keep handles open and avoid one look-up per item.
pub trait Registry {
    /// Names and facts of what is directly below a key; `None` when there is no such key.
    ///
    /// # Errors
    /// When the key is there and cannot be read.
    fn list(&self, path: &KeyPath) -> Result<Option<KeyListing>, RegistryError>;

    /// One value; `None` when the key or the value is not there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn value(&self, path: &KeyPath, name: &Name) -> Result<Option<Value>, RegistryError>;

    /// Reads the key at `path` with all below it that `filter` lets through. Symbolic links are never followed and never
    /// part of the result. What cannot be read is reported in [`TreeRead::problems`] and left out; the rest is read.
    ///
    /// # Errors
    /// When the key at `path` itself is there and cannot be read.
    fn read_tree(&self, path: &KeyPath, filter: &mut dyn TreeFilter) -> Result<TreeRead, RegistryError>;

    /// Does the edits, root first. An edit that fails is reported in [`Applied::problems`]; the others are done.
    ///
    /// Symbolic links are neither followed nor changed: what is to be done to one or below one is reported, and so is the
    /// target of a link that is to be set. A key with a link below it is emptied as far as that goes, and stays. The root
    /// stays as well: edits that delete or replace it are reported and not begun.
    ///
    /// # Errors
    /// When the root itself cannot be opened, so that nothing was done.
    fn apply(&mut self, edits: &KeyEdit) -> Result<Applied, RegistryError>;
}

/// What is directly below a key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeyListing {
    /// Class name, if any.
    pub class: Option<Name>,
    /// Last write time.
    pub last_write: FileTime,
    /// Names of the sub-keys.
    pub subkeys: Vec<Name>,
    /// Names, types and data lengths in bytes of the values.
    pub values: Vec<(Name, ValueType, usize)>,
}

/// What [`TreeFilter::key`] decides about a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyChoice {
    /// The key is taken; its values and sub-keys are asked about in turn.
    Take,
    /// The key is taken only if something below it is; its own values are left out.
    Descend,
    /// The key and all below it is left out, without being opened.
    Skip,
}

/// Decides what [`Registry::read_tree`] takes. Paths start at the registry's root.
pub trait TreeFilter {
    /// Whether to take the key at `path`.
    fn key(&mut self, path: &KeyPath) -> KeyChoice;

    /// Whether to take a value of the key at `path`; `len` is the length of its data in bytes.
    fn value(&mut self, path: &KeyPath, name: &Name, ty: ValueType, len: usize) -> bool;
}

/// Takes everything.
#[derive(Clone, Copy, Debug)]
pub struct TakeAll;

impl TreeFilter for TakeAll {
    fn key(&mut self, _: &KeyPath) -> KeyChoice {
        KeyChoice::Take
    }

    fn value(&mut self, _: &KeyPath, _: &Name, _: ValueType, _: usize) -> bool {
        true
    }
}

/// Result of [`Registry::read_tree`].
#[derive(Debug, Default)]
pub struct TreeRead {
    /// The tree; `None` when there is no such key or nothing of it was taken.
    pub tree: Option<Key>,
    /// What could not be read.
    pub problems: Vec<RegistryError>,
}

/// Result of [`Registry::apply`].
#[derive(Debug, Default)]
pub struct Applied {
    /// Keys that were not there and were created.
    pub keys_created: usize,
    /// Values written.
    pub values_written: usize,
    /// Keys deleted, each with all below it counted as one.
    pub keys_deleted: usize,
    /// Values deleted.
    pub values_deleted: usize,
    /// Edits that failed.
    pub problems: Vec<RegistryError>,
}

/// Something that could not be done to a key or value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistryError {
    /// What was being done, as a verb: `open`, `read value`, `set value`, `delete`.
    pub doing: &'static str,
    /// The key.
    pub path: KeyPath,
    /// The value, when it was about one.
    pub value: Option<Name>,
    /// Why it failed.
    pub cause: RegistryErrorKind,
}

/// Why a registry operation failed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RegistryErrorKind {
    /// The system refused access.
    AccessDenied,
    /// The hive was unloaded while it was used (`ERROR_KEY_DELETED`).
    HiveGone,
    /// The key is a symbolic link, which is never followed.
    SymbolicLink,
    /// Deeper than the 512 levels the registry allows.
    TooDeep,
    /// The key is the registry's root, which stays.
    Root,
    /// Any other failure, with the system's code.
    System {
        /// NTSTATUS or Win32 error code.
        code: u32,
        /// The system's text for it, when it has one.
        text: String,
    },
}

impl RegistryError {
    /// The refusal of edits that delete or replace the root; `None` for all others.
    #[must_use]
    pub fn of_root(edits: &KeyEdit) -> Option<Self> {
        let doing = match edits.action {
            KeyAction::Delete => "delete",
            KeyAction::Replace => "replace",
            KeyAction::Ensure | KeyAction::Pass => return None,
        };
        Some(Self { doing, path: KeyPath::root(), value: None, cause: RegistryErrorKind::Root })
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} ", self.doing)?;
        if let Some(name) = &self.value {
            write!(f, "\"{name}\" of ")?;
        }
        write!(f, "\"{}\": ", self.path)?;
        match &self.cause {
            RegistryErrorKind::AccessDenied => f.write_str("access denied"),
            RegistryErrorKind::HiveGone => f.write_str("the user's registry was unloaded meanwhile"),
            RegistryErrorKind::SymbolicLink => f.write_str("it is a registry symbolic link"),
            RegistryErrorKind::TooDeep => f.write_str("it lies deeper than 512 keys"),
            RegistryErrorKind::Root => f.write_str("it is the root of the registry"),
            RegistryErrorKind::System { code, text } if text.is_empty() => write!(f, "error {code:#x}"),
            RegistryErrorKind::System { code, text } => write!(f, "{text} (error {code:#x})"),
        }
    }
}

impl std::error::Error for RegistryError {}
