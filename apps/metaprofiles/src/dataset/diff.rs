use std::{io::Write, path::PathBuf};

use super::open;
use crate::{Outcome, lines, listing, output};

/// Tell what differs between two data sets
///
/// In the listing `+` is in the new one only, `-` in the old one only, `~` in both and different. Origins and last write
/// times of keys are not compared. Exit code: 0 same, 1 different, 2 failed.
#[derive(clap::Args)]
pub(crate) struct Diff {
    /// The old data set
    old: PathBuf,
    /// The new data set
    new: PathBuf,
    /// Write JSON Lines: "change" (added, removed or changed), "old" and "new" as `dump` writes them
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let (old, new) = (open(&self.old)?, open(&self.new)?);
        let diff = mp_dataset::diff(old.data_set(), new.data_set());
        if diff.is_empty() {
            return Ok(Outcome::Done);
        }
        let mut out = output::stdout();
        match self.json {
            true => lines::write_changes(&mut out, &diff)?,
            false => out.write_all(listing::changes(&diff).as_bytes())?,
        }
        out.flush()?;
        Ok(Outcome::Different)
    }
}
