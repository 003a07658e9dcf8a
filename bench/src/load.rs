//! The Storage Service as a server: in a process of its own, asked over raw HTTP by a client that does as little as the peer's.
//!
//! Peers are a bare loop over the same TLS and, for what it can do, nginx.

pub(crate) mod client;
mod connections;
mod contest;
mod nginx;
mod options;
mod peers;
mod plot;
mod server;
pub(crate) mod storm;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use mp_protocol::{Identity, MachineRole, test_authority::TestAuthority};

pub(crate) use server::{ServerArgs, run as serve};

use crate::samples::note;

/// The group of the Agents that come.
const GROUP: &str = "Office";
/// Agents that come: so many session hosts are at it at the same time in the storms.
const AGENTS: u8 = 64;

#[derive(Args)]
pub(crate) struct LoadArgs {
    /// Folder below which the servers keep their files
    #[arg(long)]
    folder: PathBuf,
    /// The program of nginx; left out when it is not given
    #[arg(long)]
    nginx: Option<PathBuf>,
    /// Users of the storms
    #[arg(long, default_value_t = 10_000)]
    users: u32,
    /// Where to draw the storms' latencies
    #[arg(long)]
    plot: Option<PathBuf>,
}

/// The identities that the servers and their clients have, in folders that the servers read.
struct Farm {
    folder: PathBuf,
    agents: Vec<Identity>,
}

impl Farm {
    fn new(folder: &Path) -> Self {
        let authority = TestAuthority::new();
        drop(authority.enrol(&folder.join("storage"), MachineRole::Storage, 1, &["127.0.0.1"]));
        let enrol =
            |number| authority.enrol(&agent_folder(folder, number), MachineRole::Agent, 2 + number, &[]);
        Self { folder: folder.to_path_buf(), agents: (0..AGENTS).map(enrol).collect() }
    }

    /// The Agent that does everything but the storms.
    fn agent(&self) -> &Identity {
        &self.agents[0]
    }
}

fn agent_folder(folder: &Path, number: u8) -> PathBuf {
    folder.join(format!("agent-{number}"))
}

pub(crate) fn run(args: &LoadArgs) -> Result<()> {
    let folder = tempfile::tempdir_in(&args.folder)?;
    let farm = Farm::new(folder.path());
    note("load: the servers are processes of their own; client and servers share the machine's cores");
    peers::run(&farm, args.nginx.as_deref())?;
    options::run(&farm)?;
    connections::run(&farm)?;
    storm::run(&farm, args.users, args.plot.as_deref())
}
