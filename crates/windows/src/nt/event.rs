use std::{io, ptr, time::Duration};

use windows_sys::Win32::{
    Foundation::{HANDLE, WAIT_OBJECT_0},
    System::Threading::{CreateEventW, INFINITE, SetEvent, WaitForSingleObject},
};

use super::Handle;

/// An event without a name, not set at first.
#[derive(Debug)]
pub(crate) struct Event(Handle);

impl Event {
    /// One that is reset when somebody saw it.
    pub(crate) fn seen_once() -> io::Result<Self> {
        Self::new(false)
    }

    /// One that stays set.
    pub(crate) fn lasting() -> io::Result<Self> {
        Self::new(true)
    }

    fn new(manual_reset: bool) -> io::Result<Self> {
        // SAFETY: without attributes and name the event is ours alone.
        let event: HANDLE = unsafe { CreateEventW(ptr::null(), manual_reset.into(), 0, ptr::null()) };
        if event.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
        Ok(Self(unsafe { Handle::own(event) }))
    }

    pub(crate) fn set(&self) {
        // SAFETY: the event is open.
        unsafe { SetEvent(self.0.raw()) };
    }

    /// Waits until it is set; says whether it is.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        // SAFETY: the event is open.
        unsafe { WaitForSingleObject(self.0.raw(), milliseconds(Some(at_most))) == WAIT_OBJECT_0 }
    }

    pub(crate) fn raw(&self) -> HANDLE {
        self.0.raw()
    }
}

/// A time as the system's waits want it; `None` waits for ever.
pub(crate) fn milliseconds(left: Option<Duration>) -> u32 {
    // Rounded up, so that a wait of less than a millisecond does not become a busy one.
    left.map_or(INFINITE, |left| {
        u32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(INFINITE).min(INFINITE - 1)
    })
}
