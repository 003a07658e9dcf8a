use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::PathBuf,
};

use anyhow::{Context, ensure};
use mp_console::{ConsoleConfig, Secret};
use mp_durable::Readers;

use super::{default_state, runtime};
use crate::{Outcome, output};

/// Save the whole console in one file: its database and its authority, as they are now; the console may run
///
/// The file is for its owner alone: whoever reads it can be the farm's authority. Sessions are not in it.
#[derive(clap::Args)]
pub(crate) struct Backup {
    /// The file; `-` for standard output
    file: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    place: Place,
}

/// Make a console anew from a file of `backup`, in an empty state folder and an empty database, of either engine
#[derive(clap::Args)]
pub(crate) struct Restore {
    /// The file; `-` for standard input
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Where a console is.
#[derive(clap::Args)]
struct Place {
    /// Folder of the database and the authority's key
    #[arg(long, value_name = "FOLDER", env = "METAPROFILES_CONSOLE_STATE", default_value_os_t = default_state("console"))]
    state: PathBuf,
    /// Connection string of a PostgreSQL database; without it the database is a file in the state folder
    #[arg(long, value_name = "URL", env = "METAPROFILES_CONSOLE_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

impl Place {
    fn config(&self) -> ConsoleConfig {
        let mut config = ConsoleConfig::new(&self.state);
        config.database = self.database.clone().map(Secret::new);
        config
    }
}

impl Backup {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        let (runtime, config) = (runtime()?, self.place.config());
        if self.file.as_os_str() == "-" {
            let mut out = BufWriter::new(std::io::stdout().lock());
            runtime.block_on(mp_console::backup(&config, &mut out)).context("cannot save the console")?;
            out.flush()?;
            return Ok(Outcome::Done);
        }
        let name = self.file.display();
        ensure!(self.force || !self.file.exists(), "{name} is there already; give --force to replace it");
        let mut saved = Ok(0);
        let written = mp_durable::replace_with(&self.file, Readers::OwnerOnly, |file| {
            let mut out = BufWriter::new(file);
            saved = runtime.block_on(mp_console::backup(&config, &mut out));
            // Without this the file would be put in place although it is not whole.
            if saved.is_err() {
                return Err(std::io::Error::other("not saved"));
            }
            out.flush()
        });
        let rows = saved.context("cannot save the console")?;
        written.with_context(|| format!("cannot write {name}"))?;
        output::note(&format!("saved {rows} rows to {name}; keep it as you keep the authority's key"));
        Ok(Outcome::Done)
    }
}

impl Restore {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        let (runtime, config) = (runtime()?, self.place.config());
        let restored = if self.file.as_os_str() == "-" {
            runtime.block_on(mp_console::restore(&config, BufReader::new(std::io::stdin())))
        } else {
            let file =
                File::open(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
            runtime.block_on(mp_console::restore(&config, BufReader::new(file)))
        };
        let rows = restored.context("cannot restore the console")?;
        output::note(&format!("restored {rows} rows; everybody signs in again"));
        Ok(Outcome::Done)
    }
}
