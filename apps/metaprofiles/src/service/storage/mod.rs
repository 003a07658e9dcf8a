mod encryption;
mod enrol;
mod install;
mod key;
mod moving;
mod objects;
mod private;
mod run;
mod serve;
mod status;
mod verify;
mod versions;
#[cfg(windows)]
mod windows_service;

use std::path::PathBuf;

use super::default_state;
use crate::Outcome;

/// The Storage Service, which keeps the users' data sets
#[derive(clap::Subcommand)]
pub(crate) enum StorageCommand {
    Enrol(enrol::Enrol),
    #[command(subcommand)]
    Key(key::KeyCommand),
    Move(moving::Move),
    Run(run::Run),
    Status(status::Status),
    Install(install::Install),
    Uninstall(install::Uninstall),
    /// Started by the service manager
    #[cfg(windows)]
    #[command(hide = true)]
    Service(windows_service::Service),
    Verify(verify::Verify),
    #[command(subcommand)]
    Versions(versions::Versions),
}

impl StorageCommand {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Enrol(command) => command.run(),
            Self::Key(command) => command.run(),
            Self::Move(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::Status(command) => command.run(),
            Self::Install(command) => command.run(),
            Self::Uninstall(command) => command.run(),
            #[cfg(windows)]
            Self::Service(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Versions(command) => command.run(),
        }
    }
}

/// Where the service keeps what it needs itself.
#[derive(Clone, clap::Args)]
struct State {
    /// Folder of the identity and the cached plan; the data sets are elsewhere, where the console says
    #[arg(long, value_name = "FOLDER", env = "METAPROFILES_STORAGE_STATE", default_value_os_t = default_state("storage"))]
    state: PathBuf,
}
