use std::{io, ptr, time::Instant};

use windows_sys::Win32::{
    Foundation::{
        ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_OPERATION_ABORTED, ERROR_PIPE_CONNECTED,
        ERROR_PIPE_NOT_CONNECTED, HANDLE, WAIT_OBJECT_0,
    },
    Storage::FileSystem::{ReadFile, WriteFile},
    System::{
        IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED},
        Pipes::ConnectNamedPipe,
        Threading::WaitForMultipleObjects,
    },
};

use crate::nt::{Event, Handle, milliseconds};

/// One end of a pipe, opened for overlapped work, of which there is one operation at a time.
#[derive(Debug)]
pub(super) struct PipeEnd {
    pipe: Handle,
    done: Event,
}

/// How an operation is waited for.
#[derive(Clone, Copy)]
pub(super) struct Until<'a> {
    /// Past this moment it is given up.
    pub(super) deadline: Option<Instant>,
    /// When this is set it is given up.
    pub(super) stop: Option<&'a Event>,
}

impl From<Instant> for Until<'_> {
    fn from(deadline: Instant) -> Self {
        Self { deadline: Some(deadline), stop: None }
    }
}

impl PipeEnd {
    pub(super) fn new(pipe: Handle) -> io::Result<Self> {
        Ok(Self { pipe, done: Event::lasting()? })
    }

    pub(super) fn raw(&self) -> HANDLE {
        self.pipe.raw()
    }

    /// Waits for a client.
    pub(super) fn connect(&self, until: Until<'_>) -> io::Result<()> {
        let connected = self.operate(until, |pipe, overlapped| {
            // SAFETY: the pipe is open and `overlapped` stays where it is until the operation has ended.
            unsafe { ConnectNamedPipe(pipe, overlapped) }
        });
        match connected {
            Err(error) if has_code(&error, ERROR_PIPE_CONNECTED) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Reads what there is, at least one byte; 0 when the other side has closed its end.
    pub(super) fn read(&self, buffer: &mut [u8], until: Until<'_>) -> io::Result<usize> {
        let len = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let read = self.operate(until, |pipe, overlapped| {
            // SAFETY: the buffer has at least `len` bytes, and it and `overlapped` stay where they are until the operation
            // has ended.
            unsafe { ReadFile(pipe, buffer.as_mut_ptr(), len, ptr::null_mut(), overlapped) }
        });
        match read {
            Err(error)
                if [ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED]
                    .iter()
                    .any(|&code| has_code(&error, code)) =>
            {
                Ok(0)
            }
            other => other,
        }
    }

    /// Reads up to and with a newline, at most `max` bytes; less when the other side has closed its end.
    pub(super) fn read_line(&self, max: usize, until: Until<'_>) -> io::Result<Vec<u8>> {
        let (mut line, mut part) = (Vec::new(), [0; 4096]);
        while line.len() < max && line.last() != Some(&b'\n') {
            let room = part.len().min(max - line.len());
            let read = self.read(&mut part[..room], until)?;
            if read == 0 {
                break;
            }
            line.extend_from_slice(&part[..read]);
        }
        Ok(line)
    }

    /// Reads and throws away what comes, until the other side closes its end.
    pub(super) fn drain(&self, until: Until<'_>) -> io::Result<()> {
        let mut thrown_away = [0; 4096];
        while self.read(&mut thrown_away, until)? > 0 {
            // The wait of each read ends at the deadline, but one that finds bytes does not wait.
            if until.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    /// Writes all of it.
    pub(super) fn write(&self, mut bytes: &[u8], until: Until<'_>) -> io::Result<()> {
        while !bytes.is_empty() {
            let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let written = self.operate(until, |pipe, overlapped| {
                // SAFETY: the bytes have at least the length `len`, and they and `overlapped` stay where they are until the
                // operation has ended.
                unsafe { WriteFile(pipe, bytes.as_ptr(), len, ptr::null_mut(), overlapped) }
            })?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
        }
        Ok(())
    }

    /// Starts an operation and waits for its end. It has ended when this returns, also when it was given up.
    fn operate(
        &self,
        until: Until<'_>,
        start: impl FnOnce(HANDLE, *mut OVERLAPPED) -> i32,
    ) -> io::Result<usize> {
        let mut overlapped = OVERLAPPED { hEvent: self.done.raw(), ..OVERLAPPED::default() };
        let place = &raw mut overlapped;
        if start(self.raw(), place) == 0 {
            let error = io::Error::last_os_error();
            if !has_code(&error, ERROR_IO_PENDING) {
                return Err(error);
            }
        }
        let given_up = self.wait(until);
        if given_up {
            // SAFETY: the pipe is open and the operation is ours. It may have ended meanwhile, which is as well.
            unsafe { CancelIoEx(self.raw(), place) };
        }
        let mut moved = 0;
        // SAFETY: the operation was started with this structure. Waiting for its end, which a cancelled one reaches too,
        // keeps the system from writing into memory that is no longer there.
        let ended = unsafe { GetOverlappedResult(self.raw(), place, &raw mut moved, 1) };
        if ended == 0 {
            let error = io::Error::last_os_error();
            let cancelled = given_up && has_code(&error, ERROR_OPERATION_ABORTED);
            return Err(if cancelled { io::ErrorKind::TimedOut.into() } else { error });
        }
        usize::try_from(moved).map_err(io::Error::other)
    }

    /// Waits until the operation has ended (`false`), or is to be given up (`true`).
    fn wait(&self, until: Until<'_>) -> bool {
        let left = until.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let handles: Vec<HANDLE> =
            [Some(&self.done), until.stop].into_iter().flatten().map(|event| event.raw()).collect();
        let count = u32::try_from(handles.len()).unwrap_or_default();
        // SAFETY: the events are open and there are as many as is said.
        let ended = unsafe { WaitForMultipleObjects(count, handles.as_ptr(), 0, milliseconds(left)) };
        ended != WAIT_OBJECT_0
    }
}

fn has_code(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}
