//! The Agent as a service: installing and controlling it, being run by the service manager, and the event log.

mod console;
mod control;
mod dispatch;
mod event_log;
mod folder;
mod install;

use std::io;

pub use console::stop_on_ctrl_c;
pub use control::{RunState, ServiceState, query, send_user_control, start, stop};
pub use dispatch::{Control, ServiceRun, run};
pub use event_log::{EventLevel, EventSource, register_event_source, unregister_event_source};
pub use folder::make_private_folder;
pub use install::{Installed, ServiceDefinition, install, uninstall};

/// Name of the Agent's service.
pub const SERVICE_NAME: &str = "MetaProfilesAgent";
/// What administrators see of it, also the name of its event source.
pub const DISPLAY_NAME: &str = "MetaProfiles Agent";

/// The service manager refused something.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} the service {name}")]
pub struct ServiceError {
    /// What was being done: `install`, `stop`.
    pub doing: &'static str,
    /// Name of the service.
    pub name: String,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}

impl ServiceError {
    fn new(doing: &'static str, name: &str, source: windows_service::Error) -> Self {
        let source = match source {
            windows_service::Error::Winapi(error) => error,
            other => io::Error::other(other),
        };
        Self { doing, name: name.to_owned(), source }
    }

    /// Whether there is no service of that name.
    #[must_use]
    pub fn is_not_installed(&self) -> bool {
        has_code(&self.source, windows_sys::Win32::Foundation::ERROR_SERVICE_DOES_NOT_EXIST)
    }
}

fn has_code(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}

fn failed<'a>(
    doing: &'static str,
    name: &'a str,
) -> impl Fn(windows_service::Error) -> ServiceError + Copy + use<'a> {
    move |source| ServiceError::new(doing, name, source)
}
