use std::{
    io, ptr, thread,
    time::{Duration, Instant},
};

use windows_sys::Win32::{
    Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PIPE_BUSY, GENERIC_READ, INVALID_HANDLE_VALUE},
    Storage::FileSystem::{
        CreateFileW, FILE_FLAG_OVERLAPPED, FILE_WRITE_DATA, OPEN_EXISTING, SECURITY_IDENTIFICATION,
        SECURITY_SQOS_PRESENT,
    },
    System::Pipes::GetNamedPipeServerProcessId,
};

use super::{access::owner_is_trusted, overlapped::PipeEnd};
use crate::{nt::Handle, service, wide::wide};

/// Pause before a pipe whose instances are all taken is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// The service did not answer.
#[derive(Debug, thiserror::Error)]
pub enum PipeClientError {
    /// Nobody has made the pipe: the service does not run.
    #[error("the service does not run on this machine")]
    NotThere,
    /// Somebody else has made it.
    #[error("process {process} waits in the service's place; end it, and find out who started it")]
    NotTheService {
        /// The process.
        process: u32,
    },
    /// It did not answer in time.
    #[error("the service did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It took the request and gave nothing back.
    #[error("the service dropped the request: too many ask at once")]
    Dropped,
    /// Something else failed.
    #[error("cannot {doing} the service")]
    Failed {
        /// `reach`, `ask`.
        doing: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Asks the service that listens at a pipe, and waits for its answer, one line of at most `max` bytes, for at most `bound`.
/// The service learns who the caller is, and can do nothing in the caller's name.
///
/// A pipe that is neither the service's nor an administrator's is not written to.
///
/// # Errors
/// When there is no answer.
pub fn ask(
    pipe: &str,
    service_name: &str,
    request: &[u8],
    max: usize,
    bound: Duration,
) -> Result<Vec<u8>, PipeClientError> {
    let deadline = Instant::now() + bound;
    let end = open(pipe, deadline, bound)?;
    check_server(&end, service_name)?;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::TimedOut => PipeClientError::TimedOut(bound),
        _ => PipeClientError::Failed { doing: "ask", source: error },
    };
    end.write(request, deadline.into()).map_err(failed)?;
    let answer = end.read_line(max, deadline.into()).map_err(failed)?;
    if answer.is_empty() { Err(PipeClientError::Dropped) } else { Ok(answer) }
}

fn open(pipe: &str, deadline: Instant, bound: Duration) -> Result<PipeEnd, PipeClientError> {
    let failed = |source| PipeClientError::Failed { doing: "reach", source };
    let name = wide(pipe);
    loop {
        // SAFETY: the name ends with a NUL; everything optional is left out.
        let opened = unsafe {
            CreateFileW(
                name.as_ptr(),
                GENERIC_READ | FILE_WRITE_DATA,
                0,
                ptr::null(),
                OPEN_EXISTING,
                FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
                ptr::null_mut(),
            )
        };
        if !ptr::eq(opened, INVALID_HANDLE_VALUE) {
            // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
            return PipeEnd::new(unsafe { Handle::own(opened) }).map_err(failed);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error().map(i32::cast_unsigned) {
            Some(ERROR_FILE_NOT_FOUND) => return Err(PipeClientError::NotThere),
            Some(ERROR_PIPE_BUSY) if Instant::now() < deadline => thread::sleep(PAUSE),
            Some(ERROR_PIPE_BUSY) => return Err(PipeClientError::TimedOut(bound)),
            _ => return Err(failed(error)),
        }
    }
}

/// The service manager knows the service's process; one that an administrator runs by hand owns its pipe.
fn check_server(end: &PipeEnd, service_name: &str) -> Result<(), PipeClientError> {
    let failed = |source| PipeClientError::Failed { doing: "find out who is", source };
    let mut process = 0;
    // SAFETY: the pipe is open and the result has a valid place.
    if unsafe { GetNamedPipeServerProcessId(end.raw(), &raw mut process) } == 0 {
        return Err(failed(io::Error::last_os_error()));
    }
    let the_service = service::query(service_name).ok().flatten().and_then(|state| state.process);
    if the_service == Some(process) || owner_is_trusted(end.raw()).map_err(failed)? {
        return Ok(());
    }
    Err(PipeClientError::NotTheService { process })
}
