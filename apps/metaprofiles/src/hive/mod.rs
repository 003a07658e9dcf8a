//! `metaprofiles hive`: registry hives in files, such as `NTUSER.DAT`, on any machine.

mod apply;
mod build;
mod diff;
mod dump;
mod export;
mod info;
mod open;
mod reg_root;

use std::path::PathBuf;

use anyhow::bail;
use mp_registry::{KeyEdit, KeyPath, MemoryRegistry, Registry};

use crate::Outcome;

/// The longest text that is read: twice the longest hive is enough for it as text, where bytes are two digits.
const MAX_TEXT: u64 = 2 * mp_hive::MAX_FILE_SIZE;

/// Look into registry hives, compare them, and make new ones
#[derive(clap::Subcommand)]
pub(crate) enum HiveCommand {
    Info(info::Info),
    Dump(dump::Dump),
    Export(export::Export),
    Build(build::Build),
    Diff(diff::Diff),
    Apply(apply::Apply),
}

impl HiveCommand {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Info(command) => command.run(),
            Self::Dump(command) => command.run(),
            Self::Export(command) => command.run(),
            Self::Build(command) => command.run(),
            Self::Diff(command) => command.run(),
            Self::Apply(command) => command.run(),
        }
    }
}

/// Makes all changes in a hive, or says which cannot be made.
fn change(registry: &mut MemoryRegistry, edits: &KeyEdit) -> anyhow::Result<()> {
    let problems = registry.apply(edits)?.problems;
    match &problems[..] {
        [] => Ok(()),
        [problem] => bail!("{problem}"),
        [problem, more @ ..] => bail!("{problem}, and {} more changes cannot be made", more.len()),
    }
}

/// Which hive to read, and how.
#[derive(clap::Args)]
pub(crate) struct HiveArgs {
    /// The hive, such as NTUSER.DAT
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// How hives are read.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Reading {
    /// Read the hive as it is, without the transaction logs (.LOG, .LOG1, .LOG2) beside it
    #[arg(long)]
    no_logs: bool,
    /// Stop at the first damage instead of leaving out what is damaged
    #[arg(long)]
    strict: bool,
}

/// Reads `--key`: names separated by backslashes, below the hive's root.
fn key_path(text: &str) -> Result<KeyPath, std::convert::Infallible> {
    Ok(KeyPath::parse(text))
}
