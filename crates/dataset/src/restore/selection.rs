use mp_registry::{KeyPath, Name};

use crate::FilePath;

/// How much of a key with all that can be below it is selected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cover {
    /// Nothing.
    Nothing,
    /// Perhaps some of it: the other questions tell.
    Part,
    /// All of it.
    All,
}

/// What is selected of a data set. Paths of keys start at the user's root; names compare as Windows compares them.
pub trait Selection {
    /// How much of a key with all below it.
    fn key(&self, path: &KeyPath) -> Cover;

    /// Whether the key itself: that it exists, and its class. Asked of keys of which a part is selected.
    fn holds_key(&self, path: &KeyPath) -> bool;

    /// Whether a value. Asked of values of keys of which a part is selected.
    fn value(&self, path: &KeyPath, name: &Name) -> bool;

    /// Whether a file.
    fn file(&self, path: &FilePath) -> bool;

    /// A sub-key of this key that is looked at also when no data set mentions it, since it is named itself.
    fn named_key(&self, path: &KeyPath) -> Option<&Name> {
        let _ = path;
        None
    }

    /// A value of this key that is looked at also when no data set mentions it.
    fn named_value(&self, path: &KeyPath) -> Option<&Name> {
        let _ = path;
        None
    }
}

/// One thing of a data set that somebody names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selected {
    /// All of it.
    Everything,
    /// A key with its values.
    Key {
        /// Where.
        path: KeyPath,
        /// Whether with all sub-keys.
        below: bool,
    },
    /// A value of a key.
    Value(KeyPath, Name),
    /// A file.
    File(FilePath),
    /// All files below a special folder, or below a folder in it.
    Folder {
        /// Name of the special folder.
        folder: String,
        /// Components below it; empty for all of it.
        components: Vec<Name>,
    },
}

impl Selection for Selected {
    fn key(&self, path: &KeyPath) -> Cover {
        match self {
            Self::Everything => Cover::All,
            Self::Key { path: of, below: true } if path.starts_with(of) => Cover::All,
            Self::Key { path: of, .. } | Self::Value(of, _) if of.starts_with(path) => Cover::Part,
            _ => Cover::Nothing,
        }
    }

    fn holds_key(&self, path: &KeyPath) -> bool {
        matches!(self, Self::Key { path: of, .. } if same(of, path))
    }

    fn value(&self, path: &KeyPath, name: &Name) -> bool {
        match self {
            Self::Key { path: of, .. } => same(of, path),
            Self::Value(of, value) => same(of, path) && value.same(name),
            _ => false,
        }
    }

    fn file(&self, path: &FilePath) -> bool {
        match self {
            Self::Everything => true,
            Self::File(of) => of.fold_cmp(path).is_eq(),
            Self::Folder { folder, components } => {
                let begins = || components.iter().zip(&path.components).all(|(a, b)| a.same(b));
                *folder == path.folder && components.len() < path.components.len() && begins()
            }
            _ => false,
        }
    }

    fn named_key(&self, path: &KeyPath) -> Option<&Name> {
        match self {
            Self::Key { path: of, .. } | Self::Value(of, _) if of.starts_with(path) => {
                of.names().get(path.depth())
            }
            _ => None,
        }
    }

    fn named_value(&self, path: &KeyPath) -> Option<&Name> {
        match self {
            Self::Value(of, name) if same(of, path) => Some(name),
            _ => None,
        }
    }
}

fn same(a: &KeyPath, b: &KeyPath) -> bool {
    a.depth() == b.depth() && a.starts_with(b)
}
