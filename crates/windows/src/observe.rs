//! What can be seen of the machine from outside: for the recording of a logon on a real host.

use std::{io, ptr};

use mp_profile::{SessionId, Sid};
use windows_sys::Win32::{
    Foundation::{ERROR_NO_MORE_ITEMS, ERROR_SUCCESS, INVALID_HANDLE_VALUE, LocalFree},
    Security::{
        Authorization::{ConvertSecurityDescriptorToStringSecurityDescriptorW, SDDL_REVISION_1},
        DACL_SECURITY_INFORMATION, OBJECT_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION,
    },
    System::{
        Diagnostics::ToolHelp::{
            CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
        },
        Registry::{HKEY, HKEY_USERS, RegCloseKey, RegEnumKeyExW, RegGetKeySecurity, RegOpenKeyExW},
        RemoteDesktop::ProcessIdToSessionId,
    },
};

use crate::{
    nt::{Handle, size_u32},
    wide::{until_nul, wide},
};

/// Longest security descriptor that is read, in 8-byte words.
const DESCRIPTOR_WORDS: usize = 1024;
const PARTS: OBJECT_SECURITY_INFORMATION = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;

/// A running program.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RunningProgram {
    /// Its number.
    pub process: u32,
    /// Its session.
    pub session: SessionId,
    /// Its file name in lower case.
    pub name: String,
}

/// The programs that run now.
///
/// # Errors
/// When the system does not tell.
pub fn running_programs() -> io::Result<Vec<RunningProgram>> {
    // SAFETY: the function has no conditions.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if ptr::eq(snapshot, INVALID_HANDLE_VALUE) {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
    let snapshot = unsafe { Handle::own(snapshot) };
    let mut entry = PROCESSENTRY32W { dwSize: size_u32::<PROCESSENTRY32W>(), ..PROCESSENTRY32W::default() };
    let mut programs = Vec::new();
    // SAFETY: the snapshot is open and the entry has the size that it says.
    let mut more = unsafe { Process32FirstW(snapshot.raw(), &raw mut entry) } != 0;
    while more {
        let mut session = 0;
        // SAFETY: the result has a valid place. A program that has ended has no session any more.
        if unsafe { ProcessIdToSessionId(entry.th32ProcessID, &raw mut session) } != 0 {
            programs.push(RunningProgram {
                process: entry.th32ProcessID,
                session: SessionId(session),
                name: String::from_utf16_lossy(until_nul(&entry.szExeFile)).to_lowercase(),
            });
        }
        // SAFETY: as above.
        more = unsafe { Process32NextW(snapshot.raw(), &raw mut entry) } != 0;
    }
    Ok(programs)
}

/// The users whose hive is loaded.
///
/// # Errors
/// When the system does not tell.
pub fn loaded_users() -> io::Result<Vec<Sid>> {
    let mut users = Vec::new();
    for index in 0.. {
        let mut name = [0_u16; 256];
        let mut len = u32::try_from(name.len()).unwrap_or_default();
        let none = ptr::null_mut();
        // SAFETY: the name has the room that `len` says; everything optional is left out.
        let code = unsafe {
            RegEnumKeyExW(
                HKEY_USERS,
                index,
                name.as_mut_ptr(),
                &raw mut len,
                ptr::null(),
                none,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        match code {
            ERROR_SUCCESS => users.extend(String::from_utf16_lossy(until_nul(&name)).parse::<Sid>()),
            ERROR_NO_MORE_ITEMS => break,
            code => return Err(io::Error::from_raw_os_error(code.cast_signed())),
        }
    }
    Ok(users)
}

/// Owner and access list of the root of a loaded hive, in text form (SDDL).
///
/// # Errors
/// When it is not loaded, or may not be looked at.
pub fn hive_access(sid: &Sid) -> io::Result<String> {
    let (path, mut key): (_, HKEY) = (wide(sid.as_str()), ptr::null_mut());
    // SAFETY: the path ends with a NUL, the result has a valid place.
    checked(unsafe { RegOpenKeyExW(HKEY_USERS, path.as_ptr(), 0, READ_CONTROL, &raw mut key) })?;
    let mut descriptor = [0_u64; DESCRIPTOR_WORDS];
    let mut len = u32::try_from(size_of_val(&descriptor)).unwrap_or_default();
    // SAFETY: the key was just opened and is closed once; the descriptor has the room that `len` says.
    let code = unsafe {
        let code = RegGetKeySecurity(key, PARTS, descriptor.as_mut_ptr().cast(), &raw mut len);
        RegCloseKey(key);
        code
    };
    checked(code)?;
    let (mut text, mut len) = (ptr::null_mut(), 0);
    // SAFETY: the system has written a descriptor; both results have valid places.
    let told = unsafe {
        ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor.as_mut_ptr().cast(),
            SDDL_REVISION_1,
            PARTS,
            &raw mut text,
            &raw mut len,
        )
    };
    if told == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system wrote `len` code units; they are copied before they are freed.
    let copied = unsafe {
        let units = std::slice::from_raw_parts(text, usize::try_from(len).unwrap_or_default());
        let copied = String::from_utf16_lossy(until_nul(units));
        LocalFree(text.cast());
        copied
    };
    Ok(copied)
}

/// The right to read who may do what (winnt.h).
const READ_CONTROL: u32 = 0x0002_0000;

fn checked(code: u32) -> io::Result<()> {
    if code == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(code.cast_signed())) }
}
