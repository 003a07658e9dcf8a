use std::{io, ptr, slice};

use mp_profile::{HostSession, SessionId};
use mp_registry::FileTime;
use windows_sys::Win32::{
    Foundation::{ERROR_FILE_NOT_FOUND, ERROR_NO_TOKEN, HANDLE},
    Security::LookupAccountNameW,
    System::RemoteDesktop::{
        WTS_INFO_CLASS, WTS_SESSION_INFOW, WTSActive, WTSDomainName, WTSEnumerateSessionsW, WTSFreeMemory,
        WTSINFOW, WTSQuerySessionInformationW, WTSQueryUserToken, WTSSessionInfo, WTSUserName,
    },
};

use crate::{nt::sid_text, peer::PeerToken};

/// This machine, for the Remote Desktop Services functions (`WTS_CURRENT_SERVER_HANDLE`).
const THIS_MACHINE: HANDLE = ptr::null_mut();

/// Memory that these functions gave.
struct WtsMemory<T>(*mut T);

impl<T> Drop for WtsMemory<T> {
    fn drop(&mut self) {
        // SAFETY: the memory came from these functions, which say that it is freed so.
        unsafe { WTSFreeMemory(self.0.cast()) };
    }
}

/// A session as anybody may see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenSession {
    /// Its number.
    pub id: SessionId,
    /// Its user in text form, when somebody is logged on.
    pub sid: Option<String>,
    /// Whether a client is connected.
    pub connected: bool,
}

/// All sessions but that of the services, without what only LocalSystem is told.
///
/// # Errors
/// When the system does not tell.
pub fn seen_sessions() -> io::Result<Vec<SeenSession>> {
    let seen = |id| SeenSession { id, sid: account(id), connected: state(id).0 };
    Ok(numbers()?.into_iter().map(seen).collect())
}

/// The SID of the session's user, by the name that the system tells.
fn account(id: SessionId) -> Option<String> {
    let name = text(id, WTSUserName).filter(|name| name.len() > 1)?;
    let mut full = text(id, WTSDomainName)?;
    full.pop();
    full.push(u16::from(b'\\'));
    full.extend(name);
    let (mut sid, mut len) = ([0_u64; 9], 72);
    let (mut domain, mut domain_len, mut kind) = ([0_u16; 256], 256, 0);
    // SAFETY: the name ends with a NUL; both places have the room that is said.
    let found = unsafe {
        LookupAccountNameW(
            ptr::null(),
            full.as_ptr(),
            sid.as_mut_ptr().cast(),
            &raw mut len,
            domain.as_mut_ptr(),
            &raw mut domain_len,
            &raw mut kind,
        )
    };
    if found == 0 { None } else { sid_text(sid.as_mut_ptr().cast()).ok() }
}

/// A text about a session, with the NUL at its end.
fn text(id: SessionId, what: WTS_INFO_CLASS) -> Option<Vec<u16>> {
    let (mut text, mut len) = (ptr::null_mut(), 0);
    // SAFETY: both results have a valid place.
    if unsafe { WTSQuerySessionInformationW(THIS_MACHINE, id.0, what, &raw mut text, &raw mut len) } == 0 {
        return None;
    }
    let text = WtsMemory(text);
    let units = usize::try_from(len).ok()? / 2;
    // SAFETY: the system wrote `len` bytes there.
    Some(unsafe { slice::from_raw_parts(text.0, units) }.to_vec())
}

/// The sessions in which a user is logged on whose profile may be kept.
pub(super) fn sessions() -> io::Result<Vec<HostSession>> {
    numbers()?.into_iter().filter_map(|id| session(id).transpose()).collect()
}

/// All sessions but session 0, which is that of the services.
fn numbers() -> io::Result<Vec<SessionId>> {
    let (mut list, mut count) = (ptr::null_mut(), 0);
    // SAFETY: both results have a valid place; the reserved argument is 0 and the version 1, as documented.
    if unsafe { WTSEnumerateSessionsW(THIS_MACHINE, 0, 1, &raw mut list, &raw mut count) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let list = WtsMemory::<WTS_SESSION_INFOW>(list);
    let count = usize::try_from(count).map_err(io::Error::other)?;
    // SAFETY: the system wrote `count` sessions there, and nobody changes them; of none it need not give memory.
    let all = if count == 0 { &[] } else { unsafe { slice::from_raw_parts(list.0, count) } };
    Ok(all.iter().map(|session| SessionId(session.SessionId)).filter(|id| id.0 != 0).collect())
}

fn session(id: SessionId) -> io::Result<Option<HostSession>> {
    let Some(token) = user_token(id)? else { return Ok(None) };
    let Ok(sid) = token.sid()?.parse() else { return Ok(None) };
    let (connected, since) = state(id);
    Ok(Some(HostSession { id, sid, logon: token.logon()?, connected, since }))
}

/// The primary token of the session's user; `None` when nobody is logged on there.
pub(crate) fn user_token(id: SessionId) -> io::Result<Option<PeerToken>> {
    let mut token = ptr::null_mut();
    // SAFETY: the result has a valid place.
    if unsafe { WTSQueryUserToken(id.0, &raw mut token) } == 0 {
        let error = io::Error::last_os_error();
        let code = error.raw_os_error().map(i32::cast_unsigned);
        // The session may also have ended meanwhile.
        return if matches!(code, Some(ERROR_NO_TOKEN | ERROR_FILE_NOT_FOUND)) {
            Ok(None)
        } else {
            Err(error)
        };
    }
    // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
    Ok(Some(unsafe { PeerToken::own(token) }))
}

/// Whether a client is connected, and when the user logged on, as far as the system tells.
fn state(id: SessionId) -> (bool, Option<FileTime>) {
    let (mut info, mut len) = (ptr::null_mut(), 0);
    // SAFETY: both results have a valid place.
    let told = unsafe {
        WTSQuerySessionInformationW(THIS_MACHINE, id.0, WTSSessionInfo, &raw mut info, &raw mut len)
    };
    if told == 0 || usize::try_from(len).is_ok_and(|len| len < size_of::<WTSINFOW>()) {
        return (false, None);
    }
    let info = WtsMemory(info.cast::<WTSINFOW>());
    // SAFETY: the system wrote such a structure, whose length was checked.
    let info = unsafe { info.0.read_unaligned() };
    let since = u64::try_from(info.LogonTime).ok().filter(|&time| time != 0).map(FileTime);
    (info.State == WTSActive, since)
}
