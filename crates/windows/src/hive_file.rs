use std::{io, path::Path, ptr};

use mp_profile::Sid;
use windows_sys::Win32::{
    Foundation::ERROR_SUCCESS,
    System::Registry::{
        HKEY, HKEY_USERS, KEY_READ, REG_LATEST_FORMAT, REG_OPTION_BACKUP_RESTORE, RegCloseKey, RegOpenKeyExW,
        RegSaveKeyExW,
    },
};

use crate::wide::wide;

/// Saves the loaded hive of a user into a new file, as `RegSaveKeyEx` does: without volatile keys, and without what is behind
/// the link at `Software\Classes`. The privileges of [`enable_backup_privileges`](crate::enable_backup_privileges) must be
/// enabled.
///
/// Wine writes a text format of its own.
///
/// # Errors
/// When the hive is not loaded, the file is there already, or it cannot be written.
pub fn save_hive(sid: &Sid, file: &Path) -> io::Result<()> {
    let (user, file, mut key): (_, _, HKEY) = (wide(sid.as_str()), wide(file), ptr::null_mut());
    // SAFETY: the path ends with a NUL, the result has a valid place.
    let code = unsafe {
        RegOpenKeyExW(HKEY_USERS, user.as_ptr(), REG_OPTION_BACKUP_RESTORE, KEY_READ, &raw mut key)
    };
    checked(code)?;
    // SAFETY: the key was just opened and is closed once; the path ends with a NUL; without attributes the file gets those
    // that its folder hands down.
    let code = unsafe {
        let code = RegSaveKeyExW(key, file.as_ptr(), ptr::null(), REG_LATEST_FORMAT);
        RegCloseKey(key);
        code
    };
    checked(code)
}

fn checked(code: u32) -> io::Result<()> {
    if code == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(code.cast_signed())) }
}
