use std::{io, ptr};

use mp_profile::SessionId;
use windows_sys::Win32::{
    System::RemoteDesktop::{WTS_CURRENT_SESSION, WTSLogoffSession, WTSSendMessageW},
    UI::WindowsAndMessaging::{MB_ICONWARNING, MB_OK},
};

use crate::wide::wide;

/// After how long a message goes away by itself, in seconds.
const SHOWN: u32 = 120;
/// The session in which this runs.
const HERE: SessionId = SessionId(WTS_CURRENT_SESSION);

/// Shows a message in the session in which this runs, and does not wait for its reader.
///
/// # Errors
/// When the system refuses.
pub fn tell_user(title: &str, text: &str) -> io::Result<()> {
    tell_session(HERE, title, text)
}

/// Shows a message in a session of this machine, and does not wait for its reader (`WTSSendMessageW`). In a session of
/// another user this needs the right that LocalSystem has (`WINSTATION_MSG`).
///
/// # Errors
/// When the system refuses, or there is no such session.
pub fn tell_session(session: SessionId, title: &str, text: &str) -> io::Result<()> {
    let (title, text) = (wide(title), wide(text));
    let bytes = |text: &[u16]| u32::try_from((text.len() - 1) * 2).unwrap_or_default();
    let mut answer = 0;
    // SAFETY: both texts have the bytes that are said; no server means this machine; the result has a valid place.
    let shown = unsafe {
        WTSSendMessageW(
            ptr::null_mut(),
            session.0,
            title.as_ptr(),
            bytes(&title),
            text.as_ptr(),
            bytes(&text),
            MB_OK | MB_ICONWARNING,
            SHOWN,
            &raw mut answer,
            0,
        )
    };
    if shown == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Logs off the user of the session in which this runs.
///
/// # Errors
/// When the system refuses.
pub fn log_off_here() -> io::Result<()> {
    log_off_session(HERE)
}

/// Logs off the user of a session of this machine, without waiting for it (`WTSLogoffSession`). The session of another user
/// needs the right that LocalSystem has (`WINSTATION_LOGOFF`).
///
/// # Errors
/// When the system refuses, or there is no such session.
pub fn log_off_session(session: SessionId) -> io::Result<()> {
    // SAFETY: no server means this machine.
    if unsafe { WTSLogoffSession(ptr::null_mut(), session.0, 0) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
