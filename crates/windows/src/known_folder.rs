use std::{ffi::OsString, os::windows::ffi::OsStringExt, path::PathBuf, ptr};

use windows_sys::Win32::UI::Shell::GetAllUsersProfileDirectoryW;

/// The folder of all users' program data, whatever the environment of the process says; `None` when the system does not tell.
///
/// Of the functions that tell it, this one needs neither the shell nor windows (Microsoft, "GetAllUsersProfileDirectoryW").
#[must_use]
pub fn program_data() -> Option<PathBuf> {
    let mut units = 0;
    // SAFETY: without a place for the text, the system only says how many units it has, with the NUL.
    unsafe { GetAllUsersProfileDirectoryW(ptr::null_mut(), &raw mut units) };
    let mut text = vec![0_u16; usize::try_from(units).ok()?];
    // SAFETY: the text has room for the units that are said.
    if unsafe { GetAllUsersProfileDirectoryW(text.as_mut_ptr(), &raw mut units) } == 0 {
        return None;
    }
    let text: Vec<u16> = text.into_iter().take_while(|&unit| unit != 0).collect();
    (!text.is_empty()).then(|| OsString::from_wide(&text).into())
}
