use mp_registry::{KeyPath, MAX_DEPTH, MAX_KEY_NAME, MAX_VALUE_NAME, Name};

use crate::limits::MAX_BINS_SIZE;

/// Why a tree cannot be a hive.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A key name is too long.
    #[error("key \"{path}\": expected a name of at most {MAX_KEY_NAME} units, found {length}")]
    KeyNameTooLong {
        /// The key.
        path: KeyPath,
        /// Length of its name in UTF-16 code units.
        length: usize,
    },
    /// A key other than the root has no name.
    #[error("a sub-key of \"{parent}\" has no name")]
    KeyNameEmpty {
        /// The key above.
        parent: KeyPath,
    },
    /// A value name is too long.
    #[error("key \"{path}\": expected value names of at most {MAX_VALUE_NAME} units, found one of {length}")]
    ValueNameTooLong {
        /// The key that holds the value.
        path: KeyPath,
        /// Length of the value's name in UTF-16 code units.
        length: usize,
    },
    /// A class name is too long.
    #[error("key \"{path}\": expected a class name of at most 32767 units, found {length}")]
    ClassTooLong {
        /// The key.
        path: KeyPath,
        /// Length of its class name in UTF-16 code units.
        length: usize,
    },
    /// A key lies too deep.
    #[error("key \"{path}\" lies deeper than {MAX_DEPTH} keys")]
    TooDeep {
        /// The key.
        path: KeyPath,
    },
    /// Two sub-keys have the same name to Windows, which would not load such a hive as it is.
    #[error("two sub-keys of \"{path}\" are called \"{name}\"")]
    DuplicateKey {
        /// The key above.
        path: KeyPath,
        /// The name.
        name: Name,
    },
    /// Two values of a key have the same name to Windows.
    #[error("two values of \"{path}\" are called \"{name}\"")]
    DuplicateValue {
        /// The key.
        path: KeyPath,
        /// The name.
        name: Name,
    },
    /// The data of a value are too long.
    #[error("key \"{path}\", value \"{name}\": expected at most {limit} bytes, found {length}")]
    DataTooLong {
        /// The key.
        path: KeyPath,
        /// Name of the value.
        name: Name,
        /// The most bytes this format version can hold.
        limit: usize,
        /// Bytes there are.
        length: usize,
    },
    /// What a key has as security descriptor is none.
    #[error("key \"{path}\": expected a self-relative security descriptor, found other bytes")]
    NotADescriptor {
        /// The key.
        path: KeyPath,
    },
    /// The tree is too large for any hive.
    #[error("the hive would be larger than {MAX_BINS_SIZE} bytes")]
    TooLarge,
}
