//! Acting as a user.
//!
//! The service is SYSTEM and the profile belongs to its user: a link that the user plants there must reach only what the
//! user may reach. So everything of the user's is read and written with the user's own token. It is a duplicate taken at
//! logon, because at a forced logoff the session may have no token any more.

use std::{
    collections::BTreeMap,
    io,
    marker::PhantomData,
    ptr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mp_profile::{SessionId, Sid};
use windows_sys::Win32::{
    Foundation::{ERROR_NO_TOKEN, HANDLE},
    Security::{
        DuplicateTokenEx, GetTokenInformation, ImpersonateLoggedOnUser, SECURITY_IMPERSONATION_LEVEL,
        SecurityImpersonation, TOKEN_DUPLICATE, TOKEN_IMPERSONATE, TOKEN_QUERY, TokenImpersonationLevel,
        TokenPrimary,
    },
    System::Threading::{
        GetCurrentProcess, GetCurrentThread, OpenProcessToken, OpenThreadToken, SetThreadToken,
    },
};

use crate::{
    nt::{Handle, size_u32},
    peer::PeerToken,
    sessions::user_token,
};

/// What `LoadUserProfile` and `ImpersonateLoggedOnUser` need of a token.
const RIGHTS: u32 = TOKEN_QUERY | TOKEN_IMPERSONATE | TOKEN_DUPLICATE;

/// The right to act as one user: a duplicate of the token of the user's session. It keeps the logon session alive.
#[derive(Debug)]
pub struct UserToken {
    token: PeerToken,
    sid: Sid,
    logon: u64,
}

impl UserToken {
    /// The user of a session; `None` when nobody is logged on there. Only a service that is LocalSystem may ask.
    ///
    /// # Errors
    /// When the system refuses, or the user has no profile that could be kept.
    pub fn of_session(session: SessionId) -> io::Result<Option<Self>> {
        user_token(session)?.map(|token| Self::duplicate(token.raw())).transpose()
    }

    /// The user as whom this process runs.
    ///
    /// # Errors
    /// When the token cannot be had, or its user has no profile that could be kept, as LocalSystem.
    pub fn of_process() -> io::Result<Self> {
        let mut token: HANDLE = ptr::null_mut();
        // SAFETY: the pseudo handle of the current process is always valid; the result has a valid place.
        if unsafe { OpenProcessToken(GetCurrentProcess(), RIGHTS, &raw mut token) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
        let token = unsafe { Handle::own(token) };
        Self::duplicate(token.raw())
    }

    fn duplicate(token: HANDLE) -> io::Result<Self> {
        let mut own: HANDLE = ptr::null_mut();
        // SAFETY: the token is open; the result has a valid place.
        let made = unsafe {
            DuplicateTokenEx(token, RIGHTS, ptr::null(), SecurityImpersonation, TokenPrimary, &raw mut own)
        };
        if made == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
        let token = unsafe { PeerToken::own(own) };
        let (user, logon) = (token.sid()?, token.logon()?);
        let none = |_| io::Error::other(format!("{user} is no user whose profile could be kept"));
        let sid = user.parse().map_err(none)?;
        Ok(Self { token, sid, logon })
    }

    /// The user.
    #[must_use]
    pub fn sid(&self) -> &Sid {
        &self.sid
    }

    /// The logon that gave the token (`TOKEN_STATISTICS::AuthenticationId`).
    #[must_use]
    pub fn logon(&self) -> u64 {
        self.logon
    }

    pub(crate) fn raw(&self) -> HANDLE {
        self.token.raw()
    }

    /// Has the calling thread act as the user until the guard is dropped; then it acts as before.
    ///
    /// # Errors
    /// When the system refuses, or gives less than the right to act as the user: without `SeImpersonatePrivilege` it would
    /// silently allow only to identify them.
    pub fn impersonate(&self) -> io::Result<Impersonation> {
        let before = thread_token(TOKEN_IMPERSONATE | TOKEN_QUERY)?;
        // SAFETY: the token is open.
        if unsafe { ImpersonateLoggedOnUser(self.token.raw()) } == 0 {
            return Err(io::Error::last_os_error());
        }
        let guard = Impersonation { before, of_this_thread: PhantomData };
        match thread_token(TOKEN_QUERY)? {
            Some(now) if impersonates(&now)? => Ok(guard),
            _ => Err(io::Error::other(
                "the process may only identify the user; it needs SeImpersonatePrivilege to act as them",
            )),
        }
    }
}

/// While it lives, the thread that made it acts as a user.
#[derive(Debug)]
pub struct Impersonation {
    before: Option<Handle>,
    of_this_thread: PhantomData<*const ()>,
}

impl Drop for Impersonation {
    /// Ends the process when the thread cannot be brought back: it would go on as somebody else.
    fn drop(&mut self) {
        let before = self.before.as_ref().map_or(ptr::null_mut(), Handle::raw);
        // SAFETY: without a thread the calling one is meant, which is the one that impersonated; the token is open or null.
        if unsafe { SetThreadToken(ptr::null(), before) } == 0 {
            std::process::abort();
        }
    }
}

/// The tokens of the users who are logged on, as the service took them.
#[derive(Debug, Default)]
pub struct UserTokens(Mutex<BTreeMap<Sid, Arc<UserToken>>>);

impl UserTokens {
    /// Keeps a token; one of the same user is replaced.
    pub fn keep(&self, token: UserToken) {
        let token = Arc::new(token);
        self.tokens().insert(token.sid.clone(), token);
    }

    /// The token of a user.
    #[must_use]
    pub fn of(&self, sid: &Sid) -> Option<Arc<UserToken>> {
        self.tokens().get(sid).cloned()
    }

    /// Lets a user's token go; the logon session ends with the last of its tokens.
    pub fn forget(&self, sid: &Sid) {
        self.tokens().remove(sid);
    }

    fn tokens(&self) -> MutexGuard<'_, BTreeMap<Sid, Arc<UserToken>>> {
        // A panic elsewhere leaves the map whole: entries are only put in and taken out.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the calling thread acts as somebody else than the process.
pub(crate) fn is_impersonating() -> io::Result<bool> {
    Ok(thread_token(TOKEN_QUERY)?.is_some())
}

/// The token with which the thread acts; `None` when it acts as the process.
pub(crate) fn thread_token(rights: u32) -> io::Result<Option<Handle>> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: the pseudo handle of the current thread is always valid; the result has a valid place. The access is checked
    // as that of the process, which the user of the token could not pass.
    if unsafe { OpenThreadToken(GetCurrentThread(), rights, 1, &raw mut token) } == 0 {
        let error = io::Error::last_os_error();
        return if error.raw_os_error() == Some(ERROR_NO_TOKEN.cast_signed()) {
            Ok(None)
        } else {
            Err(error)
        };
    }
    // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
    Ok(Some(unsafe { Handle::own(token) }))
}

fn impersonates(token: &Handle) -> io::Result<bool> {
    let (mut level, mut len): (SECURITY_IMPERSONATION_LEVEL, _) = (0, 0);
    let room = size_u32::<SECURITY_IMPERSONATION_LEVEL>();
    // SAFETY: the level is what this class writes; the token is open.
    let told = unsafe {
        GetTokenInformation(token.raw(), TokenImpersonationLevel, (&raw mut level).cast(), room, &raw mut len)
    };
    if told == 0 { Err(io::Error::last_os_error()) } else { Ok(level >= SecurityImpersonation) }
}
