//! The console of a large farm, in a process of its own: how long each page waits for its answers, and how soon thousands of
//! Agents have a changed plan. With its database in a file and on a PostgreSQL server.

mod agents;
mod made;
mod pages;
mod plans;
mod server;

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, Result};
use clap::Args;
use mp_test_servers::Postgres;

pub(crate) use server::{ServerArgs, run as serve};

use self::{agents::Agents, server::Server};
use crate::samples::{fact, note};

#[derive(Args)]
pub(crate) struct ConsoleArgs {
    /// Folder below which the console keeps its files
    #[arg(long)]
    folder: PathBuf,
    /// Users that Agents have reported sessions of
    #[arg(long, default_value_t = 50_000)]
    users: u32,
    /// Sessions of these users
    #[arg(long, default_value_t = 500_000)]
    sessions: u32,
    /// Agents that have joined, and wait for a change of their plan
    #[arg(long, default_value_t = 2_000)]
    agents: u32,
    /// Times that each question is asked
    #[arg(long, default_value_t = 400)]
    times: u32,
    /// Changes of the plan
    #[arg(long, default_value_t = 5)]
    changes: u32,
    /// Only this database; both by default
    #[arg(long)]
    only: Option<Engine>,
}

/// What keeps the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Engine {
    /// A file
    Sqlite,
    /// A PostgreSQL server
    Postgres,
}

pub(crate) fn run(args: &ConsoleArgs) -> Result<()> {
    let wanted = |engine| args.only.is_none_or(|only| only == engine);
    if wanted(Engine::Sqlite) {
        measure(args, "sqlite", None)?;
    }
    if wanted(Engine::Postgres) {
        let server = Postgres::durable().context("there is no PostgreSQL server (package postgresql-15)")?;
        measure(args, "postgres", Some(server.new_database()))?;
    }
    note(format_args!(
        "console: {} users, {} sessions of two reports each in ten days, {} Agents in {} groups; client, console and database \
         server share the machine's cores",
        args.users,
        args.sessions,
        args.agents,
        made::GROUPS
    ));
    note(format_args!(
        "console: questions are those of the pages, asked by {} administrators at once, each on a kept-alive connection, {} \
         times each; a time is that on the wall, client included",
        pages::ADMINISTRATORS,
        args.times
    ));
    note(
        "console: a plan's time is from sending the change of a data subset until an Agent has read its new plan; each Agent has a \
         connection and a certificate of its own",
    );
    Ok(())
}

fn measure(args: &ConsoleArgs, engine: &str, database: Option<String>) -> Result<()> {
    let folder = tempfile::tempdir_in(&args.folder)?;
    let timed = |name: &str, begun: Instant| {
        fact(format_args!("console.{engine}.{name}"), "s", begun.elapsed().as_secs_f64());
    };
    let begun = Instant::now();
    let server = Server::start(folder.path(), database.as_deref())?;
    made::configure(&server.sign_in()?)?;
    let agents = Agents::enrol(&server, folder.path(), args.agents)?;
    timed("enrolment", begun);
    drop(server);
    let begun = Instant::now();
    made::fill(folder.path(), args)?;
    timed("filling", begun);
    let begun = Instant::now();
    let server = Server::start(folder.path(), None)?;
    timed("start", begun);
    let asked = pages::run(engine, &server, args.times);
    let memory = server.memory()?;
    fact(format_args!("console.{engine}.memory-after-pages"), "bytes", memory);
    asked?;
    plans::run(engine, &server, &agents, args.changes)
}
