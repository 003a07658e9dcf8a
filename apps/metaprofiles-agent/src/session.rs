use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use mp_agent::pipe_protocol::PipeCommand;
use mp_agent::{
    Agent, DEFAULT_LIMIT, Deliveries, Outcome, Sent, SessionReport, Spool, SpoolEntry, StateFolder,
};
use mp_profile::Sid;
use serde_json::{Value, json};

use crate::{
    Common,
    helper::{self, WaitArgs},
    host, plan, renew,
};

/// Exit code when the session goes on but not all is as it should be: settings not merged, or an export that waits.
pub(crate) const INCOMPLETE: u8 = 3;

#[derive(Args)]
pub(crate) struct SessionArgs {
    /// The user's security identifier, S-1-5-21-…: do the work here and now, without the service. Without it this is what
    /// logon and logoff scripts call: the service does the work for the user who calls it
    #[arg(long)]
    sid: Option<Sid>,
    #[command(flatten)]
    wait: WaitArgs,
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
    match &args.sid {
        Some(sid) => with_agent(common, |agent| show(common, &agent.logon(sid)?)),
        None => helper::ask(common, PipeCommand::Logon, &args.wait),
    }
}

pub(crate) fn logoff(common: &Common, args: &SessionArgs) -> Result<ExitCode> {
    let Some(sid) = &args.sid else { return helper::ask(common, PipeCommand::Logoff, &args.wait) };
    let code = with_agent(common, |agent| show(common, &agent.logoff(sid)?))?;
    renew::renew_when_due(common);
    Ok(code)
}

pub(crate) fn with_agent<T>(common: &Common, work: impl FnOnce(&Agent<'_>) -> Result<T>) -> Result<T> {
    let state = StateFolder::open(&common.state)?;
    let connections = plan::connections(common, &state)?;
    let host = host::open(common)?;
    let clock = host::SystemClock::new();
    let agent = Agent::new(state, host.as_ref(), connections, &clock);
    work(&agent.with_settings(common.settings.clone()))
}

fn show(common: &Common, report: &SessionReport) -> Result<ExitCode> {
    if common.json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print!("{report}");
    }
    Ok(match report.outcome {
        Outcome::NotMerged | Outcome::Spooled | Outcome::Quarantined => ExitCode::from(INCOMPLETE),
        Outcome::Failed => ExitCode::FAILURE,
        Outcome::Merged | Outcome::AlreadyMerged | Outcome::Stored | Outcome::LeftAlone => ExitCode::SUCCESS,
    })
}

pub(crate) fn spool(common: &Common, args: &SpoolArgs) -> Result<ExitCode> {
    let state = StateFolder::open(&common.state)?;
    if args.send {
        return with_agent(common, |agent| show_sent(common, agent.send_spool(args.sid.as_ref())?));
    }
    let limit = common.settings.spool_limit.unwrap_or(DEFAULT_LIMIT);
    let spool = Spool::new(state.spool()).with_limit(limit);
    let users = args.sid.clone().map_or_else(|| spool.users(), |sid| Ok(vec![sid]))?;
    let (mut entries, mut damaged) = (Vec::new(), Vec::new());
    for sid in users {
        match spool.of(&sid) {
            Ok(waiting) => {
                entries.extend(waiting.entries);
                damaged.extend(waiting.damaged);
            }
            Err(error) => damaged.push(error),
        }
    }
    let damaged: Vec<String> = damaged.into_iter().map(chain).collect();
    let room = spool.room()?;
    if common.json {
        let text = json!({ "entries": entries, "damaged": damaged, "used": room.used, "limit": room.limit });
        println!("{}", serde_json::to_string_pretty(&text)?);
    } else {
        if entries.is_empty() && damaged.is_empty() {
            println!("nothing waits for storage");
        }
        for SpoolEntry { sid, scope, intent, .. } in entries {
            println!("{sid} {scope}: {intent}");
        }
        show_damaged(&damaged);
        if room.is_short() {
            println!("the spool is nearly full: {} of {} bytes", room.used, room.limit);
        }
    }
    let quiet = damaged.is_empty() && !room.is_short();
    Ok(if quiet { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

fn show_sent(common: &Common, deliveries: Deliveries) -> Result<ExitCode> {
    let damaged: Vec<String> = deliveries.damaged.into_iter().map(chain).collect();
    let tried: Vec<(SpoolEntry, Result<Sent, String>)> = deliveries
        .tried
        .into_iter()
        .map(|delivery| (delivery.entry, delivery.result.map_err(chain)))
        .collect();
    let complete = damaged.is_empty() && tried.iter().all(|(_, result)| result.is_ok());
    if common.json {
        let sent: Vec<Value> = tried.iter().map(|(entry, result)| sent_json(entry, result)).collect();
        println!("{}", serde_json::to_string_pretty(&json!({ "entries": sent, "damaged": damaged }))?);
    } else {
        if tried.is_empty() && damaged.is_empty() {
            println!("nothing waits for storage");
        }
        for (SpoolEntry { sid, scope, .. }, result) in &tried {
            let text = match result {
                Ok(Sent::Stored(version)) => format!("stored as {}", version.0),
                Ok(Sent::Merged { version, overrides }) => {
                    let count = overrides.total();
                    format!(
                        "merged with a newer one and stored as {}; both had changed {count} items",
                        version.0
                    )
                }
                Ok(Sent::Quarantined(reason)) => format!("kept beside the stored data set: {reason}"),
                Err(error) => format!("still waits: {error}"),
            };
            println!("{sid} {scope}: {text}");
        }
        show_damaged(&damaged);
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

fn sent_json(entry: &SpoolEntry, result: &Result<Sent, String>) -> Value {
    let mut line = json!({ "sid": entry.sid, "scope": entry.scope });
    let (name, value) = match result {
        Ok(Sent::Stored(version)) => ("stored", &version.0),
        Ok(Sent::Merged { version, overrides }) => {
            line["theirs-overridden"] = Value::from(overrides.theirs_overridden);
            line["mine-overridden"] = Value::from(overrides.mine_overridden);
            ("merged", &version.0)
        }
        Ok(Sent::Quarantined(reason)) => ("quarantined", reason),
        Err(error) => ("waits", error),
    };
    line[name] = Value::from(value.as_str());
    line
}

fn show_damaged(damaged: &[String]) {
    for error in damaged {
        println!("not usable: {error}");
    }
}

fn chain(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
