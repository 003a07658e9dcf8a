use std::{io::Write, path::PathBuf};

use mp_registry::KeyPath;

use super::open;
use crate::{Outcome, lines, output};

/// Write all edits and files of a data set as JSON Lines
///
/// Keys and values as `hive dump` writes them; paths begin below HKEY_CURRENT_USER. What the user deleted has
/// "deleted":true; a key that is emptied before it is written has "replace":true; keys that only lead to others have no line.
/// Then the files: {"file":"RoamingAppData:Microsoft\\x","size":…,"modified":…,"attributes":[…],"blake3":…}.
#[derive(clap::Args)]
pub(crate) struct Dump {
    /// The data set
    file: PathBuf,
    /// Write the bytes of the files too, as "data" in hexadecimal
    #[arg(long)]
    data: bool,
}

impl Dump {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let set = open(&self.file)?.into_data_set();
        let mut out = output::stdout();
        lines::write_edits(&mut out, &KeyPath::root(), &set.registry)?;
        for entry in &set.files {
            lines::write_file(&mut out, entry, self.data)?;
        }
        out.flush()?;
        Ok(Outcome::Done)
    }
}
