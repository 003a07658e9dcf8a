//! `metaprofiles`: the console, the Storage Service, and the administrator's tools, in one program.

mod completion;
mod dataset;
mod demo;
mod farm;
mod hive;
mod input;
mod lines;
mod listing;
mod output;
mod service;

use std::{
    io::Write,
    process::{ExitCode, Termination},
};

use clap::Parser;

/// Exit code when two files differ.
const DIFFERENT: u8 = 1;
/// Exit code of a command that failed.
const FAILED: u8 = 1;
/// Exit code of a comparison that failed; 1 says that the files differ.
const COMPARISON_FAILED: u8 = 2;

/// MetaProfiles: mandatory profiles that remember.
///
/// The Provision Management Console, the Storage Service, and tools for hives and data sets. Exit codes: 0 done, 1 failed, 2
/// wrong usage. The `diff` commands: 0 same, 1 different, 2 failed.
#[derive(Parser)]
#[command(name = "metaprofiles", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Console(service::ConsoleCommand),
    Backup(service::Backup),
    Restore(service::Restore),
    #[command(subcommand)]
    Storage(service::StorageCommand),
    #[command(flatten)]
    Farm(farm::FarmCommand),
    #[command(subcommand)]
    Hive(hive::HiveCommand),
    #[command(subcommand)]
    Dataset(dataset::DatasetCommand),
    Demo(demo::DemoArgs),
    Completion(completion::Completion),
}

/// What a command that did not fail found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    /// It is done.
    Done,
    /// The two things compared are not the same.
    Different,
    /// What was asked is not as it should be.
    NotReady,
}

impl Command {
    fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Self::Console(command) => command.run(),
            Self::Backup(command) => command.run(),
            Self::Restore(command) => command.run(),
            Self::Storage(command) => command.run(),
            Self::Farm(command) => command.run(),
            Self::Hive(command) => command.run(),
            Self::Dataset(command) => command.run(),
            Self::Completion(command) => command.run(),
            Self::Demo(args) => demo::run(&args).map(|()| Outcome::Done),
        }
    }

    fn failure(&self) -> u8 {
        match self {
            Self::Hive(hive::HiveCommand::Diff(_)) | Self::Dataset(dataset::DatasetCommand::Diff(_)) => {
                COMPARISON_FAILED
            }
            _ => FAILED,
        }
    }
}

impl Termination for Outcome {
    fn report(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::Different => ExitCode::from(DIFFERENT),
            Self::NotReady => ExitCode::from(FAILED),
        }
    }
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let failure = command.failure();
    match command.run() {
        Ok(outcome) => outcome.report(),
        // Whoever read our output has enough of it, as in `dump … | head`.
        Err(error) if output::reader_went_away(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error closed there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(failure)
        }
    }
}
