use crate::{KeyPath, Name};

use super::{CodePage, HiveRoot};

/// A `.reg` file that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: expected {expected}, found {found}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// The column in UTF-16 code units (bytes, where the bytes could not be decoded), from 1.
    pub column: usize,
    /// What should be there.
    pub expected: &'static str,
    /// What is there.
    pub found: String,
}

/// Edits that cannot be written as `.reg` text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cannot write {} as .reg text: {why}", place(.root, .path, .value.as_ref()))]
pub struct WriteError {
    /// The root below which the key lies.
    pub root: HiveRoot,
    /// The key.
    pub path: KeyPath,
    /// The value, when it is about one.
    pub value: Option<Name>,
    /// Why it cannot be written.
    pub why: WriteErrorKind,
}

fn place(root: &HiveRoot, path: &KeyPath, value: Option<&Name>) -> String {
    let value = value.map(|name| format!("\"{name}\" of ")).unwrap_or_default();
    let slash = if path.depth() == 0 { "" } else { "\\" };
    format!("{value}\"{root}{slash}{path}\"")
}

/// Why something cannot be written as `.reg` text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// The name holds a NUL, which ends it for Regedit.
    #[error("its name holds a NUL")]
    NulInName,
    /// The name holds a line break, which ends it for Regedit.
    #[error("its name holds a line break")]
    LineBreakInName,
    /// The key's name holds a backslash, which would make two keys of it.
    #[error("its name holds a backslash")]
    BackslashInName,
    /// The key below the root has no name.
    #[error("its name is empty")]
    EmptyName,
    /// The name is longer than the registry allows.
    #[error("its name is longer than the registry allows")]
    NameTooLong,
    /// The key lies deeper than the registry allows.
    #[error("it lies deeper than 512 keys")]
    TooDeep,
    /// The root of a hive cannot be deleted.
    #[error("a root cannot be deleted")]
    RootDeleted,
    /// The key is only to be edited if it is there, while naming a key in `.reg` text creates it.
    #[error("it is to be edited only if it is there, and naming a key creates it")]
    OnlyIfThere,
    /// The name or the data are no text of the code page that `REGEDIT4` uses.
    #[error("{0} cannot hold it; write version 5.00 instead")]
    NotInCodePage(CodePage),
}
