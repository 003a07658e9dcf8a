//! Whether the service runs, and what it does for whom.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::Common;

/// Shows what the service manager and the service say.
pub(crate) fn show(common: &Common) -> Result<ExitCode> {
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
pub(crate) fn sessions() -> Value {
    use mp_agent::pipe_protocol::PipeCommand;

    use crate::helper::{WaitArgs, answer};
    match answer(PipeCommand::Status, &WaitArgs { wait: 10 }) {
        Ok(answer) => answer.status.unwrap_or_else(|| json!({ "error": answer.message })),
        Err(error) => json!({ "error": format!("{error:#}") }),
    }
}

#[cfg(not(windows))]
pub(crate) fn sessions() -> Value {
    json!({ "error": "the service runs on Windows only" })
}
