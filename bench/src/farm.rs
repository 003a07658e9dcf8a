//! A small farm for the Agent under Wine: it runs until its input ends, and says in one line that it is ready.

use std::{io::Read, path::PathBuf};

use anyhow::Result;
use clap::Args;
use mp_farm::SmallFarm;

/// What the Agent keeps.
const CONFIGURATION: &str = "[[data-subset]]\nname = \"Bench\"\napplies = \"global\"\n\n\
                             [[data-subset.registry]]\nkey = 'Software\\PerfTest'\n\n\
                             [[data-subset.registry]]\nkey = 'Software\\PerfTouch'\n";

#[derive(Args)]
pub(crate) struct FarmArgs {
    /// Folder for the farm's own files
    #[arg(long)]
    folder: PathBuf,
    /// State folder of the Agent, which gets an identity
    #[arg(long)]
    agent: PathBuf,
}

pub(crate) fn run(args: &FarmArgs) -> Result<()> {
    let farm = SmallFarm::start(&args.folder, CONFIGURATION)?;
    farm.enrol_agent(&args.agent, "BENCH1", None)?;
    println!("ready {}", farm.url());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    farm.stop()
}
