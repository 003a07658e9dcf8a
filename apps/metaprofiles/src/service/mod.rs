//! The services, run in the foreground: `metaprofiles console` and `metaprofiles storage`.

mod backup;
mod console;
mod stop;
mod storage;
mod telemetry;

use std::{io, path::PathBuf};

use anyhow::Context;
use mp_monitor::TRACES;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub(crate) use backup::{Backup, Restore};
pub(crate) use console::ConsoleCommand;
pub(crate) use storage::StorageCommand;
use telemetry::{Exporting, Telemetry};

/// How a service tells what it does, on standard error.
#[derive(clap::Args)]
struct Logging {
    /// Form of the log lines on standard error; RUST_LOG says which lines there are (`info` if it is not set)
    #[arg(long, value_enum, default_value_t = LogForm::Text, env = "METAPROFILES_LOG_FORM")]
    log: LogForm,
    #[command(flatten)]
    telemetry: Telemetry,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LogForm {
    /// Lines for people
    Text,
    /// One JSON object per line
    Json,
}

impl Logging {
    /// Begins to log, and to send traces where somebody asked for them. The last traces are sent when the answer is dropped.
    fn start(&self, service: &'static str) -> anyhow::Result<Option<Exporting>> {
        let filter = match std::env::var_os("RUST_LOG") {
            Some(_) => EnvFilter::try_from_default_env().context("RUST_LOG is not a filter of log lines")?,
            None => EnvFilter::new("info"),
        };
        let lines = fmt::layer().with_writer(io::stderr);
        let lines = match self.log {
            LogForm::Text => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).boxed(),
            LogForm::Json => lines.json().boxed(),
        };
        let log = tracing_subscriber::registry().with(lines.with_filter(filter));
        let Some((tracer, exporting)) = self.telemetry.start(service)? else {
            log.init();
            return Ok(None);
        };
        let traces = tracing_opentelemetry::layer().with_tracer(tracer);
        log.with(traces.with_filter(Targets::new().with_target(TRACES, LevelFilter::TRACE))).init();
        Ok(Some(exporting))
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
