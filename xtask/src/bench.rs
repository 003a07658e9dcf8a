//! `cargo xtask bench`: ours and the peers, turn by turn in one run, so that a slow minute of the machine hits both.

mod e2e;
mod figures;
mod load;
mod mappings;
mod memory;
mod programs;
mod size;
mod wine;

use anyhow::Result;
use clap::{Args, ValueEnum};

use self::{
    figures::{Bench, Results},
    programs::Programs,
};
use crate::test_data;

/// Options of the benchmarks.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Which to run; all by default
    names: Vec<Name>,
    /// Print one JSON document with every figure instead of tables
    #[arg(long)]
    json: bool,
}

/// The benchmarks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Name {
    /// Reading a hive: notatin, hivex, a bare C walk
    Hive,
    /// Writing and reading data sets: .reg text in a ZIP
    Dataset,
    /// The Storage Service: a bare loop over the same TLS
    Storage,
    /// The Storage Service as a server: a bare loop, nginx, 1,000 connections, storms of 10,000 users
    Load,
    /// The console of 50,000 users, 500,000 sessions and 2,000 Agents: its pages' questions, changes of the plan
    Console,
    /// Export and import under Wine: a raw loop over the same calls, `reg`
    Wine,
    /// The Agent's program as it is installed: its size, and its speed against an ordinary release build
    Size,
    /// What the idle service holds in memory with 50 sessions
    Memory,
    /// A whole logon and logoff: a script, a roaming profile over Samba
    E2e,
}

impl Name {
    fn text(self) -> &'static str {
        match self {
            Self::Hive => "hive",
            Self::Dataset => "dataset",
            Self::Storage => "storage",
            Self::Load => "load",
            Self::Console => "console",
            Self::Wine => "wine",
            Self::Size => "size",
            Self::Memory => "memory",
            Self::E2e => "e2e",
        }
    }
}

/// Runs them one after another.
pub(crate) fn run(args: &BenchArgs) -> Result<()> {
    let names = if args.names.is_empty() { Name::value_variants() } else { &args.names };
    let programs = Programs::build(names)?;
    let mut results = Results::new()?;
    for name in names {
        eprintln!("==> {}", name.text());
        let bench = match name {
            Name::Hive => {
                let mut bench = programs.bench("hive");
                bench.arg("--peers").arg(programs.peers());
                measured(name.text(), with_data(&mut bench))?
            }
            Name::Dataset => measured(name.text(), with_data(&mut programs.bench("dataset")))?,
            Name::Storage => {
                let mut bench = programs.bench("storage");
                measured(name.text(), bench.arg("--folder").arg(programs.scratch()?))?
            }
            Name::Load => load::run(&programs)?,
            Name::Console => {
                let mut bench = programs.bench("console");
                measured(name.text(), bench.arg("--folder").arg(programs.scratch()?))?
            }
            Name::Wine => wine::run(&programs)?,
            Name::Size => size::run(&programs)?,
            Name::Memory => memory::run(&programs)?,
            Name::E2e => e2e::run(&programs)?,
        };
        if !args.json {
            bench.print();
        }
        results.benches.push(bench);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&results)?);
    } else {
        println!("\n{results}");
    }
    Ok(())
}

/// Runs a command that prints samples.
fn measured(name: &'static str, command: &mut std::process::Command) -> Result<Bench> {
    Bench::from_samples(name, &programs::output(command)?)
}

fn with_data(command: &mut std::process::Command) -> &mut std::process::Command {
    if let Some(data) = test_data() {
        command.arg("--data").arg(data);
    }
    command
}
