use std::{
    fs, io,
    os::windows::{fs::OpenOptionsExt, io::AsRawHandle},
    path::Path,
    ptr,
};

use windows_sys::Win32::{
    Foundation::TRUE,
    Security::{
        ACL,
        Authorization::{SE_FILE_OBJECT, SetSecurityInfo},
        DACL_SECURITY_INFORMATION, GetSecurityDescriptorDacl, PROTECTED_DACL_SECURITY_INFORMATION,
    },
    Storage::FileSystem::{
        CreateDirectoryW, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES,
        READ_CONTROL, WRITE_DAC,
    },
};

use crate::{
    UserToken,
    nt::{SecurityDescriptor, is_trusted, owner},
    wide::wide,
};

/// All rights for SYSTEM and Administrators, here and below; nothing is inherited from above.
const PRIVATE: &str = "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// Makes a folder that only SYSTEM and administrators may enter, with what is above it; one that is there becomes such.
///
/// Every user may make folders in `ProgramData`. One that somebody else made, or that is a link, is refused: its maker could
/// read and replace what is put into it.
///
/// # Errors
/// When the folder cannot be made or changed, or is not to be trusted; the text says which.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    let descriptor = SecurityDescriptor::from_sddl(PRIVATE)?;
    let attributes = descriptor.attributes();
    let path = wide(folder);
    // SAFETY: the path ends with a NUL, and the attributes point at a descriptor that outlives the call.
    if unsafe { CreateDirectoryW(path.as_ptr(), &raw const attributes) } != 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    if error.kind() != io::ErrorKind::AlreadyExists {
        return Err(error);
    }
    let opened = fs::OpenOptions::new()
        .access_mode(READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(folder)?;
    let about = opened.metadata()?;
    if !about.is_dir() || about.is_symlink() {
        return Err(io::Error::other("it is a link or no folder; remove it"));
    }
    let owner = owner(opened.as_raw_handle(), SE_FILE_OBJECT)?;
    let ours = || UserToken::of_process().is_ok_and(|token| Some(token.sid().as_str()) == owner.as_deref());
    if !is_trusted(owner.as_deref()) && !ours() {
        let owner = owner.as_deref().unwrap_or("nobody");
        let text =
            format!("it belongs to {owner}, not to administrators; find out who made it, and remove it");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    set_access(&opened, &descriptor)
}

/// Gives a folder or file, and what is below it and inherits, the access list of a descriptor.
pub(crate) fn set_access(folder: &fs::File, descriptor: &SecurityDescriptor) -> io::Result<()> {
    let (mut present, mut defaulted) = (TRUE, 0);
    let mut list: *mut ACL = ptr::null_mut();
    // SAFETY: the descriptor is valid, the results have valid places.
    let found = unsafe {
        GetSecurityDescriptorDacl(
            descriptor.as_ptr().cast_mut().cast(),
            &raw mut present,
            &raw mut list,
            &raw mut defaulted,
        )
    };
    if found == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open, and the list lies in the descriptor, which outlives the call.
    let code = unsafe {
        SetSecurityInfo(
            folder.as_raw_handle(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            list,
            ptr::null(),
        )
    };
    checked(code)
}

fn checked(code: u32) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code.cast_signed())) }
}
