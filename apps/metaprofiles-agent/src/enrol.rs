use std::{process::ExitCode, time::SystemTime};

use anyhow::{Context, Result, bail};
use clap::Args;
use mp_agent::StateFolder;
use mp_protocol::{Identity, JoinToken, MachineRole, client};

use crate::{Common, events, logging};

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
    /// Succeed and leave everything as it is when this machine has an identity, as after an upgrade
    #[arg(long, conflicts_with = "again")]
    unless_enrolled: bool,
}

pub(crate) fn enrol(common: &Common, args: &EnrolArgs) -> Result<ExitCode> {
    let joined = join(common, args);
    if let (true, Err(error)) = (args.unless_enrolled, &joined) {
        // Windows Installer shows nothing of what the programs say that it runs.
        logging::event(&events::NOT_JOINED, &[&format!("{error:#}")]);
    }
    joined
}

fn join(common: &Common, args: &EnrolArgs) -> Result<ExitCode> {
    protect(common)?;
    let state = StateFolder::open(&common.state)?;
    let folder = state.identity();
    if !args.again
        && let Ok(identity) = Identity::load(&folder)
    {
        if args.unless_enrolled {
            return show(common, &identity, None);
        }
        bail!(
            "this machine is enrolled already, as {} at {}; use --again to take a new identity",
            identity.machine(),
            identity.console()
        );
    }
    let token: JoinToken = args.token.parse()?;
    // The installer gives what it was not told as empty text.
    let console = given(args.console.as_ref())
        .or(common.settings.console_address.as_ref())
        .context("the console's address is not known; give it with --console, or set it by Group Policy")?;
    let name = given(args.name.as_ref())
        .cloned()
        .or_else(computer_name)
        .context("this computer has no name; give one with --name")?;
    let now = SystemTime::now();
    let identity = client::enrol(&folder, console, &token, MachineRole::Agent, &name, Vec::new(), now)?;
    show(common, &identity, Some(&name))
}

/// What is kept there is for SYSTEM and administrators alone: the machine's key, and users' settings.
#[cfg(windows)]
pub(crate) fn protect(common: &Common) -> Result<()> {
    if common.simulated.is_some() {
        return Ok(());
    }
    let default = crate::default_state();
    // Every user may make a folder in ProgramData, and whoever made the one above could replace ours.
    let above = (common.state == default).then(|| default.parent()).flatten();
    for folder in above.into_iter().chain([common.state.as_path()]) {
        mp_windows::make_private_folder(folder).with_context(|| {
            format!("cannot make \"{}\" a folder for administrators alone", folder.display())
        })?;
    }
    Ok(())
}

#[cfg(not(windows))]
fn protect(_: &Common) -> Result<()> {
    Ok(())
}

/// Shows the identity; with the name under which it was made just now.
fn show(common: &Common, identity: &Identity, made_as: Option<&str>) -> Result<ExitCode> {
    let (machine, console) = (identity.machine(), identity.console());
    match made_as {
        _ if common.json => {
            let shown = serde_json::json!({ "machine": machine.id, "name": made_as, "console": console });
            println!("{shown}");
        }
        Some(name) => println!("enrolled as \"{name}\" at {console}"),
        None => println!("enrolled already, as {machine} at {console}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn given(text: Option<&String>) -> Option<&String> {
    text.filter(|text| !text.is_empty())
}

fn computer_name() -> Option<String> {
    let from_file = || std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    std::env::var("COMPUTERNAME").ok().or_else(from_file).filter(|name| !name.is_empty())
}
