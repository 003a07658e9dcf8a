use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use mp_agent::{Agent, Delivery, Outcome, Sent, SessionReport, Spool, StateFolder};
use mp_profile::Sid;

use crate::{Common, host, plan};

/// Exit code when the session goes on but not all is as it should be: settings not merged, or an export that waits.
const INCOMPLETE: u8 = 3;

#[derive(Args)]
pub(crate) struct SessionArgs {
    /// The user's security identifier, S-1-5-21-…
    #[arg(long)]
    sid: Sid,
}

#[derive(Args)]
pub(crate) struct SpoolArgs {
    /// Send what waits
    #[arg(long)]
    send: bool,
    /// Only this user's
    #[arg(long)]
    sid: Option<Sid>,
}

pub(crate) fn logon(common: &Common, args: &SessionArgs) -> Result<ExitCode> {
    with_agent(common, |agent| show(common, &agent.logon(&args.sid)?))
}

pub(crate) fn logoff(common: &Common, args: &SessionArgs) -> Result<ExitCode> {
    with_agent(common, |agent| show(common, &agent.logoff(&args.sid)?))
}

fn with_agent(common: &Common, work: impl FnOnce(&Agent<'_>) -> Result<ExitCode>) -> Result<ExitCode> {
    let state = StateFolder::open(&common.state)?;
    let connections = plan::connections(&state)?;
    let host = host::open(common)?;
    let clock = host::SystemClock::new();
    work(&Agent::new(state, host.as_ref(), connections, &clock))
}

fn show(common: &Common, report: &SessionReport) -> Result<ExitCode> {
    if common.json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print!("{report}");
    }
    Ok(match report.outcome {
        Outcome::NotMerged | Outcome::Spooled | Outcome::Quarantined => ExitCode::from(INCOMPLETE),
        Outcome::Merged | Outcome::AlreadyMerged | Outcome::Stored | Outcome::LeftAlone => ExitCode::SUCCESS,
    })
}

pub(crate) fn spool(common: &Common, args: &SpoolArgs) -> Result<ExitCode> {
    let state = StateFolder::open(&common.state)?;
    if args.send {
        return with_agent(common, |agent| Ok(show_sent(&agent.send_spool(args.sid.as_ref())?)));
    }
    let spool = Spool::new(state.spool());
    let users = args.sid.clone().map_or_else(|| spool.users(), |sid| Ok(vec![sid]))?;
    let mut entries = Vec::new();
    for sid in users {
        entries.extend(spool.entries(&sid)?);
    }
    if common.json {
        println!("{}", serde_json::to_string_pretty(&entries)?);
    } else if entries.is_empty() {
        println!("nothing waits for storage");
    } else {
        for entry in entries {
            println!("{} {} {:?}", entry.sid, entry.scope, entry.intent);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show_sent(deliveries: &[Delivery]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    if deliveries.is_empty() {
        println!("nothing waits for storage");
    }
    for Delivery { entry, result, .. } in deliveries {
        let text = match result {
            Ok(Sent::Stored(version)) => format!("stored as {}", version.0),
            Ok(Sent::Quarantined(reason)) => format!("kept beside the stored data set: {reason}"),
            Err(error) => {
                code = ExitCode::from(INCOMPLETE);
                format!("still waits: {error}")
            }
        };
        println!("{} {}: {text}", entry.sid, entry.scope);
    }
    code
}
