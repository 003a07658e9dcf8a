use std::process::ExitCode;

use anyhow::Result;
use mp_agent::{Removed, Spool, StateFolder};

use crate::{Common, session};

pub(crate) fn remove_state(common: &Common) -> Result<ExitCode> {
    let state = StateFolder::open(&common.state)?;
    if !Spool::new(state.spool()).users()?.is_empty() {
        // What is not sent now stays, and is named below.
        if let Err(error) = session::with_agent(common, |agent| Ok(agent.send_spool(None)?)) {
            eprintln!("warning: the spool cannot be sent: {error:#}");
        }
    }
    let kept = match state.remove()? {
        Removed::All => Vec::new(),
        Removed::AllBut(users) => users,
    };
    if common.json {
        println!("{}", serde_json::json!({ "removed": true, "waiting": kept }));
    } else if kept.is_empty() {
        println!("removed \"{}\"", common.state.display());
    } else {
        let users: Vec<&str> = kept.iter().map(mp_profile::Sid::as_str).collect();
        println!(
            "removed all but the spool: settings of {} wait for storage; enrol this machine again to send them",
            users.join(", ")
        );
    }
    Ok(if kept.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(session::INCOMPLETE) })
}
