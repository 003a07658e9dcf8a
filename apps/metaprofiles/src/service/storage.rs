use std::{net::IpAddr, path::PathBuf, time::SystemTime};

use anyhow::{Context, bail};
use mp_protocol::{Identity, JoinToken, MachineRole, client};
use mp_storage::RunOptions;

use super::{Logging, default_state, runtime, stop::Stop, verify::Verify, versions::Versions};
use crate::{Outcome, output};

/// The Storage Service, which keeps the users' data sets
#[derive(clap::Subcommand)]
pub(crate) enum StorageCommand {
    Enrol(Enrol),
    Run(Run),
    Verify(Verify),
    #[command(subcommand)]
    Versions(Versions),
}

impl StorageCommand {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Enrol(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Versions(command) => command.run(),
        }
    }
}

/// Let this machine join the farm as a Storage Server
///
/// Needs a join token for the Storage Server: `metaprofiles join-token create --role storage --storage-server NAME`.
#[derive(clap::Args)]
pub(crate) struct Enrol {
    /// Address of the console, such as https://console.example.com:8443
    #[arg(long, value_name = "URL", env = "METAPROFILES_CONSOLE")]
    console: String,
    /// Join token of the console, good once
    #[arg(long, env = "METAPROFILES_JOIN_TOKEN", hide_env_values = true)]
    token: String,
    /// Name of this machine in the console; the computer's name if not given
    #[arg(long)]
    name: Option<String>,
    /// DNS name or IP address by which Agents reach this machine: the host of the Storage Server in the console
    #[arg(long = "address", value_name = "HOST", required = true)]
    addresses: Vec<String>,
    /// Take a new identity although this machine has one
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    state: State,
}

/// Where the service keeps what it needs itself.
#[derive(clap::Args)]
pub(super) struct State {
    /// Folder of the identity and the cached plan; the data sets are elsewhere, where the console says
    #[arg(long, value_name = "FOLDER", env = "METAPROFILES_STORAGE_STATE", default_value_os_t = default_state("storage"))]
    pub(super) state: PathBuf,
}

impl Enrol {
    fn run(&self) -> anyhow::Result<Outcome> {
        let token: JoinToken = self.token.parse()?;
        let folder = &self.state.state;
        if !self.again
            && let Ok(identity) = Identity::load(folder)
        {
            let (machine, console) = (identity.machine(), identity.console());
            bail!(
                "this machine is enrolled already, as {machine} at {console}; give --again to take a new identity"
            );
        }
        let name =
            self.name.clone().or_else(computer_name).context("this computer has no name; give --name")?;
        let (addresses, now) = (self.addresses.clone(), SystemTime::now());
        let identity =
            client::enrol(folder, &self.console, &token, MachineRole::Storage, &name, addresses, now)?;
        output::note(&format!(
            "enrolled as \"{name}\" at {}; now run it: metaprofiles storage run --state {}",
            identity.console(),
            folder.display()
        ));
        Ok(Outcome::Done)
    }
}

fn computer_name() -> Option<String> {
    let from_file = || std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    std::env::var("COMPUTERNAME").ok().or_else(from_file).filter(|name| !name.is_empty())
}

/// Run the Storage Service, until Ctrl-C or SIGTERM
///
/// Where it keeps data sets, its port and who may come, the console says; without the console it works by what it said last.
#[derive(clap::Args)]
pub(crate) struct Run {
    #[command(flatten)]
    state: State,
    /// IP address to listen on; all addresses if not given
    #[arg(long, value_name = "ADDRESS", env = "METAPROFILES_STORAGE_LISTEN")]
    listen: Option<IpAddr>,
    #[command(flatten)]
    logging: Logging,
}

impl Run {
    fn run(&self) -> anyhow::Result<Outcome> {
        self.logging.start()?;
        let options = RunOptions { state_folder: self.state.state.clone(), listen: self.listen };
        runtime()?.block_on(async {
            let stop = Stop::listen().context("cannot wait for signals")?;
            Ok::<_, anyhow::Error>(mp_storage::run(options, stop.asked()).await?)
        })?;
        Ok(Outcome::Done)
    }
}
