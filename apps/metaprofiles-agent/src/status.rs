//! What the service does, and what it did for a user.

use std::{fs, process::ExitCode};

use anyhow::{Context, Result};
use clap::Args;
use mp_agent::{SessionReport, StateFolder};
use mp_profile::Sid;
use serde_json::{Value, json};

use crate::Common;

#[derive(Args)]
pub(crate) struct StatusArgs {
    /// Show the reports of this user's sessions, latest first
    #[arg(long)]
    sid: Option<Sid>,
    /// How many of them
    #[arg(long, default_value_t = 3)]
    last: usize,
}

pub(crate) fn status(common: &Common, args: &StatusArgs) -> Result<ExitCode> {
    if let Some(sid) = &args.sid {
        return reports(common, sid, args.last);
    }
    let status = json!({ "service": service(), "sessions": sessions() });
    if common.json {
        println!("{}", serde_json::to_string_pretty(&status)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("service  {}", text(&status["service"]));
    if let Some(why) = status["sessions"]["idle-because"].as_str() {
        println!("idle     {why}");
    }
    if let Some(error) = status["sessions"]["error"].as_str() {
        println!("sessions cannot be asked for: {error}");
    }
    for user in status["sessions"]["users"].as_array().into_iter().flatten() {
        println!("user     {}: {}, {}", text(&user["sid"]), text(&user["state"]), text(&user["load"]));
        for incident in user["incidents"].as_array().into_iter().flatten() {
            println!("           {}", text(incident));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn reports(common: &Common, sid: &Sid, last: usize) -> Result<ExitCode> {
    let folder = StateFolder::open(&common.state)?.reports(sid);
    let mut files: Vec<_> = match fs::read_dir(&folder) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot list \"{}\"", folder.display())),
    };
    files.sort();
    let mut reports: Vec<SessionReport> = Vec::new();
    for file in files.iter().rev().take(last) {
        let bytes = fs::read(file).with_context(|| format!("cannot read \"{}\"", file.display()))?;
        let report = serde_json::from_slice(&bytes);
        reports.push(report.with_context(|| format!("cannot understand \"{}\"", file.display()))?);
    }
    if common.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    } else if reports.is_empty() {
        println!("there is no report of {sid} on this machine");
    } else {
        reports.iter().for_each(|report| println!("{report}"));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(windows)]
pub(crate) fn service() -> Value {
    use mp_windows::service::{SERVICE_NAME, query};
    match query(SERVICE_NAME) {
        Ok(Some(state)) => json!(format!("{:?}", state.state).to_lowercase()),
        Ok(None) => json!("not installed"),
        Err(error) => json!(format!("{:#}", anyhow::Error::new(error))),
    }
}

#[cfg(not(windows))]
pub(crate) fn service() -> Value {
    json!("not installed")
}

#[cfg(windows)]
fn sessions() -> Value {
    use mp_agent::pipe_protocol::PipeCommand;

    use crate::helper::{WaitArgs, answer};
    match answer(PipeCommand::Status, &WaitArgs { wait: 10 }) {
        Ok(answer) => answer.status.unwrap_or_else(|| json!({ "error": answer.message })),
        Err(error) => json!({ "error": format!("{error:#}") }),
    }
}

#[cfg(not(windows))]
fn sessions() -> Value {
    json!({ "error": "the service runs on Windows only" })
}
