use std::{io, ptr};

use windows_sys::Win32::{
    Foundation::{HANDLE, LocalFree},
    Security::{
        Authorization::{
            ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertSidToStringSidW,
            ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
            SE_OBJECT_TYPE,
        },
        DACL_SECURITY_INFORMATION, GetSecurityDescriptorOwner, OBJECT_SECURITY_INFORMATION,
        OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES, SECURITY_DESCRIPTOR,
    },
};

use super::size_u32;

/// A security descriptor in memory that the system allocated.
#[derive(Debug)]
pub(crate) struct SecurityDescriptor(PSECURITY_DESCRIPTOR);

// SAFETY: the memory is ours alone and is not changed after it was made.
unsafe impl Send for SecurityDescriptor {}
// SAFETY: as above.
unsafe impl Sync for SecurityDescriptor {}

impl SecurityDescriptor {
    /// Parses the text form.
    pub(crate) fn from_sddl(text: &str) -> io::Result<Self> {
        let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
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

    /// Attributes that point at the descriptor without borrowing it: the caller keeps it alive for the call.
    pub(crate) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_u32::<SECURITY_ATTRIBUTES>(),
            lpSecurityDescriptor: self.as_ptr().cast_mut().cast(),
            bInheritHandle: 0,
        }
    }

    pub(crate) fn as_ptr(&self) -> *const SECURITY_DESCRIPTOR {
        self.0.cast()
    }
}

impl Drop for SecurityDescriptor {
    fn drop(&mut self) {
        // SAFETY: the call that made the descriptor allocated it with LocalAlloc and gave it to us.
        unsafe { LocalFree(self.0) };
    }
}

/// LocalSystem and Administrators. A user can make nothing that belongs to them.
const TRUSTED: [&str; 2] = ["S-1-5-18", "S-1-5-32-544"];

/// Whether something of this owner, a SID in text form, was made by the system or by administrators.
pub(crate) fn is_trusted(owner: Option<&str>) -> bool {
    owner.is_some_and(|owner| TRUSTED.contains(&owner))
}

/// The SID, in text form, of whom the object behind a handle belongs to; `None` where it belongs to nobody, as pipes under
/// Wine do. The handle must be open, for reading its control.
pub(crate) fn owner(handle: HANDLE, kind: SE_OBJECT_TYPE) -> io::Result<Option<String>> {
    let descriptor = of_object(handle, kind, OWNER_SECURITY_INFORMATION)?;
    let (mut owner, mut defaulted): (PSID, _) = (ptr::null_mut(), 0);
    // SAFETY: the descriptor is valid, the results have valid places; `owner` points into the descriptor, which outlives it.
    if unsafe { GetSecurityDescriptorOwner(descriptor.0, &raw mut owner, &raw mut defaulted) } == 0 {
        return Err(io::Error::last_os_error());
    }
    if owner.is_null() { Ok(None) } else { sid_text(owner).map(Some) }
}

/// What is asked for of the security of the object behind a handle, which must be open, for reading its control.
fn of_object(
    handle: HANDLE,
    kind: SE_OBJECT_TYPE,
    asked: OBJECT_SECURITY_INFORMATION,
) -> io::Result<SecurityDescriptor> {
    let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
    // SAFETY: the result that is asked for has a valid place. A handle that is not open makes the call fail, no more.
    let code = unsafe {
        GetSecurityInfo(
            handle,
            kind,
            asked,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    // It is freed as one that was made from its text.
    if code == 0 {
        Ok(SecurityDescriptor(descriptor))
    } else {
        Err(io::Error::from_raw_os_error(code.cast_signed()))
    }
}

/// Owner and access list of the object behind a handle, in text form (SDDL). The handle must be open, for reading its control.
pub(crate) fn access_text(handle: HANDLE, kind: SE_OBJECT_TYPE) -> io::Result<String> {
    let asked = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let descriptor = of_object(handle, kind, asked)?;
    let mut text = ptr::null_mut();
    // SAFETY: the descriptor is valid; the result has a valid place, its length is not asked for.
    let written = unsafe {
        ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor.as_ptr().cast_mut().cast(),
            SDDL_REVISION_1,
            asked,
            &raw mut text,
            ptr::null_mut(),
        )
    };
    if written == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system wrote a text that ends with a NUL, and gave it to us.
    Ok(unsafe { take_text(text) })
}

/// The text form of a SID, which must be valid.
pub(crate) fn sid_text(sid: PSID) -> io::Result<String> {
    let mut text = ptr::null_mut();
    // SAFETY: the SID is valid; the result has a valid place.
    if unsafe { ConvertSidToStringSidW(sid, &raw mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system wrote a text that ends with a NUL, and gave it to us.
    Ok(unsafe { take_text(text) })
}

/// A text of the system, which is freed.
///
/// # Safety
/// It ends with a NUL, came from a call that says that it is freed with `LocalFree`, and is not used again.
unsafe fn take_text(text: *mut u16) -> String {
    // SAFETY: up to the NUL, which the caller promises, all units are the text's.
    let units = (0..).map(|index| unsafe { *text.add(index) }).take_while(|&unit| unit != 0);
    let copied = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    // SAFETY: the caller promises that it is freed so, and it was copied.
    unsafe { LocalFree(text.cast()) };
    copied
}
