use std::{io, ptr};

use windows_sys::Win32::{
    Foundation::{HANDLE, WAIT_OBJECT_0},
    System::Threading::{CreateEventW, WaitForSingleObject},
};

use super::Handle;

/// An event that is reset when somebody saw it.
#[derive(Debug)]
pub(crate) struct Event(Handle);

impl Event {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: without attributes and name the event is ours alone.
        let event: HANDLE = unsafe { CreateEventW(ptr::null(), 0, 0, ptr::null()) };
        if event.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
        Ok(Self(unsafe { Handle::own(event) }))
    }

    /// Whether it was set since the last call.
    pub(crate) fn take(&self) -> bool {
        // SAFETY: the handle is open; nothing is waited for.
        unsafe { WaitForSingleObject(self.0.raw(), 0) == WAIT_OBJECT_0 }
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.0
    }
}
