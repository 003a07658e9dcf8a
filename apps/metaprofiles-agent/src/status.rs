//! What happened in a user's last sessions on this host, and why.

use std::{process::ExitCode, time::SystemTime};

use anyhow::Result;
use clap::Args;
use mp_agent::{DEFAULT_MAX_QUEUED, ReportsQueue, SessionReport, SessionTimeline, Spool, StateFolder};
use mp_profile::Sid;

use crate::{Common, plan, service_status};

#[derive(Args)]
pub(crate) struct SessionStatus {
    /// The user's security identifier, S-1-5-21-…; without it, what the service does now is shown
    #[arg(long)]
    sid: Option<Sid>,
    /// At most so many sessions, the last first
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    sessions: usize,
}

#[derive(Args)]
pub(crate) struct ReportsArgs {
    /// Send them
    #[arg(long)]
    send: bool,
}

/// Shows the last sessions of a user.
pub(crate) fn sessions(common: &Common, args: &SessionStatus) -> Result<ExitCode> {
    let Some(sid) = &args.sid else { return service_status::show(common) };
    let state = StateFolder::open(&common.state)?;
    let mut sessions = SessionTimeline::of(SessionReport::kept(&state, sid)?);
    sessions.truncate(args.sessions);
    let waiting = Spool::new(state.spool()).of(sid)?.entries.len();
    if common.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&serde_json::json!({ "sessions": sessions, "waiting": waiting }))?
        );
        return Ok(ExitCode::SUCCESS);
    }
    if sessions.is_empty() {
        println!("the Agent has done nothing for {sid} on this host");
    }
    for session in &sessions {
        println!("{session}");
    }
    if waiting > 0 {
        println!(
            "{waiting} data sets of this user wait for storage; `metaprofiles-agent spool --send` sends them now"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows or sends the reports that wait for the console.
pub(crate) fn reports(common: &Common, args: &ReportsArgs) -> Result<ExitCode> {
    let state = StateFolder::open(&common.state)?;
    let queue = ReportsQueue::new(state.reports_out(), DEFAULT_MAX_QUEUED);
    if args.send {
        let sent = queue.send(SystemTime::now(), plan::connections(common, &state)?.as_ref())?;
        if common.json {
            println!("{}", serde_json::json!({ "taken": sent.taken, "refused": sent.refused }));
        } else {
            println!("the console took {} session reports and refused {}", sent.taken, sent.refused);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let waiting = queue.waiting()?;
    if common.json {
        println!("{}", serde_json::json!({ "waiting": waiting }));
    } else {
        println!("{waiting} session reports wait for the console");
    }
    Ok(ExitCode::SUCCESS)
}
