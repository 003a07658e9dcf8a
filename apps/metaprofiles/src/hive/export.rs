use std::path::PathBuf;

use mp_registry::{KeyEdit, KeyPath};

use super::{HiveArgs, key_path, open::Opened, reg_root::RegRoot};
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
