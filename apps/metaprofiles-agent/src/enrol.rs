use std::{process::ExitCode, time::SystemTime};

use anyhow::{Context, Result, bail};
use clap::Args;
use mp_agent::StateFolder;
use mp_protocol::{Identity, JoinToken, MachineRole, client};

use crate::Common;

#[derive(Args)]
pub(crate) struct EnrolArgs {
    /// Address of the console, such as `https://console.example.com:8443`; by default the one that Group Policy names
    #[arg(long, env = "METAPROFILES_CONSOLE")]
    console: Option<String>,
    /// Join token from the console, good once
    #[arg(long, env = "METAPROFILES_JOIN_TOKEN", hide_env_values = true)]
    token: String,
    /// Name of this Agent Server in the console; the computer's name by default
    #[arg(long)]
    name: Option<String>,
    /// Take a new identity although this machine has one
    #[arg(long)]
    again: bool,
}

pub(crate) fn enrol(common: &Common, args: &EnrolArgs) -> Result<ExitCode> {
    let token: JoinToken = args.token.parse()?;
    let state = StateFolder::open(&common.state)?;
    let folder = state.identity();
    if !args.again
        && let Ok(identity) = Identity::load(&folder)
    {
        bail!(
            "this machine is enrolled already, as {} at {}; use --again to take a new identity",
            identity.machine(),
            identity.console()
        );
    }
    let console =
        args.console.as_ref().or(common.settings.console_address.as_ref()).context(
            "the console's address is not known; give it with --console, or set it by Group Policy",
        )?;
    let name = args
        .name
        .clone()
        .or_else(computer_name)
        .context("this computer has no name; give one with --name")?;
    let now = SystemTime::now();
    let identity = client::enrol(&folder, console, &token, MachineRole::Agent, &name, Vec::new(), now)?;
    if common.json {
        let machine = identity.machine();
        println!(
            "{}",
            serde_json::json!({ "machine": machine.id, "name": name, "console": identity.console() })
        );
    } else {
        println!("enrolled as \"{name}\" at {}", identity.console());
    }
    Ok(ExitCode::SUCCESS)
}

fn computer_name() -> Option<String> {
    let from_file = || std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    std::env::var("COMPUTERNAME").ok().or_else(from_file).filter(|name| !name.is_empty())
}
