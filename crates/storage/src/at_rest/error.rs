use std::{io, path::PathBuf};

use super::KeyId;

/// Why something sealed can be neither opened nor made. None of it is damage of a data set: nothing is given up for it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no key file.
    #[error("MP-STO-160 it is encrypted, and there is no key file; give it with --key-file")]
    NoKeyFile,
    /// The key file is another one, or an old one.
    #[error(
        "MP-STO-161 it is encrypted under the key {needed}, which the key file \"{}\" does not have (it has {}); give the right \
         key file, or bring it back from its backup. Nothing was changed", file.display(), listed(known)
    )]
    UnknownKey {
        /// The key that is needed.
        needed: KeyId,
        /// The key file.
        file: PathBuf,
        /// Its keys.
        known: Vec<KeyId>,
    },
    /// The wrapped data key is not there.
    #[error(
        "MP-STO-162 its data key is gone; bring the file that ends in .key, or the table data_keys of the catalogue, back from a \
         backup. Nothing was changed"
    )]
    RecordMissing,
    /// The wrapped data key is not what was written.
    #[error(
        "MP-STO-163 its data key is damaged, or another user's ({0}); bring the file that ends in .key, or the table data_keys of \
         the catalogue, back from a backup. Nothing was changed"
    )]
    RecordDamaged(&'static str),
    /// The system gives no randomness.
    #[error("the system gives no random bytes for a key")]
    NoRandomness,
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file system said no.
    #[error("MP-STO-164 cannot {doing} the key file \"{}\"", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is none.
    #[error("MP-STO-165 \"{}\" is no key file, or is damaged: {why}; bring it back from its backup", path.display())]
    NotAKeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Others can read or change it.
    #[error(
        "MP-STO-166 the key file \"{}\" can be read or changed by others (mode {mode:03o}); whoever reads it reads every data set: \
         chmod 600 it, and rotate the key if somebody may have read it", path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It has as many keys as it may.
    #[error(
        "the key file has {0} keys, and may have no more; forget old ones with `metaprofiles storage key forget`"
    )]
    Full(usize),
    /// No key can be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

fn listed(ids: &[KeyId]) -> String {
    ids.iter().map(KeyId::to_string).collect::<Vec<_>>().join(", ")
}
