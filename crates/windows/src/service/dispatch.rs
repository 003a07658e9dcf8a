//! Being run by the service manager.
//!
//! The control handler only forwards. It is our own and not the one of `windows-service`, which frees its closure at the
//! first STOP or PRESHUTDOWN although more controls may follow, and refuses session events that it does not know
//! (`WTS_SESSION_DESKTOP_READY`).

use std::{
    ffi::c_void,
    io, ptr,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicPtr, AtomicU32, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    time::Duration,
};

use mp_profile::SessionId;
use windows_sys::{
    Win32::{
        Foundation::{ERROR_CALL_NOT_IMPLEMENTED, ERROR_SERVICE_SPECIFIC_ERROR, NO_ERROR},
        System::{
            RemoteDesktop::WTSSESSION_NOTIFICATION,
            Services::{
                RegisterServiceCtrlHandlerExW, SERVICE_ACCEPT_PRESHUTDOWN, SERVICE_ACCEPT_SESSIONCHANGE,
                SERVICE_ACCEPT_STOP, SERVICE_CONTROL_INTERROGATE, SERVICE_CONTROL_PRESHUTDOWN,
                SERVICE_CONTROL_SESSIONCHANGE, SERVICE_CONTROL_STOP, SERVICE_RUNNING, SERVICE_START_PENDING,
                SERVICE_STATUS, SERVICE_STATUS_CURRENT_STATE, SERVICE_STATUS_HANDLE, SERVICE_STOP_PENDING,
                SERVICE_STOPPED, SERVICE_TABLE_ENTRYW, SERVICE_WIN32_OWN_PROCESS, SetServiceStatus,
                StartServiceCtrlDispatcherW,
            },
        },
    },
    core::PWSTR,
};

use crate::wide::wide;

/// What the service manager told the service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Control {
    /// Stop.
    Stop,
    /// The machine shuts down; it waits for the service as long as was agreed at its installation.
    Preshutdown,
    /// Something happened to a session.
    Session {
        /// `WTS_SESSION_LOGON` (5) and its like.
        event: u32,
        /// The session.
        session: SessionId,
    },
    /// A control code of the service's own, 128 to 255.
    User(u8),
}

/// The service's side of its run: what it is told, and what it tells.
#[derive(Debug)]
pub struct ServiceRun {
    controls: Receiver<Control>,
}

impl ServiceRun {
    /// What the service manager says; the channel stays open until the process ends.
    #[must_use]
    pub fn controls(&self) -> &Receiver<Control> {
        &self.controls
    }

    /// Says that the start goes on, and that it will be heard from again within `within`.
    pub fn still_starting(&self, within: Duration) {
        REPORTER.pending(SERVICE_START_PENDING, within);
    }

    /// Says that the service runs, and takes controls from now on.
    pub fn running(&self) {
        REPORTER.report(SERVICE_RUNNING, ACCEPTED, 0, Duration::ZERO, 0);
    }

    /// Says that the stop goes on, and that it will be heard from again within `within`.
    pub fn still_stopping(&self, within: Duration) {
        REPORTER.pending(SERVICE_STOP_PENDING, within);
    }
}

const ACCEPTED: u32 = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SESSIONCHANGE | SERVICE_ACCEPT_PRESHUTDOWN;
/// What is promised when STOP or PRESHUTDOWN arrives, before the service's own thread has looked at it.
const FIRST_WAIT: Duration = Duration::from_secs(30);

type Main = Box<dyn FnOnce(ServiceRun) -> u32 + Send>;

/// The service manager calls functions without a context, so what they need is here. A process runs one service, once.
static MAIN: Mutex<Option<(Vec<u16>, Main)>> = Mutex::new(None);
static SENDER: OnceLock<Sender<Control>> = OnceLock::new();
static REPORTER: Reporter =
    Reporter { handle: AtomicPtr::new(ptr::null_mut()), checkpoint: AtomicU32::new(0) };

