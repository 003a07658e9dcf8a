use windows_sys::{
    Wdk::Storage::FileSystem::{NtQuerySecurityObject, NtSetSecurityObject},
    Win32::Security::{
        DACL_SECURITY_INFORMATION, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED, SE_DACL_PRESENT,
        SE_DACL_PROTECTED, SE_SELF_RELATIVE,
    },
};

use super::{Buffer, KeyHandle, Status};

/// Where the list's offset is in a self-relative security descriptor, and how long the descriptor's header is
/// ([MS-DTYP] 2.4.6).
const LIST_OFFSET: usize = 16;
const HEADER: usize = 20;

/// A key's discretionary access control list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AccessList {
    /// Whether it inherits nothing.
    pub(crate) protected: bool,
    /// The list as the system has it ([MS-DTYP] 2.4.5); `None` when there is none, so that everybody may do everything.
    pub(crate) bytes: Option<Vec<u8>>,
}

impl KeyHandle {
    /// The key's access list. Needs `READ_CONTROL`.
    pub(crate) fn access_list(&self, buffer: &mut Buffer) -> Result<AccessList, Status> {
        loop {
            let (room, mut needed) = (buffer.room(), 0);
            // SAFETY: the buffer has `room` writable bytes, aligned for the structure; the handle is open.
            let status = unsafe {
                NtQuerySecurityObject(
                    self.handle().raw(),
                    DACL_SECURITY_INFORMATION,
                    buffer.as_mut_ptr(),
                    room,
                    &raw mut needed,
                )
            };
            match Status::check(status) {
                Err(status) if status.wants_room() && needed > room => buffer.grow(needed)?,
                done => break done?,
            }
        }
        let control = u16::from_le_bytes([buffer.bytes()[2], buffer.bytes()[3]]);
        let at = buffer.u32_at(LIST_OFFSET);
        let bytes = if control & SE_DACL_PRESENT == 0 || at == 0 {
            None
        } else {
            let size = buffer.slice(at + 2, 2).and_then(|size| size.first_chunk().copied());
            let size = u32::from(u16::from_le_bytes(size.ok_or(Status::TOO_SMALL)?));
            Some(buffer.slice(at, size).ok_or(Status::TOO_SMALL)?.to_vec())
        };
        Ok(AccessList { protected: control & SE_DACL_PROTECTED != 0, bytes })
    }

    /// Sets the key's access list; sub-keys keep theirs. Needs `WRITE_DAC`.
    pub(crate) fn set_access_list(&self, list: &[u8], protected: bool) -> Result<(), Status> {
        let protection = if protected { SE_DACL_PROTECTED } else { 0 };
        let inherited = SE_DACL_AUTO_INHERIT_REQ | SE_DACL_AUTO_INHERITED;
        let control = SE_SELF_RELATIVE | SE_DACL_PRESENT | inherited | protection;
        let mut descriptor = vec![1, 0];
        descriptor.extend(control.to_le_bytes());
        descriptor.resize(HEADER, 0);
        descriptor[LIST_OFFSET] = 20;
        descriptor.extend(list);
        // The structure's fields are of four bytes; a vector of bytes need not be aligned for them.
        let mut words = vec![0_u64; descriptor.len().div_ceil(8)];
        for (word, bytes) in words.iter_mut().zip(descriptor.chunks(8)) {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_le_bytes(eight);
        }
        // SAFETY: the descriptor is self-relative and holds the list that its header tells; the handle is open.
        Status::check(unsafe {
            NtSetSecurityObject(self.handle().raw(), DACL_SECURITY_INFORMATION, words.as_mut_ptr().cast())
        })
    }
}
