//! Measures MetaProfiles and its peers in one run and prints what was measured; `cargo xtask bench` starts it.
#![allow(clippy::unwrap_used, reason = "a measurement that fails has nothing to clean up")]

mod builds;
mod console;
mod dataset;
mod farm;
mod hive;
mod hives;
mod load;
mod made;
mod memory;
mod peer;
mod registry_files;
mod samples;
mod server_process;
mod storage;
mod wine;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "mp-bench", about = "Measures MetaProfiles and its peers in one run")]
struct Args {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Reading hives
    Hive {
        /// Folder with the test data
        #[arg(long)]
        data: Option<PathBuf>,
        /// Folder with the peers built from C
        #[arg(long)]
        peers: PathBuf,
    },
    /// Writing and reading data sets
    Dataset {
        /// Folder with the test data
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// The Storage Service
    Storage {
        /// Folder below which the service keeps its files
        #[arg(long)]
        folder: PathBuf,
    },
    /// The Storage Service under load
    Load(load::LoadArgs),
    /// A server of the load, until its input ends
    #[command(hide = true)]
    LoadServer(load::ServerArgs),
    /// The console of a large farm
    Console(console::ConsoleArgs),
    /// The console of a large farm, until its input ends
    #[command(hide = true)]
    ConsoleServer(console::ServerArgs),
    /// A registry under Wine; the environment names the prefix
    Wine(wine::WineArgs),
    /// The engine under Wine in two builds
    Builds(builds::BuildsArgs),
    /// What the service holds with 50 sessions
    Memory(memory::MemoryArgs),
    /// Runs a console and a Storage Service until its input ends, with one Agent enrolled
    Farm(farm::FarmArgs),
}

fn main() -> Result<()> {
    match Args::parse().bench {
        Bench::Hive { data, peers } => hive::run(data.as_deref(), &peers),
        Bench::Dataset { data } => dataset::run(data.as_deref()),
        Bench::Storage { folder } => storage::run(&folder),
        Bench::Load(args) => load::run(&args),
        Bench::LoadServer(args) => load::serve(&args),
        Bench::Console(args) => console::run(&args),
        Bench::ConsoleServer(args) => console::serve(&args),
        Bench::Wine(args) => wine::run(&args),
        Bench::Builds(args) => builds::run(&args),
        Bench::Memory(args) => memory::run(&args),
        Bench::Farm(args) => farm::run(&args),
    }
}
