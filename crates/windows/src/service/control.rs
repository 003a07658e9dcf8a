use std::{
    ffi::OsStr,
    io, thread,
    time::{Duration, Instant},
};

use windows_service::{
    service::{Service, ServiceAccess, ServiceExitCode, ServiceState as Raw, UserEventCode},
    service_manager::{ServiceManager, ServiceManagerAccess},
};
use windows_sys::Win32::{
    Foundation::{
        ERROR_INVALID_PARAMETER, ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
        ERROR_SERVICE_NOT_ACTIVE, ERROR_TIMEOUT, WAIT_OBJECT_0,
    },
    System::Threading::{OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject},
};

use super::{ServiceError, failed, has_code};
use crate::nt::Handle;

/// How often a state is looked at while it is waited for.
const POLL: Duration = Duration::from_millis(50);

/// Whether a service runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunState {
    /// It does not.
    Stopped,
    /// It was told to start and has not said that it has.
    Starting,
    /// It was told to stop and has not ended.
    Stopping,
    /// It does.
    Running,
    /// It is paused, or on the way there or back.
    Paused,
}

/// What the service manager knows of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceState {
    /// Whether it runs.
    pub state: RunState,
    /// Its process, while it has one.
    pub process: Option<u32>,
    /// With which code it ended last: the system's, or one of the service's own.
    pub exit_code: u32,
}

/// What the service manager knows of this service; `None` when it is not installed.
///
/// # Errors
/// When the manager does not tell.
pub fn query(name: &str) -> Result<Option<ServiceState>, ServiceError> {
    let service = match open("query", name, ServiceAccess::QUERY_STATUS) {
        Ok(service) => service,
        Err(error) if error.is_not_installed() => return Ok(None),
        Err(error) => return Err(error),
    };
    state_of(&service).map(Some).map_err(failed("query", name))
}

/// Starts it and waits until it runs; nothing is done when it does.
///
/// # Errors
/// When it does not run in time, or ends at once.
pub fn start(name: &str, timeout: Duration) -> Result<(), ServiceError> {
    let service = open("start", name, ServiceAccess::START | ServiceAccess::QUERY_STATUS)?;
    if let Err(error) = service.start::<&OsStr>(&[]) {
        let error = ServiceError::new("start", name, error);
        if !has_code(&error.source, ERROR_SERVICE_ALREADY_RUNNING) {
            return Err(error);
        }
    }
    wait(&service, "start", name, timeout, |state| match state.state {
        RunState::Running => Some(Ok(())),
        RunState::Stopped => Some(Err(io::Error::from_raw_os_error(state.exit_code.cast_signed()))),
        _ => None,
    })
}

/// Stops it and waits until it has ended; nothing is done when it does not run.
///
/// # Errors
/// When it does not end in time.
pub fn stop(name: &str, timeout: Duration) -> Result<(), ServiceError> {
    let service = open("stop", name, ServiceAccess::STOP | ServiceAccess::QUERY_STATUS)?;
    stop_opened(&service, name, timeout)
}

/// Sends it one of the control codes 128 to 255, whose meaning is its own. The access list of the service lets
/// administrators do so and nobody else.
///
/// # Errors
/// When it does not run, or the code is none of these.
pub fn send_user_control(name: &str, code: u8) -> Result<(), ServiceError> {
    let doing = "send a control code to";
    let code = UserEventCode::from_raw(code.into()).map_err(|error| {
        let source = io::Error::new(io::ErrorKind::InvalidInput, error);
        ServiceError { doing, name: name.to_owned(), source }
    })?;
    let service = open(doing, name, ServiceAccess::USER_DEFINED_CONTROL)?;
    service.notify(code).map(drop).map_err(failed(doing, name))
}

pub(super) fn stop_opened(service: &Service, name: &str, timeout: Duration) -> Result<(), ServiceError> {
    if let Err(error) = service.stop() {
        let error = ServiceError::new("stop", name, error);
        // One that is starting or stopping takes no control, and one that has died cannot; the wait sees what becomes of it.
        let busy = has_code(&error.source, ERROR_SERVICE_CANNOT_ACCEPT_CTRL);
        let dead = state_of(service).is_ok_and(|state| state.state == RunState::Stopped);
        if !busy && !dead && !has_code(&error.source, ERROR_SERVICE_NOT_ACTIVE) {
            return Err(error);
        }
    }
    wait(service, "stop", name, timeout, |state| (state.state == RunState::Stopped).then_some(Ok(())))
}

pub(super) fn open(doing: &'static str, name: &str, access: ServiceAccess) -> Result<Service, ServiceError> {
    let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT)
        .map_err(failed(doing, name))?;
    manager.open_service(name, access).map_err(failed(doing, name))
}

fn wait(
    service: &Service,
    doing: &'static str,
    name: &str,
    timeout: Duration,
    done: impl Fn(&ServiceState) -> Option<io::Result<()>>,
) -> Result<(), ServiceError> {
    let until = Instant::now() + timeout;
    let fail = |source| ServiceError { doing, name: name.to_owned(), source };
    loop {
        let state = state_of(service).map_err(failed(doing, name))?;
        if let Some(result) = done(&state) {
            return result.map_err(fail);
        }
        if Instant::now() >= until {
            return Err(fail(io::Error::from_raw_os_error(ERROR_TIMEOUT.cast_signed())));
        }
        thread::sleep(POLL);
    }
}

fn state_of(service: &Service) -> windows_service::Result<ServiceState> {
    let status = service.query_status()?;
    let state = match status.current_state {
        Raw::Stopped => RunState::Stopped,
        Raw::StartPending => RunState::Starting,
        Raw::StopPending => RunState::Stopping,
        Raw::Running => RunState::Running,
        Raw::ContinuePending | Raw::PausePending | Raw::Paused => RunState::Paused,
    };
    let exit_code = match status.exit_code {
        ServiceExitCode::Win32(code) | ServiceExitCode::ServiceSpecific(code) => code,
    };
    // The manager may not have noticed yet that the process is gone.
    let state = if status.process_id.is_some_and(is_gone) { RunState::Stopped } else { state };
    let process = status.process_id.filter(|_| state != RunState::Stopped);
    Ok(ServiceState { state, process, exit_code })
}

/// Whether there is no process of this number any more.
fn is_gone(process: u32) -> bool {
    // SAFETY: the function has no conditions.
    let opened = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, process) };
    if opened.is_null() {
        // Others' processes may not be opened, which is another error.
        return has_code(&io::Error::last_os_error(), ERROR_INVALID_PARAMETER);
    }
    // SAFETY: the call succeeded, so it gave a handle that nobody else knows; somebody may hold a process that has ended.
    unsafe {
        let process = Handle::own(opened);
        WaitForSingleObject(process.raw(), 0) == WAIT_OBJECT_0
    }
}
