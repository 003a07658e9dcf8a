use std::{io, ptr};

use mp_profile::{SessionId, Sid};
use windows_sys::Win32::{
    Foundation::{ERROR_NO_TOKEN, HANDLE},
    Security::{
        CheckTokenMembership, CreateWellKnownSid, GetTokenInformation, PSID, SECURITY_MAX_SID_SIZE,
        TOKEN_INFORMATION_CLASS, TOKEN_QUERY, TOKEN_STATISTICS, TOKEN_USER, TokenSessionId, TokenStatistics,
        TokenUser, WinBuiltinAdministratorsSid,
    },
};

use crate::{
    nt::{Handle, sid_text},
    token::thread_token,
};

/// An access token: who somebody is.
#[derive(Debug)]
pub(crate) struct PeerToken(Handle);

/// Somebody as the system knows them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Security identifier in text form.
    pub sid: String,
    /// The session.
    pub session: SessionId,
    /// The logon (`TOKEN_STATISTICS::AuthenticationId`).
    pub logon: u64,
    /// Whether they have the rights of an administrator now (not whether they could get them).
    pub administrator: bool,
}

impl Peer {
    /// The user, when it is one whose profile may be kept, and not the system or a service.
    #[must_use]
    pub fn user(&self) -> Option<Sid> {
        self.sid.parse().ok()
    }
}

impl PeerToken {
    /// Takes over a token.
    ///
    /// # Safety
    /// As [`Handle::own`].
    pub(crate) unsafe fn own(token: HANDLE) -> Self {
        // SAFETY: the caller vouches for it.
        Self(unsafe { Handle::own(token) })
    }

    /// Whom the calling thread impersonates.
    pub(crate) fn of_thread() -> io::Result<Self> {
        thread_token(TOKEN_QUERY)?
            .map(Self)
            .ok_or_else(|| io::Error::from_raw_os_error(ERROR_NO_TOKEN.cast_signed()))
    }

    pub(crate) fn raw(&self) -> HANDLE {
        self.0.raw()
    }

    /// The user's SID in text form.
    pub(crate) fn sid(&self) -> io::Result<String> {
        // A user is a structure and a SID of at most 68 bytes behind it; the array gives both their alignment.
        let mut user = [0_u64; 32];
        self.information(TokenUser, &mut user)?;
        // SAFETY: the system has written a `TOKEN_USER`, whose SID is in the same buffer.
        let sid = unsafe { (*user.as_ptr().cast::<TOKEN_USER>()).User.Sid };
        sid_text(sid)
    }

    /// The session that it belongs to.
    pub(crate) fn session(&self) -> io::Result<SessionId> {
        let mut session = [0_u64; 1];
        self.information(TokenSessionId, &mut session)?;
        // SAFETY: the system has written a `u32` into a place that is large enough and aligned for it.
        Ok(SessionId(unsafe { session.as_ptr().cast::<u32>().read() }))
    }

    /// The logon that it came from.
    pub(crate) fn logon(&self) -> io::Result<u64> {
        let mut statistics = [0_u64; 16];
        self.information(TokenStatistics, &mut statistics)?;
        // SAFETY: the system has written `TOKEN_STATISTICS`, for which the place is large enough and aligned.
        let id = unsafe { statistics.as_ptr().cast::<TOKEN_STATISTICS>().read() }.AuthenticationId;
        Ok(u64::from(id.HighPart.cast_unsigned()) << 32 | u64::from(id.LowPart))
    }

    /// Who it is. The token must be one for impersonation.
    pub(crate) fn peer(&self) -> io::Result<Peer> {
        Ok(Peer {
            sid: self.sid()?,
            session: self.session()?,
            logon: self.logon()?,
            administrator: self.is_administrator()?,
        })
    }

    fn is_administrator(&self) -> io::Result<bool> {
        let mut sid = [0_u64; (SECURITY_MAX_SID_SIZE as usize).div_ceil(8)];
        let (place, mut len, mut member): (PSID, _, _) = (sid.as_mut_ptr().cast(), SECURITY_MAX_SID_SIZE, 0);
        // SAFETY: the place has the bytes that `len` says, the group belongs to no domain; the token is open.
        let told = unsafe {
            CreateWellKnownSid(WinBuiltinAdministratorsSid, ptr::null_mut(), place, &raw mut len) != 0
                && CheckTokenMembership(self.raw(), place, &raw mut member) != 0
        };
        if told { Ok(member != 0) } else { Err(io::Error::last_os_error()) }
    }

    fn information(&self, class: TOKEN_INFORMATION_CLASS, into: &mut [u64]) -> io::Result<()> {
        let room = u32::try_from(size_of_val(into)).map_err(io::Error::other)?;
        let mut len = 0;
        // SAFETY: the token is open and the place has the bytes that `room` says.
        let told =
            unsafe { GetTokenInformation(self.raw(), class, into.as_mut_ptr().cast(), room, &raw mut len) };
        if told == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}
