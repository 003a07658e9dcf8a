use std::{marker::PhantomData, ptr};

use windows_sys::{
    Wdk::Foundation::{NtClose, OBJECT_ATTRIBUTES},
    Win32::Foundation::{HANDLE, OBJ_CASE_INSENSITIVE, UNICODE_STRING},
};

use super::Status;

/// An open kernel handle, closed when dropped.
///
/// INVARIANT: the handle was given to us by a successful call and nobody else closes it.
#[derive(Debug)]
pub(crate) struct Handle(HANDLE);

// SAFETY: kernel handles belong to the process, not to a thread, and the kernel serialises their use.
unsafe impl Send for Handle {}
// SAFETY: as above; no method of ours changes the handle value itself.
unsafe impl Sync for Handle {}

impl Handle {
    /// Takes over a handle.
    ///
    /// # Safety
    /// `handle` must be open, must not be a pseudo handle, and must not be closed by anybody else.
    pub(crate) unsafe fn own(handle: HANDLE) -> Self {
        Self(handle)
    }

    pub(crate) fn raw(&self) -> HANDLE {
        self.0
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the invariant says that the handle is open and ours. A failure could not be helped.
        unsafe { NtClose(self.0) };
    }
}

/// A `UNICODE_STRING` that borrows code units which the kernel only reads; the length is counted, so NULs are ordinary.
pub(crate) struct Counted<'a> {
    string: UNICODE_STRING,
    units: PhantomData<&'a [u16]>,
}

impl Counted<'_> {
    pub(crate) fn as_ptr(&self) -> *const UNICODE_STRING {
        &raw const self.string
    }
}

/// Counts a name; names of more than 32,767 code units exist nowhere in the system.
pub(crate) fn counted(units: &[u16]) -> Result<Counted<'_>, Status> {
    let bytes = u16::try_from(units.len() * 2).map_err(|_| Status::NAME_INVALID)?;
    let string = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_ptr().cast_mut() };
    Ok(Counted { string, units: PhantomData })
}

/// Size of a structure in bytes, as the system wants to be told it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the structures of the system are far smaller than 4 GiB"
)]
pub(crate) const fn size_u32<T>() -> u32 {
    size_of::<T>() as u32
}

/// Object attributes for a name below `parent` (or an absolute one). They point at `name` and `parent` without borrowing
/// them: the caller keeps both alive for the call.
pub(crate) fn attributes(parent: Option<&Handle>, name: &Counted<'_>, flags: u32) -> OBJECT_ATTRIBUTES {
    OBJECT_ATTRIBUTES {
        Length: size_u32::<OBJECT_ATTRIBUTES>(),
        RootDirectory: parent.map_or(ptr::null_mut(), Handle::raw),
        ObjectName: name.as_ptr(),
        Attributes: OBJ_CASE_INSENSITIVE | flags,
        SecurityDescriptor: ptr::null(),
        SecurityQualityOfService: ptr::null(),
    }
}
