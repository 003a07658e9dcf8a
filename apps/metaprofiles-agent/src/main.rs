//! `metaprofiles-agent`: what an administrator and the logon and logoff scripts call on a session host.

mod check;
mod diag;
mod enrol;
mod events;
mod file;
mod helper;
mod host;
#[cfg(windows)]
mod install;
mod logging;
mod plan;
mod removal;
mod renew;
mod service;
mod service_status;
mod session;
mod settings;
mod simulate;
mod status;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use mp_agent::{PolicySettings, Problem};

#[derive(Parser)]
#[command(
    name = "metaprofiles-agent",
    version,
    about = "The MetaProfiles Agent: a user's settings in and out of the profile of this session host"
)]
struct Cli {
    #[command(flatten)]
    common: CommonArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct CommonArgs {
    /// Folder with the Agent's identity, plan, sessions, spool and reports; by default the one that Group Policy names, else
    /// `%ProgramData%\MetaProfiles\Agent` (`/var/lib/metaprofiles/agent`)
    #[arg(long, global = true, env = "METAPROFILES_AGENT_STATE")]
    state: Option<PathBuf>,
    /// Work on a simulated session host in this folder instead of this machine's own sessions
    #[arg(long, global = true, env = "METAPROFILES_SIMULATED_HOST", value_name = "FOLDER")]
    simulated: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    json: bool,
}

/// What all commands need to know.
struct Common {
    state: PathBuf,
    /// Whether the command line or the environment names it.
    #[cfg_attr(not(windows), expect(dead_code, reason = "only `install` asks"))]
    state_given: bool,
    simulated: Option<PathBuf>,
    json: bool,
    settings: PolicySettings,
}

#[derive(Subcommand)]
enum Command {
    /// Join the farm: get an identity from the console
    Enrol(enrol::EnrolArgs),
    /// Fetch the plan from the console and show it
    Plan,
    /// Get a new certificate from the console before the old one ends (`logoff` does so by itself)
    Renew(renew::RenewArgs),
    /// Install the service on this machine, with its logon and logoff scripts
    #[cfg(windows)]
    Install(install::InstallArgs),
    /// Take the service and its scripts off this machine; what waits for storage stays
    #[cfg(windows)]
    Uninstall,
    /// Run as the service in the foreground, until Ctrl-C
    Run(service::ServiceArgs),
    /// What the service manager starts
    Service(service::ServiceArgs),
    /// For tests: tell a service that accepts it of the events in the state folder
    #[cfg(windows)]
    #[command(hide = true)]
    Inject,
    /// A user has logged on: bring the stored settings into the profile
    Logon(session::SessionArgs),
    /// A user logs off: export, keep in the spool, send
    Logoff(session::SessionArgs),
    /// Apply registry tasks and policies again, and tell the programs of the session what has changed
    Refresh(helper::RefreshArgs),
    /// Show what waits for storage, or send it
    Spool(session::SpoolArgs),
    /// Show what the service does, or what happened in a user's last sessions on this host, why, and what to do
    Status(status::SessionStatus),
    /// Check this machine: service, rights, policies, plan, storage; or record a logon and logoff
    Check(check::CheckArgs),
    /// Gather logs, reports, status and versions into a folder, without users' settings, to send them to somebody
    Diag(diag::DiagArgs),
    /// Show how many session reports wait for the console, or send them
    Reports(status::ReportsArgs),
    /// Export a user's settings into data set files, without console and storage
    Export(file::ExportArgs),
    /// Import a data set file into a user's profile, without console and storage
    Import(file::ImportArgs),
    /// Remove the state folder, after sending what waits for storage; what storage does not take stays
    RemoveState,
    /// Do what Windows does around the Agent, on a simulated session host
    Simulate(simulate::SimulateArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let (settings, problems) = settings::load(cli.common.simulated.as_deref());
    let CommonArgs { state, simulated, json } = cli.common;
    let state_given = state.is_some();
    let state = state.or_else(|| settings.state_folder.clone()).unwrap_or_else(default_state);
    let logging = match &cli.command {
        Command::Service(_) => logging::of_service(&settings, &state.join("logs"), false),
        Command::Run(_) => logging::of_service(&settings, &state.join("logs"), true),
        _ => {
            logging::to_standard_error(&settings);
            Ok(())
        }
    };
    for Problem { code, message } in problems {
        tracing::error!(code, "{message}");
    }
    let common = Common { state, state_given, simulated, json, settings };
    let json = common.json;
    let done = logging.and_then(|()| run(cli.command, common));
    match done {
        Ok(code) => code,
        Err(error) => {
            if json {
                println!("{}", serde_json::json!({ "error": format!("{error:#}") }));
            }
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, common: Common) -> Result<ExitCode> {
    match &command {
        Command::Enrol(args) => enrol::enrol(&common, args),
        Command::Plan => plan::plan(&common),
        Command::Renew(args) => renew::renew(&common, args),
        #[cfg(windows)]
        Command::Install(args) => install::install(&common, args),
        #[cfg(windows)]
        Command::Uninstall => install::uninstall(&common),
        Command::Run(args) => service::run(common, args),
        Command::Service(args) => service::service(common, args),
        #[cfg(windows)]
        Command::Inject => service::inject(),
        Command::Refresh(args) => helper::refresh(&common, args),
        Command::Logon(args) => session::logon(&common, args),
        Command::Logoff(args) => session::logoff(&common, args),
        Command::Spool(args) => session::spool(&common, args),
        Command::Status(args) => status::sessions(&common, args),
        Command::Check(args) => check::check(&common, args),
        Command::Diag(args) => diag::diag(&common, args),
        Command::Reports(args) => status::reports(&common, args),
        Command::Export(args) => file::export(&common, args),
        Command::Import(args) => file::import(&common, args),
        Command::RemoveState => removal::remove_state(&common),
        Command::Simulate(args) => simulate::simulate(&common, args),
    }
}

/// The arguments are wrong, or help is asked for. `--json` was not parsed then, but whoever gave it reads JSON.
fn not_understood(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let text = text.trim_start_matches("error: ").lines().next().unwrap_or_default();
        println!("{}", serde_json::json!({ "error": text }));
    }
    // Nobody reads the text when it cannot be written.
    drop(error.print());
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

#[cfg(windows)]
fn default_state() -> PathBuf {
    let data =
        std::env::var_os("ProgramData").map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from);
    data.join("MetaProfiles").join("Agent")
}

#[cfg(not(windows))]
fn default_state() -> PathBuf {
    PathBuf::from("/var/lib/metaprofiles/agent")
}
