use std::time::SystemTime;

use anyhow::{Context, bail};
use mp_protocol::{Identity, JoinToken, MachineRole, client};

use super::State;
use crate::{Outcome, output};

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

impl Enrol {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
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
        #[cfg(windows)]
        mp_windows::make_private_folder(folder).with_context(|| {
            format!("cannot make \"{}\" a folder for administrators alone", folder.display())
        })?;
        let name =
            self.name.clone().or_else(computer_name).context("this computer has no name; give --name")?;
        let (addresses, now) = (self.addresses.clone(), SystemTime::now());
        let identity =
            client::enrol(folder, &self.console, &token, MachineRole::Storage, &name, addresses, now)?;
        output::note(&format!(
            "enrolled as \"{name}\" at {1}; now run it: metaprofiles storage run --state {0}, or let the system run it: metaprofiles storage install --state {0}",
            folder.display(),
            identity.console()
        ));
        Ok(Outcome::Done)
    }
}

fn computer_name() -> Option<String> {
    let from_file = || std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    std::env::var("COMPUTERNAME").ok().or_else(from_file).filter(|name| !name.is_empty())
}
