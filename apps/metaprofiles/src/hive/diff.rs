use std::{io::Write, path::PathBuf};

use anyhow::bail;
use mp_registry::{Key, KeyAction, KeyEdit, KeyPath};

use super::{Reading, key_path, open::Opened, reg_root::RegRoot};
use crate::{Outcome, lines, listing, output};

/// Print what turns one hive into another
///
/// In the listing `+` is added, `-` deleted, `~` changed. Times, class names and security descriptors are not compared, and
/// symbolic links are left alone. Exit code: 0 same, 1 different, 2 failed.
#[derive(clap::Args)]
pub(crate) struct Diff {
    /// The hive to start from
    from: PathBuf,
    /// The hive to arrive at
    to: PathBuf,
    /// Compare this key only, with all below it
    #[arg(long, value_name = "PATH", value_parser = key_path, default_value = "", hide_default_value = true)]
    key: KeyPath,
    #[command(flatten)]
    reading: Reading,
    /// Write the changes as JSON Lines, as `dump` does; what is deleted has "deleted":true
    #[arg(long, conflicts_with = "reg")]
    json: bool,
    /// Write the changes as .reg text (version 5.00)
    #[arg(long)]
    reg: bool,
    /// With --reg: where the hive's root is mounted in the written paths
    #[arg(long, value_name = "KEY", default_value = "HKEY_CURRENT_USER")]
    root: RegRoot,
}

impl Diff {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let from = Opened::read_and_tell(&self.from, self.reading)?;
        let to = Opened::read_and_tell(&self.to, self.reading)?;
        let mut edit = self.difference(&from.hive.root, &to.hive.root)?;
        if edit.is_noop() {
            return Ok(Outcome::Done);
        }
        let top = KeyPath::root();
        let mut out = output::stdout();
        if self.json {
            lines::write_edits(&mut out, &top, &edit)?;
        } else if self.reg {
            edit.ensure_passed();
            out.write_all(&self.root.write(&top, &edit)?)?;
        } else {
            out.write_all(listing::edits(&top, &edit, Some(&from.hive.root)).as_bytes())?;
        }
        out.flush()?;
        Ok(Outcome::Different)
    }

    /// The edits from the root that turn the key of one hive into that of the other.
    fn difference(&self, from: &Key, to: &Key) -> anyhow::Result<KeyEdit> {
        let mut above = self.key.clone();
        let Some(name) = above.pop() else { return Ok(mp_registry::diff(from, to)) };
        let below = match (from.at(&self.key), to.at(&self.key)) {
            (None, None) => bail!("neither hive has the key \"{}\"", self.key),
            (None, Some(key)) => KeyEdit::write(key),
            (Some(_), None) => KeyEdit::new(name, KeyAction::Delete),
            (Some(from), Some(to)) => mp_registry::diff(from, to),
        };
        let mut edit = KeyEdit::root();
        edit.at_or_pass(&above).insert_subkey(below);
        Ok(edit)
    }
}
