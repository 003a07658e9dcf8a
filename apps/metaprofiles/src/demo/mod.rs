//! `metaprofiles demo`: a small farm on loopback, and one user's day on it, checked step by step.

mod items;
mod story;
mod table;
mod template;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use mp_farm::{PASSWORD, SmallFarm};

/// Play one user's day on a small farm, on loopback
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Check everything, then end; the exit code says whether all of it was right
    #[arg(long)]
    once: bool,
    /// Folder for the farm's files; a temporary one by default
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

const CONFIGURATION: &str = include_str!("farm.toml");

pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    let temporary = tempfile::tempdir().context("cannot make a temporary folder")?;
    let folder = args.folder.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make \"{}\"", folder.display()))?;
    println!("MetaProfiles demo: everything lies below {}\n", folder.display());
    let mut farm = SmallFarm::start(folder, CONFIGURATION)?;
    println!("console      {}", farm.url());
    println!("storage      {}", farm.base_folder().display());
    let differences = story::play(&mut farm, folder)?;
    if !args.once {
        println!("\nThe console stays up at {} (administrator admin, password {PASSWORD}).", farm.url());
        println!("Its API is described at {}/api/v1/openapi.json. End with Ctrl-C.", farm.url());
        farm.wait_for_interrupt()?;
    }
    farm.stop()?;
    match differences {
        0 => Ok(()),
        count => anyhow::bail!("{count} things are not as they must be; see the lines marked WRONG"),
    }
}
