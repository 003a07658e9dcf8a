use std::{fmt, path::PathBuf, str::FromStr};

use anyhow::Context;
use mp_registry::{
    KeyEdit, KeyPath,
    reg_text::{self, HiveRoot},
};

use super::{HiveArgs, key_path, open::Opened};
use crate::{Outcome, output};

/// Write a key with all below it as .reg text (version 5.00)
///
/// The file can be imported with Regedit. Class names, times and security descriptors have no place in .reg text, and
/// symbolic links are left out. A name that .reg text cannot hold (with a NUL or a line break) is an error.
#[derive(clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    hive: HiveArgs,
    /// The key, such as Software\Contoso; the whole hive if not given
    #[arg(long, value_name = "PATH", value_parser = key_path, default_value = "", hide_default_value = true)]
    key: KeyPath,
    /// Where the hive's root is mounted in the written paths
    #[arg(long, value_name = "KEY", default_value = "HKEY_CURRENT_USER")]
    root: RegRoot,
    /// The file to write; standard output if not given
    #[arg(short, long, value_name = "FILE.reg")]
    output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

impl Export {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let opened = Opened::read_and_tell(&self.hive.file, self.hive.reading)?;
        let edit = KeyEdit::write(opened.key(&self.key)?);
        let text = self.root.write(&opened.spelling(&self.key), &edit)?;
        output::write_file(self.output.as_deref(), &text, self.force)?;
        Ok(Outcome::Done)
    }
}

/// A predefined key and a path below it, such as `HKEY_USERS\Default`.
#[derive(Clone)]
pub(super) struct RegRoot {
    root: HiveRoot,
    path: KeyPath,
}

impl RegRoot {
    /// The edits of the key at `path` of a hive as `.reg` text.
    pub(super) fn write(&self, path: &KeyPath, edit: &KeyEdit) -> anyhow::Result<Vec<u8>> {
        let path = self.path.names().iter().chain(path.names()).cloned().collect();
        Ok(reg_text::write_v5(&[(self.root, &path, edit)])?)
    }

    pub(super) fn root(&self) -> HiveRoot {
        self.root
    }

    pub(super) fn path(&self) -> &KeyPath {
        &self.path
    }
}

impl fmt::Display for RegRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.path.depth() == 0 { "" } else { "\\" };
        write!(f, "{}{slash}{}", self.root, self.path)
    }
}

impl FromStr for RegRoot {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (root, path) = text.split_once('\\').unwrap_or((text, ""));
        let root = HiveRoot::from_units(&root.encode_utf16().collect::<Vec<_>>());
        let root =
            root.context("expected HKEY_CURRENT_USER, HKEY_USERS or another predefined key before the path")?;
        Ok(Self { root, path: KeyPath::parse(path) })
    }
}
