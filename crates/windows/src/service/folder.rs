use std::{fs, io, os::windows::fs::MetadataExt, path::Path, ptr};

use windows_sys::Win32::{
    Security::{
        Authorization::{SE_FILE_OBJECT, SetNamedSecurityInfoW},
        DACL_SECURITY_INFORMATION, GetSecurityDescriptorDacl, GetSecurityDescriptorOwner,
        OWNER_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION,
    },
    Storage::FileSystem::FILE_ATTRIBUTE_REPARSE_POINT,
};

use crate::{nt::SecurityDescriptor, wide::wide};

/// The system and administrators, with all below; nobody else, whatever is granted above.
const SDDL: &str = "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// Makes a folder that only the system and administrators may enter; one that is there becomes so, with what is in it.
///
/// Any user may make folders in `%ProgramData%`, so one that is there may be somebody's who waits for our files.
///
/// # Errors
/// When it cannot be made or is a link, or the caller is no administrator.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    // A link that was planted before would be met here; planting one in the place of a folder that is there needs rights
    // on it, which this takes away.
    if fs::symlink_metadata(path)?.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        return Err(io::Error::other("it is a link to somewhere else"));
    }
    let access = SecurityDescriptor::from_sddl(SDDL)?;
    let (mut owner, mut list, mut ignored) = (ptr::null_mut(), ptr::null_mut(), 0);
    let path = wide(path);
    // SAFETY: the descriptor is valid and holds both parts, which lie in it while it lives; the path ends with a NUL.
    let code = unsafe {
        GetSecurityDescriptorOwner(access.as_ptr().cast_mut().cast(), &raw mut owner, &raw mut ignored);
        GetSecurityDescriptorDacl(
            access.as_ptr().cast_mut().cast(),
            &raw mut ignored,
            &raw mut list,
            &raw mut ignored,
        );
        SetNamedSecurityInfoW(
            path.as_ptr(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
            owner,
            ptr::null_mut(),
            list,
            ptr::null(),
        )
    };
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code.cast_signed())) }
}