/// Lets the service manager run the service that this process is, and returns when it has ended. `main` gives the
/// service's exit code; anything but 0 is a failure after which the manager starts it again.
///
/// # Errors
/// When the process was not started by the service manager (`ERROR_FAILED_SERVICE_CONTROLLER_CONNECT`, 1063).
pub fn run(name: &str, main: impl FnOnce(ServiceRun) -> u32 + Send + 'static) -> io::Result<()> {
    let mut name = wide(name);
    *MAIN.lock().unwrap_or_else(PoisonError::into_inner) = Some((name.clone(), Box::new(main)));
    let table = [
        SERVICE_TABLE_ENTRYW { lpServiceName: name.as_mut_ptr(), lpServiceProc: Some(service_main) },
        SERVICE_TABLE_ENTRYW { lpServiceName: ptr::null_mut(), lpServiceProc: None },
    ];
    // SAFETY: the table ends with an empty entry; it and the name outlive the call, which returns when the service ended.
    if unsafe { StartServiceCtrlDispatcherW(table.as_ptr()) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

extern "system" fn service_main(_count: u32, _arguments: *mut PWSTR) {
    let Some((name, main)) = MAIN.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    let (sender, controls) = mpsc::channel();
    if SENDER.set(sender).is_err() {
        return;
    }
    // SAFETY: the name ends with a NUL; the handler needs no context.
    let handle = unsafe { RegisterServiceCtrlHandlerExW(name.as_ptr(), Some(on_control), ptr::null()) };
    if handle.is_null() {
        return;
    }
    REPORTER.handle.store(handle, Ordering::Release);
    let run = ServiceRun { controls };
    run.still_starting(FIRST_WAIT);
    let code = main(run);
    REPORTER.report(SERVICE_STOPPED, 0, 0, Duration::ZERO, code);
}

extern "system" fn on_control(control: u32, event: u32, data: *mut c_void, _context: *mut c_void) -> u32 {
    let told = match control {
        SERVICE_CONTROL_INTERROGATE => return NO_ERROR,
        SERVICE_CONTROL_STOP => Control::Stop,
        SERVICE_CONTROL_PRESHUTDOWN => Control::Preshutdown,
        SERVICE_CONTROL_SESSIONCHANGE if !data.is_null() => {
            // SAFETY: with this control the manager passes a notification that lives until the handler returns.
            let notification = unsafe { data.cast::<WTSSESSION_NOTIFICATION>().read_unaligned() };
            Control::Session { event, session: SessionId(notification.dwSessionId) }
        }
        code => match u8::try_from(code) {
            Ok(code @ 128..) => Control::User(code),
            _ => return ERROR_CALL_NOT_IMPLEMENTED,
        },
    };
    if matches!(told, Control::Stop | Control::Preshutdown) {
        REPORTER.pending(SERVICE_STOP_PENDING, FIRST_WAIT);
    }
    // Nobody listens only when the service has ended already.
    if let Some(sender) = SENDER.get() {
        let _ = sender.send(told);
    }
    NO_ERROR
}

struct Reporter {
    handle: AtomicPtr<c_void>,
    checkpoint: AtomicU32,
}

impl Reporter {
    fn pending(&self, state: SERVICE_STATUS_CURRENT_STATE, within: Duration) {
        let checkpoint = self.checkpoint.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        self.report(state, 0, checkpoint, within, 0);
    }

    fn report(
        &self,
        state: SERVICE_STATUS_CURRENT_STATE,
        accepted: u32,
        checkpoint: u32,
        within: Duration,
        code: u32,
    ) {
        let status = SERVICE_STATUS {
            dwServiceType: SERVICE_WIN32_OWN_PROCESS,
            dwCurrentState: state,
            dwControlsAccepted: accepted,
            dwWin32ExitCode: if code == 0 { NO_ERROR } else { ERROR_SERVICE_SPECIFIC_ERROR },
            dwServiceSpecificExitCode: code,
            dwCheckPoint: checkpoint,
            dwWaitHint: u32::try_from(within.as_millis()).unwrap_or(u32::MAX),
        };
        let handle: SERVICE_STATUS_HANDLE = self.handle.load(Ordering::Acquire);
        if !handle.is_null() {
            // SAFETY: the handle was given by the manager and is valid for the life of the process. A failure means that
            // the manager is gone, and with it the machine.
            unsafe { SetServiceStatus(handle, &raw const status) };
        }
    }
}
