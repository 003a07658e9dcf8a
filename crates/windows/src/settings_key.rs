use std::{
    ffi::{OsStr, OsString},
    io,
    os::windows::ffi::OsStringExt,
    ptr,
};

use windows_sys::Win32::{
    Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS},
    System::Registry::{
        HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_READ, KEY_SET_VALUE, REG_DWORD, REG_EXPAND_SZ,
        REG_SZ, RRF_NOEXPAND, RRF_RT_REG_DWORD, RRF_RT_REG_EXPAND_SZ, RRF_RT_REG_SZ, RegCloseKey,
        RegCreateKeyExW, RegDeleteTreeW, RegDeleteValueW, RegGetValueW, RegOpenKeyExW, RegSetValueExW,
    },
};

use crate::wide::{until_nul, wide};

/// Longest text that is read, in code units.
const MAX_TEXT: usize = 32 * 1024;

/// A key of plain settings: of the machine, below `HKEY_LOCAL_MACHINE`, or of the user who runs the program. What a session
/// keeps is never reached through it, but through [`LiveRegistry`](crate::LiveRegistry).
#[derive(Debug)]
pub struct SettingsKey(HKEY);

impl SettingsKey {
    /// Opens a key of the machine for reading and writing, made if it is not there.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn create(path: &str) -> io::Result<Self> {
        let (path, mut key) = (wide(path), ptr::null_mut());
        // SAFETY: the path ends with a NUL, the result has a valid place, everything optional is left out.
        let code = unsafe {
            RegCreateKeyExW(
                HKEY_LOCAL_MACHINE,
                path.as_ptr(),
                0,
                ptr::null(),
                0,
                KEY_READ | KEY_SET_VALUE,
                ptr::null(),
                &raw mut key,
                ptr::null_mut(),
            )
        };
        checked(code).map(|()| Self(key))
    }

    /// Opens a key of the machine for reading; `None` when it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn open(path: &str) -> io::Result<Option<Self>> {
        Self::open_below(HKEY_LOCAL_MACHINE, path, KEY_READ)
    }

    /// Opens a key of the machine for reading and writing; `None` when it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be written.
    pub fn open_to_write(path: &str) -> io::Result<Option<Self>> {
        Self::open_below(HKEY_LOCAL_MACHINE, path, KEY_READ | KEY_SET_VALUE)
    }

    /// Opens a key of the user who runs the program for reading; `None` when it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn open_of_current_user(path: &str) -> io::Result<Option<Self>> {
        Self::open_below(HKEY_CURRENT_USER, path, KEY_READ)
    }

    fn open_below(root: HKEY, path: &str, rights: u32) -> io::Result<Option<Self>> {
        let (path, mut key) = (wide(path), ptr::null_mut());
        // SAFETY: the path ends with a NUL, the result has a valid place.
        let code = unsafe { RegOpenKeyExW(root, path.as_ptr(), 0, rights, &raw mut key) };
        found(code).map(|found| found.then_some(Self(key)))
    }

    /// Deletes a key of the machine with all below it; nothing is done when it is not there.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn delete_tree(path: &str) -> io::Result<()> {
        let path = wide(path);
        // SAFETY: the path ends with a NUL.
        found(unsafe { RegDeleteTreeW(HKEY_LOCAL_MACHINE, path.as_ptr()) }).map(drop)
    }

    /// A number; `None` when the value is not there or is no `REG_DWORD`.
    #[must_use]
    pub fn dword(&self, name: &str) -> Option<u32> {
        let (name, mut number, mut len) = (wide(name), 0_u32, 4_u32);
        // SAFETY: the name ends with a NUL, and the place has the four bytes that `len` says.
        let code = unsafe {
            RegGetValueW(
                self.0,
                ptr::null(),
                name.as_ptr(),
                RRF_RT_REG_DWORD,
                ptr::null_mut(),
                (&raw mut number).cast(),
                &raw mut len,
            )
        };
        (code == ERROR_SUCCESS).then_some(number)
    }

    /// A text, its variables as they are; `None` when the value is not there, is no text, or is overlong.
    #[must_use]
    pub fn string(&self, name: &str) -> Option<OsString> {
        let name = wide(name);
        let mut text = vec![0_u16; MAX_TEXT];
        let mut len = u32::try_from(text.len() * 2).ok()?;
        // SAFETY: the name ends with a NUL, and the buffer has the bytes that `len` says.
        let code = unsafe {
            RegGetValueW(
                self.0,
                ptr::null(),
                name.as_ptr(),
                RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND,
                ptr::null_mut(),
                text.as_mut_ptr().cast(),
                &raw mut len,
            )
        };
        (code == ERROR_SUCCESS).then(|| OsString::from_wide(until_nul(&text)))
    }

    /// Sets a number.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn set_dword(&self, name: &str, number: u32) -> io::Result<()> {
        self.set(name, REG_DWORD, &number.to_le_bytes())
    }

    /// Sets a text.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn set_string(&self, name: &str, text: &OsStr) -> io::Result<()> {
        self.set(name, REG_SZ, &bytes(text))
    }

    /// Sets a text in which programs replace variables.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn set_expand_string(&self, name: &str, text: &OsStr) -> io::Result<()> {
        self.set(name, REG_EXPAND_SZ, &bytes(text))
    }

    /// Deletes a value; nothing is done when it is not there.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn delete_value(&self, name: &str) -> io::Result<()> {
        let name = wide(name);
        // SAFETY: the key is open and the name ends with a NUL.
        found(unsafe { RegDeleteValueW(self.0, name.as_ptr()) }).map(drop)
    }

    fn set(&self, name: &str, ty: u32, data: &[u8]) -> io::Result<()> {
        let name = wide(name);
        let len = u32::try_from(data.len()).map_err(io::Error::other)?;
        // SAFETY: the key is open, the name ends with a NUL, and the data have the length that is said.
        checked(unsafe { RegSetValueExW(self.0, name.as_ptr(), 0, ty, data.as_ptr(), len) })
    }
}

impl Drop for SettingsKey {
    fn drop(&mut self) {
        // SAFETY: the key is open and ours. A failure could not be helped.
        unsafe { RegCloseKey(self.0) };
    }
}

fn bytes(text: &OsStr) -> Vec<u8> {
    wide(text).into_iter().flat_map(u16::to_le_bytes).collect()
}

fn checked(code: u32) -> io::Result<()> {
    if code == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(code.cast_signed())) }
}

/// Whether what was asked for is there.
fn found(code: u32) -> io::Result<bool> {
    if code == ERROR_FILE_NOT_FOUND { Ok(false) } else { checked(code).map(|()| true) }
}
