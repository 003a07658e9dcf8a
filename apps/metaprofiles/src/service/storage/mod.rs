mod enrol;
mod moving;
mod objects;
mod run;
mod status;
mod verify;
mod versions;

use std::path::PathBuf;

use super::default_state;
use crate::Outcome;

/// The Storage Service, which keeps the users' data sets
#[derive(clap::Subcommand)]
pub(crate) enum StorageCommand {
    Enrol(enrol::Enrol),
    Move(moving::Move),
    Run(run::Run),
    Status(status::Status),
    Verify(verify::Verify),
    #[command(subcommand)]
    Versions(versions::Versions),
}

impl StorageCommand {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Enrol(command) => command.run(),
            Self::Move(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::Status(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Versions(command) => command.run(),
        }
    }
}

/// Where the service keeps what it needs itself.
#[derive(clap::Args)]
struct State {
    /// Folder of the identity and the cached plan; the data sets are elsewhere, where the console says
    #[arg(long, value_name = "FOLDER", env = "METAPROFILES_STORAGE_STATE", default_value_os_t = default_state("storage"))]
    state: PathBuf,
}
