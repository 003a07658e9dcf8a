use std::path::PathBuf;

use anyhow::Context;
use mp_hive::{Version, WriteOptions};
use mp_registry::MemoryRegistry;

use super::{Reading, change, open::Opened, reg_root::RegRoot};
use crate::{Outcome, output};

/// Make the changes of .reg text in a hive
///
/// The hive is read with its transaction logs, and must not be damaged; what is written is complete and clean. Security
/// descriptors, class names and times of keys stay; new keys inherit from the key above and are not dated.
#[derive(clap::Args)]
pub(crate) struct Apply {
    /// The hive
    file: PathBuf,
    /// The changes, such as `hive diff --reg` writes them; `-` for standard input
    changes: PathBuf,
    /// The hive to write; the same file with --force to change it in place
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    /// The key in the changes that is the hive's root
    #[arg(long, value_name = "KEY", default_value = "HKEY_CURRENT_USER")]
    root: RegRoot,
}

impl Apply {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let opened = Opened::read_and_tell(&self.file, Reading { no_logs: false, strict: true })?;
        let info = opened.hive.info;
        let mut registry = MemoryRegistry::new(opened.hive.root);
        if let Some(edit) = self.root.read(&self.changes)? {
            change(&mut registry, &edit)?;
        }
        let options = WriteOptions {
            version: if info.minor_version <= 3 { Version::V1_3 } else { Version::V1_5 },
            file_name: info.file_name,
            time: info.last_written,
            security: None,
        };
        let bytes = mp_hive::write(&registry.root, &options).context("this cannot be a hive")?;
        output::write_file(Some(&self.output), &bytes, self.force)?;
        Ok(Outcome::Done)
    }
}
