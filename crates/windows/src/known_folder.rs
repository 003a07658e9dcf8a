use std::{ffi::OsString, os::windows::ffi::OsStringExt, path::PathBuf, ptr};

use windows_sys::Win32::{
    System::Com::CoTaskMemFree,
    UI::Shell::{FOLDERID_ProgramData, SHGetKnownFolderPath},
};

/// The folder of all users' program data (`FOLDERID_ProgramData`), whatever the environment of the process says; `None` when
/// the system does not tell.
#[must_use]
pub fn program_data() -> Option<PathBuf> {
    let mut path: *mut u16 = ptr::null_mut();
    // SAFETY: the identifier is a constant, no flags and no token are given, the result has a valid place.
    let code = unsafe { SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, ptr::null_mut(), &raw mut path) };
    // SAFETY: a path that was given ends with a NUL, is read to there, and is freed once after that, as it must be also when
    // the call failed.
    unsafe {
        let found = (code == 0 && !path.is_null()).then(|| {
            let length = (0..).take_while(|&index| *path.add(index) != 0).count();
            OsString::from_wide(std::slice::from_raw_parts(path, length)).into()
        });
        CoTaskMemFree(path.cast());
        found
    }
}
