//! The Storage Service as one of the system's services.

#[cfg(not(windows))]
mod systemd;
#[cfg(not(windows))]
mod unit;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
use systemd as system;
#[cfg(windows)]
use windows as system;

use std::{net::SocketAddr, path::PathBuf};

use super::{objects::Objects, serve::Serve};
use crate::Outcome;

/// Where an installed service tells how it is if nothing else is said; `storage status` asks there.
const MONITOR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9477);

/// Let the system run the Storage Service, from now on and after each start of the machine
///
/// On Linux it becomes a systemd unit under an account of its own, which may write to its own folders alone; on Windows a
/// service. Enrol the machine first. An installed service is replaced; its data stay. With --store it keeps data sets in an object
/// store; it gets none of this shell's environment, so that credentials go into the file of --secrets.
#[derive(clap::Args)]
pub(crate) struct Install {
    #[command(flatten)]
    serve: Serve,
    #[command(flatten)]
    objects: Objects,
    /// Base folder of the data sets, as the console says it; several times for several. Not needed once the service has run, and
    /// not with --store
    #[arg(long = "base-folder", value_name = "FOLDER")]
    base_folders: Vec<PathBuf>,
    /// Account of the service; made if it is missing (Linux)
    #[arg(long, value_name = "NAME", default_value = "metaprofiles")]
    user: String,
    /// Print the unit and change nothing (Linux)
    #[arg(long)]
    print: bool,
    /// Do not start it now
    #[arg(long)]
    no_start: bool,
}

impl Install {
    pub(in crate::service::storage) fn run(&self) -> anyhow::Result<Outcome> {
        let mut serve = self.serve.clone();
        serve.monitor.get_or_insert(MONITOR);
        system::install(self, &serve)?;
        Ok(Outcome::Done)
    }
}

/// Take the Storage Service out of the system's services
///
/// Its state, its account and the data sets stay.
#[derive(clap::Args)]
pub(crate) struct Uninstall {}

impl Uninstall {
    #[expect(clippy::unused_self, reason = "as all commands")]
    pub(in crate::service::storage) fn run(&self) -> anyhow::Result<Outcome> {
        system::uninstall()?;
        Ok(Outcome::Done)
    }
}
