use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use mp_hive::{Version, WriteOptions};
use mp_registry::{FileTime, Key, MemoryRegistry};

use super::{MAX_TEXT, Reading, change, open::Opened, reg_root::RegRoot};
use crate::{Outcome, input, lines, output};

/// Make a hive from .reg text or from JSON Lines
///
/// Takes a .reg file of either version, or lines as `hive dump` writes them; which of both it is, its content tells. From the
/// same input the same bytes come out: the hive is dated by its newest key, and the keys of .reg text, which holds no times,
/// are not dated. A root without --security-of may be written by administrators only.
#[derive(clap::Args)]
pub(crate) struct Build {
    /// The .reg file or the lines; `-` for standard input
    from: PathBuf,
    /// The hive to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Format version: 1.3, as users' hives have, or 1.5, with long data in segments and hashed names
    #[arg(long, value_name = "1.3|1.5", default_value = "1.3", value_parser = version)]
    version: Version,
    /// Of .reg text: the key that becomes the hive's root
    #[arg(long, value_name = "KEY", default_value = "HKEY_CURRENT_USER")]
    root: RegRoot,
    /// Give the root the security descriptor of this hive's root
    #[arg(long, value_name = "HIVE")]
    security_of: Option<PathBuf>,
    /// Replace the hive if it is there
    #[arg(long)]
    force: bool,
}

impl Build {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let root = self.tree()?;
        let options = WriteOptions {
            version: self.version,
            time: newest(&root),
            security: self.security_of.as_deref().map(security_of).transpose()?,
            ..WriteOptions::default()
        };
        let bytes = mp_hive::write(&root, &options).context("this cannot be a hive")?;
        output::write_file(Some(&self.output), &bytes, self.force)?;
        Ok(Outcome::Done)
    }

    fn tree(&self) -> anyhow::Result<Key> {
        let from = self.from.display();
        let bytes = input::read(&self.from, MAX_TEXT)?;
        if bytes.trim_ascii_start().starts_with(b"{") {
            return lines::read_tree(bytes.as_slice()).with_context(|| format!("cannot read {from}"));
        }
        let mut registry = MemoryRegistry::default();
        if let Some(edit) = self.root.edits(&self.from, &bytes)? {
            change(&mut registry, &edit)?;
        }
        Ok(registry.root)
    }
}

fn version(text: &str) -> Result<Version, &'static str> {
    match text {
        "1.3" => Ok(Version::V1_3),
        "1.5" => Ok(Version::V1_5),
        _ => Err("expected 1.3 or 1.5"),
    }
}

fn security_of(hive: &Path) -> anyhow::Result<Arc<[u8]>> {
    let opened = Opened::read(hive, Reading { no_logs: false, strict: false })?;
    let security = opened.hive.root.security.clone();
    security.with_context(|| format!("the root of {} has no security descriptor", hive.display()))
}

fn newest(key: &Key) -> FileTime {
    key.subkeys().iter().map(newest).fold(key.last_write, FileTime::max)
}
