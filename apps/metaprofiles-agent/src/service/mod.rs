//! The service: started by the service manager (`service`), or in the foreground (`run`).
//!
//! It only forwards: what the service manager and the pipe tell becomes events of [`mp_agent::service::AgentService`].

#[cfg_attr(not(windows), expect(dead_code, reason = "only Windows has the pipe"))]
mod answer;
#[cfg(windows)]
mod injected;
#[cfg(windows)]
mod pipe;
#[cfg(windows)]
mod serve;
#[cfg(windows)]
mod worker;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::Common;

#[derive(Args)]
pub(crate) struct ServiceArgs {
    /// For tests: take sessions and events from files in the state folder
    #[arg(long, hide = true)]
    accept_injected_events: bool,
}

/// Started by the service manager.
#[cfg(windows)]
pub(crate) fn service(common: Common, args: &ServiceArgs) -> Result<ExitCode> {
    serve::by_service_manager(common, args.accept_injected_events)
}

/// Started by hand.
#[cfg(windows)]
pub(crate) fn run(common: Common, args: &ServiceArgs) -> Result<ExitCode> {
    serve::in_foreground(common, args.accept_injected_events)
}

/// Tells the service that there are events in its state folder.
#[cfg(windows)]
pub(crate) fn inject() -> Result<ExitCode> {
    mp_windows::service::send_user_control(mp_windows::service::SERVICE_NAME, injected::CODE)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(windows))]
pub(crate) fn service(_: Common, _: &ServiceArgs) -> Result<ExitCode> {
    anyhow::bail!(
        "the service runs on Windows only; `logon --sid` and `logoff --sid` work on a simulated host"
    )
}

#[cfg(not(windows))]
pub(crate) fn run(common: Common, args: &ServiceArgs) -> Result<ExitCode> {
    service(common, args)
}
