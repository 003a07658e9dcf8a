//! What runs in a user's session with the user's rights, and asks the service: the logon and logoff scripts, and the refresh
//! that the service starts.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use mp_agent::pipe_protocol::PipeCommand;

use crate::Common;

/// Exit code when the service does not run, or did not answer in time: the session goes on without it.
#[cfg(windows)]
const NO_ANSWER: u8 = 4;

/// Longest wait that may be asked for, in seconds.
const LONGEST: i64 = 600;

#[derive(Args)]
pub(crate) struct WaitArgs {
    /// Longest wait for the service, in seconds; the plan's own bounds are shorter
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=LONGEST.cast_unsigned()))]
    pub(crate) wait: u64,
}

#[derive(Args)]
pub(crate) struct RefreshArgs {
    #[command(flatten)]
    wait: WaitArgs,
    /// Only tell programs of this session what has changed, without asking the service
    #[arg(long, value_name = "TOPIC", value_parser = topic)]
    topic: Vec<mp_windows::RefreshTopic>,
}

fn topic(name: &str) -> Result<mp_windows::RefreshTopic, String> {
    mp_windows::RefreshTopic::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = mp_windows::RefreshTopic::ALL.iter().map(|topic| topic.name()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

/// Tasks and policies again, then every program is told.
pub(crate) fn refresh(common: &Common, args: &RefreshArgs) -> Result<ExitCode> {
    let asked = if args.topic.is_empty() {
        ask(common, PipeCommand::Refresh, &args.wait)?
    } else {
        ExitCode::SUCCESS
    };
    tell_programs(&args.topic);
    Ok(asked)
}

#[cfg(windows)]
fn tell_programs(topics: &[mp_windows::RefreshTopic]) {
    let all = &mp_windows::RefreshTopic::ALL[..];
    mp_windows::refresh_here(if topics.is_empty() { all } else { topics });
}

#[cfg(not(windows))]
fn tell_programs(_: &[mp_windows::RefreshTopic]) {}

/// Asks the service for something, and says how it went. It never keeps the session waiting beyond the bound, and its exit
/// code is for whoever reads it: scripts of Group Policy go on whatever it is.
#[cfg(windows)]
pub(crate) fn ask(common: &Common, command: PipeCommand, wait: &WaitArgs) -> Result<ExitCode> {
    use mp_agent::{
        pipe_protocol::{PipeAnswer, PipeResult, PipeThen},
        service::PRODUCT,
    };

    let answer = match answer(command, wait) {
        Ok(answer) => answer,
        Err(error) => {
            let text = format!("{:#}", error);
            if common.json {
                println!("{}", serde_json::json!({ "result": "no-answer", "message": text }));
            } else {
                println!("the session goes on without the Agent: {text}");
            }
            return Ok(ExitCode::from(NO_ANSWER));
        }
    };
    let PipeAnswer { result, message, then, .. } = &answer;
    if common.json {
        println!("{}", serde_json::to_string(&answer)?);
    } else {
        println!("{message}");
    }
    match then {
        PipeThen::GoOn => {}
        PipeThen::TellUser => mp_windows::tell_user(PRODUCT, message)?,
        PipeThen::LogOff => {
            mp_windows::tell_user(PRODUCT, message)?;
            mp_windows::log_off_here()?;
        }
    }
    Ok(match result {
        PipeResult::Done | PipeResult::Continues => ExitCode::SUCCESS,
        PipeResult::Incomplete => ExitCode::from(crate::session::INCOMPLETE),
        PipeResult::Refused | PipeResult::TooMany | PipeResult::Failed => ExitCode::FAILURE,
    })
}

/// Asks the service and gives its answer.
#[cfg(windows)]
pub(crate) fn answer(command: PipeCommand, wait: &WaitArgs) -> Result<mp_agent::pipe_protocol::PipeAnswer> {
    use std::time::Duration;

    use mp_agent::pipe_protocol::{MAX_ANSWER, PIPE_NAME, PipeAnswer, PipeRequest};
    use mp_windows::{pipe, service::SERVICE_NAME};

    let request = PipeRequest::new(command).encode();
    let bound = Duration::from_secs(wait.wait);
    let answer = pipe::ask(PIPE_NAME, SERVICE_NAME, &request, MAX_ANSWER, bound)?;
    Ok(PipeAnswer::decode(&answer)?)
}

#[cfg(not(windows))]
pub(crate) fn ask(_: &Common, _: PipeCommand, _: &WaitArgs) -> Result<ExitCode> {
    anyhow::bail!(
        "without --sid this asks the Agent's service, which runs on Windows only; name the user with --sid"
    )
}
