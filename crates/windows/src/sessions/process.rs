use std::{ffi::c_void, io, path::Path, ptr};

use mp_profile::SessionId;
use windows_sys::Win32::System::{
    Environment::{CreateEnvironmentBlock, DestroyEnvironmentBlock},
    Threading::{
        CREATE_NO_WINDOW, CREATE_UNICODE_ENVIRONMENT, CreateProcessAsUserW, PROCESS_INFORMATION, STARTUPINFOW,
    },
};

use super::enumerate::user_token;
use crate::{
    nt::{Handle, size_u32},
    wide::wide,
};

/// The desktop on which the user's programs are.
const DESKTOP: &str = r"winsta0\default";

/// Starts a program in a session with the rights and the environment of its user, and does not wait for it.
///
/// The arguments are ours: plain words that need no quoting.
pub(super) fn start_in_session(session: SessionId, program: &Path, arguments: &[String]) -> io::Result<()> {
    let token = user_token(session)?.ok_or_else(|| io::Error::other("nobody is logged on in the session"))?;
    let environment = EnvironmentBlock::of(&token)?;
    let mut command = wide(format!("\"{}\" {}", program.display(), arguments.join(" ")));
    let (program, mut desktop) = (wide(program), wide(DESKTOP));
    let startup = STARTUPINFOW {
        cb: size_u32::<STARTUPINFOW>(),
        lpDesktop: desktop.as_mut_ptr(),
        ..STARTUPINFOW::default()
    };
    let mut started = PROCESS_INFORMATION::default();
    // SAFETY: all texts end with a NUL and outlive the call, the command line is writable as the function wants it, no
    // handle is inherited.
    let created = unsafe {
        CreateProcessAsUserW(
            token.raw(),
            program.as_ptr(),
            command.as_mut_ptr(),
            ptr::null(),
            ptr::null(),
            0,
            CREATE_UNICODE_ENVIRONMENT | CREATE_NO_WINDOW,
            environment.0,
            ptr::null(),
            &raw const startup,
            &raw mut started,
        )
    };
    if created == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it gave two handles that nobody else knows; both are closed here.
    unsafe {
        drop(Handle::own(started.hProcess));
        drop(Handle::own(started.hThread));
    }
    Ok(())
}

struct EnvironmentBlock(*mut c_void);

impl EnvironmentBlock {
    fn of(token: &crate::peer::PeerToken) -> io::Result<Self> {
        let mut block = ptr::null_mut();
        // SAFETY: the token is open and the result has a valid place.
        let made = unsafe { CreateEnvironmentBlock(&raw mut block, token.raw(), 0) };
        if made == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(block)) }
    }
}

impl Drop for EnvironmentBlock {
    fn drop(&mut self) {
        // SAFETY: the block came from the function that this one belongs to.
        unsafe { DestroyEnvironmentBlock(self.0) };
    }
}
