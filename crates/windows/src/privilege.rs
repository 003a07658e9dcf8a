use std::{io, ptr};

use windows_sys::Win32::{
    Foundation::{ERROR_NOT_ALL_ASSIGNED, GetLastError, HANDLE},
    Security::{
        AdjustTokenPrivileges, LUID_AND_ATTRIBUTES, LookupPrivilegeValueW, SE_BACKUP_NAME,
        SE_PRIVILEGE_ENABLED, SE_RESTORE_NAME, TOKEN_ADJUST_PRIVILEGES, TOKEN_PRIVILEGES,
    },
    System::Threading::{GetCurrentProcess, OpenProcessToken},
};

use crate::nt::Handle;

/// Enables `SeBackupPrivilege` and `SeRestorePrivilege` for this process, which [`OpenMode::BackupRestore`] needs. A service
/// running as LocalSystem holds them disabled.
///
/// # Errors
/// When the process does not hold them, or its token cannot be changed.
///
/// [`OpenMode::BackupRestore`]: crate::OpenMode::BackupRestore
pub fn enable_backup_privileges() -> io::Result<()> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: the pseudo handle of the current process is always valid; the result has a valid place.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &raw mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
    let token = unsafe { Handle::own(token) };
    for name in [SE_BACKUP_NAME, SE_RESTORE_NAME] {
        let mut wanted = TOKEN_PRIVILEGES {
            PrivilegeCount: 1,
            Privileges: [LUID_AND_ATTRIBUTES { Attributes: SE_PRIVILEGE_ENABLED, ..Default::default() }],
        };
        // SAFETY: the name is one of the system's constants, which end with a NUL; no system name means this machine.
        if unsafe { LookupPrivilegeValueW(ptr::null(), name, &raw mut wanted.Privileges[0].Luid) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the structure holds as many privileges as it says; the former state is not asked for.
        let adjusted = unsafe {
            AdjustTokenPrivileges(token.raw(), 0, &raw const wanted, 0, ptr::null_mut(), ptr::null_mut())
        };
        // SAFETY: the function reads a thread-local number. Success can still mean "not all assigned".
        let code = unsafe { GetLastError() };
        if adjusted == 0 || code == ERROR_NOT_ALL_ASSIGNED {
            return Err(io::Error::from_raw_os_error(code.cast_signed()));
        }
    }
    Ok(())
}
