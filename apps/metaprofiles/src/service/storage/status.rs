use std::time::Duration;

use anyhow::Context;
use mp_storage::HealthReport;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use ureq::Agent;

use crate::{Outcome, output};

/// Longest wait for the service's answer.
const WAIT: Duration = Duration::from_secs(10);
/// No answer is longer, in bytes.
const MAX_ANSWER: u64 = 256 * 1024;

/// Show how a Storage Service is
///
/// Asks the address that it was given as `--monitor`. Fails when the service does not answer, or is not ready.
#[derive(clap::Args)]
pub(crate) struct Status {
    /// Host and port of the service's monitor
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "METAPROFILES_STORAGE_MONITOR",
        default_value = "127.0.0.1:9477"
    )]
    monitor: String,
    /// Print the service's answer as it is
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let text = self.ask()?;
        let report: HealthReport = serde_json::from_str(&text).with_context(|| {
            format!("{} does not answer as a storage service; is this the right address?", self.monitor)
        })?;
        if self.json {
            output::print(&format!("{text}\n"))?;
        } else {
            output::print(&table(&report))?;
        }
        Ok(if report.ready { Outcome::Done } else { Outcome::NotReady })
    }

    fn ask(&self) -> anyhow::Result<String> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(WAIT))
            .build();
        let answer = Agent::new_with_config(config).get(format!("http://{}/readyz", self.monitor)).call();
        let answer = answer
            .and_then(|answer| answer.into_body().into_with_config().limit(MAX_ANSWER).read_to_string());
        answer.with_context(|| {
            format!("nothing answers at {}; does the storage service run, with --monitor {0}?", self.monitor)
        })
    }
}

fn table(report: &HealthReport) -> String {
    let mut text = format!("{:<12} {}\n", "ready", if report.ready { "yes" } else { "NO" });
    for check in &report.checks {
        let fine = if check.ok { "fine" } else { "BAD" };
        text.push_str(&format!("{:<12} {fine:<5} {}\n", check.name, check.text));
    }
    let mut fact = |name: &str, value: String| text.push_str(&format!("{name:<12} {value}\n"));
    fact("version", report.version.clone());
    fact("expires", expires(report.certificate_expires));
    fact("connections", report.connections.to_string());
    if let Some(free) = report.free_bytes {
        fact("free", format!("{} MB", free / 1_000_000));
    }
    if let Some(total) = report.total_bytes {
        fact("total", format!("{} MB", total / 1_000_000));
    }
    if let Some(kept) = report.kept_bytes {
        fact("kept", format!("{} MB", kept / 1_000_000));
    }
    if let Some(micros) = report.flush_micros {
        fact("flush", format!("{}.{:03} ms", micros / 1000, micros % 1000));
    }
    text
}

fn expires(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| seconds.to_string())
}
