use std::{io, ptr};

use windows_sys::Win32::{
    Foundation::{HANDLE, LocalFree},
    Security::{
        Authorization::{GetSecurityInfo, SE_KERNEL_OBJECT},
        IsWellKnownSid, OWNER_SECURITY_INFORMATION, PSID, SECURITY_ATTRIBUTES, WinBuiltinAdministratorsSid,
        WinLocalSystemSid,
    },
};

use crate::nt::{SecurityDescriptor, size_u32};

/// Who may use the pipe: the system and administrators fully; who works at this machine or in a remote desktop may read
/// (`FILE_GENERIC_READ`) and write data (0x2), but not make further instances of the pipe, as `GENERIC_WRITE` would allow.
/// Who comes over the network may not (Microsoft, "Named Pipe Security and Access Rights").
///
/// The owner is named, so that clients know it (see [`owner_is_trusted`]): the system and administrators may name it, users
/// may not.
const SDDL: &str = "O:BAD:P(D;;FA;;;NU)(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x12008b;;;IU)";

/// The pipe's access list.
pub(super) fn of_pipe() -> io::Result<SecurityDescriptor> {
    SecurityDescriptor::from_sddl(SDDL)
}

/// Attributes that point at the list without borrowing it: the caller keeps it alive for the call.
pub(super) fn attributes(access: &SecurityDescriptor) -> SECURITY_ATTRIBUTES {
    SECURITY_ATTRIBUTES {
        nLength: size_u32::<SECURITY_ATTRIBUTES>(),
        lpSecurityDescriptor: access.as_ptr().cast_mut().cast(),
        bInheritHandle: 0,
    }
}

/// Whether the object behind a handle belongs to the system or to the administrators. A user can make no such object.
pub(super) fn owner_is_trusted(handle: HANDLE) -> io::Result<bool> {
    let (mut owner, mut descriptor): (PSID, _) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the handle is open; both results have a valid place; `owner` points into `descriptor`, which is freed below.
    let code = unsafe {
        GetSecurityInfo(
            handle,
            SE_KERNEL_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &raw mut owner,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    if code != 0 {
        return Err(io::Error::from_raw_os_error(code.cast_signed()));
    }
    let trusted = [WinLocalSystemSid, WinBuiltinAdministratorsSid]
        .into_iter()
        // SAFETY: an owner that is not null is a valid SID while the descriptor lives.
        .any(|kind| !owner.is_null() && unsafe { IsWellKnownSid(owner, kind) } != 0);
    // SAFETY: the memory came from the system, which says that it is freed so.
    unsafe { LocalFree(descriptor) };
    Ok(trusted)
}
