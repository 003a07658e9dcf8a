use std::{ffi::c_void, io, ptr};

use windows_sys::Win32::{
    Foundation::{HANDLE, LocalFree},
    Security::{
        Authorization::{
            ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
            SE_KERNEL_OBJECT,
        },
        IsWellKnownSid, OWNER_SECURITY_INFORMATION, PSID, SECURITY_ATTRIBUTES, WinBuiltinAdministratorsSid,
        WinLocalSystemSid,
    },
};

use crate::{nt::size_u32, wide::wide};

/// Who may use the pipe: the system and administrators fully; who works at this machine or in a remote desktop may read
/// (`FILE_GENERIC_READ`) and write data (0x2), but not make further instances of the pipe, as `GENERIC_WRITE` would allow.
/// Who comes over the network may not (Microsoft, "Named Pipe Security and Access Rights").
///
/// The owner is named, so that clients know it (see [`owner_is_trusted`]): the system and administrators may name it, users
/// may not.
const SDDL: &str = "O:BAD:P(D;;FA;;;NU)(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x12008b;;;IU)";

/// The pipe's access list, in memory of the system's.
#[derive(Debug)]
pub(super) struct PipeAccess(*mut c_void);

// SAFETY: the memory is ours alone and is not changed after it was made.
unsafe impl Send for PipeAccess {}
// SAFETY: as above.
unsafe impl Sync for PipeAccess {}

impl PipeAccess {
    pub(super) fn new() -> io::Result<Self> {
        let (text, mut descriptor) = (wide(SDDL), ptr::null_mut());
        // SAFETY: the text ends with a NUL, the result has a valid place, its length is not asked for.
        let parsed = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                ptr::null_mut(),
            )
        };
        if parsed == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(descriptor)) }
    }

    /// Attributes that point at the list without borrowing it: the caller keeps it alive for the call.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_u32::<SECURITY_ATTRIBUTES>(),
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        }
    }
}

impl Drop for PipeAccess {
    fn drop(&mut self) {
        // SAFETY: the memory came from the system, which says that it is freed so.
        unsafe { LocalFree(self.0) };
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
