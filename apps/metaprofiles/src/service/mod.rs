//! The services, run in the foreground: `metaprofiles console` and `metaprofiles storage`.

mod backup;
mod console;
mod stop;
mod storage;

use std::{io, path::PathBuf};

use anyhow::Context;
use tracing_subscriber::EnvFilter;

pub(crate) use backup::{Backup, Restore};
pub(crate) use console::ConsoleCommand;
pub(crate) use storage::StorageCommand;

/// How a service tells what it does, on standard error.
#[derive(clap::Args)]
struct Logging {
    /// Form of the log lines on standard error; RUST_LOG says which lines there are (`info` if it is not set)
    #[arg(long, value_enum, default_value_t = LogForm::Text, env = "METAPROFILES_LOG_FORM")]
    log: LogForm,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LogForm {
    /// Lines for people
    Text,
    /// One JSON object per line
    Json,
}

impl Logging {
    fn start(&self) -> anyhow::Result<()> {
        let filter = match std::env::var_os("RUST_LOG") {
            Some(_) => EnvFilter::try_from_default_env().context("RUST_LOG is not a filter of log lines")?,
            None => EnvFilter::new("info"),
        };
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
        match self.log {
            LogForm::Text => log.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).init(),
            LogForm::Json => log.json().init(),
        }
        Ok(())
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the threads")
}

/// Where a service keeps its state if nothing else is said.
fn default_state(service: &str) -> PathBuf {
    let folder = match cfg!(windows) {
        true => std::env::var_os("ProgramData").map(PathBuf::from).map(|data| data.join("MetaProfiles")),
        false => Some(PathBuf::from("/var/lib/metaprofiles")),
    };
    folder.unwrap_or_default().join(service)
}
