use std::ptr;

use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        PSECURITY_DESCRIPTOR, SECURITY_DESCRIPTOR,
    },
};

/// A security descriptor made from its text form (SDDL), in memory that the system allocated.
#[derive(Debug)]
pub(crate) struct SecurityDescriptor(PSECURITY_DESCRIPTOR);

// SAFETY: the memory is ours alone and is not changed after it was made.
unsafe impl Send for SecurityDescriptor {}
// SAFETY: as above.
unsafe impl Sync for SecurityDescriptor {}

impl SecurityDescriptor {
    /// Parses the text form.
    pub(crate) fn from_sddl(text: &str) -> std::io::Result<Self> {
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
        if parsed == 0 { Err(std::io::Error::last_os_error()) } else { Ok(Self(descriptor)) }
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
