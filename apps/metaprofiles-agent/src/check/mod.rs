//! Checks of this machine, each with what to do next, and the recording of a logon and logoff.

mod farm;
#[cfg(windows)]
mod keys;
#[cfg(windows)]
mod machine;
#[cfg(windows)]
mod record;

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::Common;

/// A certificate is renewed in the last third of its life; one that ends this soon was not.
const ENDS_SOON: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Record one logon and logoff of a user on this host into this file instead
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// End the recording after so many minutes when no logoff was seen
    #[arg(long, value_name = "MINUTES", default_value_t = 30, requires = "record")]
    minutes: u64,
    /// Record so many logons and logoffs
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "record")]
    days: usize,
    /// Run by a user at two logons: look whether what Windows encrypted for them at the first can be decrypted at the second
    #[arg(long, conflicts_with = "record")]
    keys: bool,
}

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    /// It is as it should be.
    Pass,
    /// The Agent works, with less than it could.
    Warn,
    /// Something does not work.
    Fail,
}

/// One check.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    /// What was looked at.
    pub(crate) check: &'static str,
    pub(crate) level: Level,
    /// What was found.
    pub(crate) found: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl Line {
    pub(crate) fn pass(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, level: Level::Pass, found: found.into(), next: None }
    }

    pub(crate) fn warn(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, level: Level::Warn, found: found.into(), next: Some(next.into()) }
    }

    pub(crate) fn fail(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, level: Level::Fail, found: found.into(), next: Some(next.into()) }
    }
}

/// Runs all checks.
pub(crate) fn lines(common: &Common) -> Vec<Line> {
    let mut lines = Vec::new();
    #[cfg(windows)]
    machine::check(common, &mut lines);
    farm::check(common, SystemTime::now(), &mut lines);
    lines
}

pub(crate) fn check(common: &Common, args: &CheckArgs) -> Result<ExitCode> {
    if let Some(file) = &args.record {
        return record(file, Duration::from_secs(args.minutes.saturating_mul(60)), args.days);
    }
    if args.keys {
        return keys();
    }
    let lines = lines(common);
    if common.json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
    } else {
        for Line { check, level, found, next } in &lines {
            let level = match level {
                Level::Pass => "pass",
                Level::Warn => "WARN",
                Level::Fail => "FAIL",
            };
            println!("{level}  {check}: {found}");
            if let Some(next) = next {
                println!("      {next}");
            }
        }
    }
    let failed = lines.iter().any(|line| line.level == Level::Fail);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(windows)]
fn record(file: &std::path::Path, at_most: Duration, days: usize) -> Result<ExitCode> {
    record::record(file, at_most, days)
}

#[cfg(windows)]
fn keys() -> Result<ExitCode> {
    keys::check()
}

#[cfg(not(windows))]
fn record(_: &std::path::Path, _: Duration, _: usize) -> Result<ExitCode> {
    anyhow::bail!("a logon can be recorded on Windows only")
}

#[cfg(not(windows))]
fn keys() -> Result<ExitCode> {
    anyhow::bail!("only Windows encrypts for its users")
}
