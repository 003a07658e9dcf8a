use std::io;

use windows_sys::Win32::{Foundation::HANDLE, Security::Authorization::SE_KERNEL_OBJECT};

use crate::nt::{SecurityDescriptor, is_trusted, owner};

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

/// Whether the object behind a handle belongs to the system or to the administrators. A user can make no such object.
pub(super) fn owner_is_trusted(handle: HANDLE) -> io::Result<bool> {
    Ok(is_trusted(owner(handle, SE_KERNEL_OBJECT)?.as_deref()))
}
