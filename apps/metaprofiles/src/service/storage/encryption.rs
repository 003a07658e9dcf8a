use std::{ffi::OsString, path::PathBuf, sync::Arc};

use anyhow::Context;
use mp_storage::at_rest::AtRest;

use super::private::open_keys;

/// How what is stored is encrypted.
#[derive(Clone, clap::Args)]
pub(super) struct Encryption {
    /// Encrypt what is stored from now on under the keys of this file, and open what is encrypted already
    #[arg(long, value_name = "FILE", env = "METAPROFILES_STORAGE_KEY_FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// Open what is encrypted, but encrypt nothing any more
    #[arg(long, requires = "key_file", env = "METAPROFILES_STORAGE_STORE_PLAIN")]
    pub(super) store_plain: bool,
}

impl Encryption {
    pub(super) fn at_rest(&self) -> anyhow::Result<AtRest> {
        let Some(path) = &self.key_file else { return Ok(AtRest::plain()) };
        let keys = Arc::new(open_keys(path)?);
        Ok(if self.store_plain { AtRest::opening(keys) } else { AtRest::sealed(keys) })
    }

    /// The same as arguments of a command. A service starts in another folder.
    pub(super) fn arguments(&self) -> anyhow::Result<Vec<OsString>> {
        let Some(path) = &self.key_file else { return Ok(Vec::new()) };
        let path = std::path::absolute(path).context("the key file's path cannot be used")?;
        let mut arguments: Vec<OsString> = vec!["--key-file".into(), path.into()];
        arguments.extend(self.store_plain.then(|| "--store-plain".into()));
        Ok(arguments)
    }
}
