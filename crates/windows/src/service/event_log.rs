use std::{ffi::OsStr, io, path::Path, ptr};

use windows_sys::Win32::{
    Foundation::HANDLE,
    System::EventLog::{
        DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
        RegisterEventSourceW, ReportEventW,
    },
};

use crate::{SettingsKey, wide::wide};

/// Where the event sources of the application log are registered, below `HKEY_LOCAL_MACHINE`.
const SOURCES: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";
/// Texts of one event; the system takes 31,839 characters each.
const MAX_TEXT: usize = 8192;

/// How serious an event is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventLevel {
    /// For the record.
    Information,
    /// Something needs a look.
    Warning,
    /// Something does not work.
    Error,
}

/// Registers an event source whose message texts are in `program` (a resource of type `RT_MESSAGETABLE`).
///
/// # Errors
/// When the registry cannot be written: the caller is no administrator.
pub fn register_event_source(source: &str, program: &Path) -> io::Result<()> {
    let key = SettingsKey::create(&format!(r"{SOURCES}\{source}"))?;
    key.set_expand_string("EventMessageFile", program.as_os_str())?;
    // All three levels.
    key.set_dword("TypesSupported", 7)
}

/// Removes an event source; nothing is done when it is not there.
///
/// # Errors
/// When it cannot be removed.
pub fn unregister_event_source(source: &str) -> io::Result<()> {
    SettingsKey::delete_tree(&format!(r"{SOURCES}\{source}"))
}

/// Writes events of one source.
#[derive(Debug)]
pub struct EventSource(HANDLE);

// SAFETY: the handle belongs to the process; the event log serialises what is written through it.
unsafe impl Send for EventSource {}
// SAFETY: as above.
unsafe impl Sync for EventSource {}

impl EventSource {
    /// Opens a source. One that is not registered is taken as well; its events have no message texts then.
    ///
    /// # Errors
    /// When the event log does not answer.
    pub fn open(source: &str) -> io::Result<Self> {
        let source = wide(source);
        // SAFETY: the name ends with a NUL; no server name means this machine.
        let handle = unsafe { RegisterEventSourceW(ptr::null(), source.as_ptr()) };
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Self(handle)) }
    }

    /// Writes an event with the texts that its message text calls `%1`, `%2` …
    ///
    /// # Errors
    /// When the event log does not take it.
    pub fn report(&self, id: u32, level: EventLevel, texts: &[&str]) -> io::Result<()> {
        let cut = |text: &&str| wide(OsStr::new(&text.chars().take(MAX_TEXT).collect::<String>()));
        let texts: Vec<Vec<u16>> = texts.iter().map(cut).collect();
        let pointers: Vec<*const u16> = texts.iter().map(|text| text.as_ptr()).collect();
        let level = match level {
            EventLevel::Information => EVENTLOG_INFORMATION_TYPE,
            EventLevel::Warning => EVENTLOG_WARNING_TYPE,
            EventLevel::Error => EVENTLOG_ERROR_TYPE,
        };
        let count = u16::try_from(pointers.len()).map_err(io::Error::other)?;
        // SAFETY: the source is open; `pointers` has `count` texts that end with a NUL and outlive the call; there are no
        // further data and no SID.
        let written = unsafe {
            ReportEventW(self.0, level, 0, id, ptr::null_mut(), count, 0, pointers.as_ptr(), ptr::null())
        };
        if written == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

impl Drop for EventSource {
    fn drop(&mut self) {
        // SAFETY: the handle is open and ours. A failure could not be helped.
        unsafe { DeregisterEventSource(self.0) };
    }
}
