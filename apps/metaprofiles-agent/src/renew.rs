use std::{process::ExitCode, time::SystemTime};

use anyhow::{Result, anyhow};
use clap::Args;
use mp_agent::{Renewal, StateFolder, renew_certificate};

use crate::Common;

#[derive(Args)]
pub(crate) struct RenewArgs {
    /// Renew although the certificate is not in the last third of its life
    #[arg(long)]
    now: bool,
}

pub(crate) fn renew(common: &Common, args: &RenewArgs) -> Result<ExitCode> {
    let state = StateFolder::open(&common.state)?;
    let renewal = renew_certificate(&state, args.now, SystemTime::now()).map_err(|error| anyhow!(error))?;
    let text = match renewal {
        Renewal::NotDue => "the certificate is not due for renewal yet",
        Renewal::Done => "the machine has a new certificate",
    };
    if common.json {
        println!("{}", serde_json::json!({ "renewed": renewal == Renewal::Done }));
    } else {
        println!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

/// After a session's work is done: when it fails, the next session tries again, and the log says why.
pub(crate) fn renew_when_due(common: &Common) {
    let renewed = StateFolder::open(&common.state)
        .map_err(|error| error.to_string())
        .and_then(|state| renew_certificate(&state, false, SystemTime::now()));
    if let Err(error) = renewed {
        tracing::error!(error, "Cannot renew this machine's certificate");
    }
}
