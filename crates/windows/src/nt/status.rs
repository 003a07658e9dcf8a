use windows_sys::Win32::Foundation::{
    NTSTATUS, RtlNtStatusToDosError, STATUS_ACCESS_DENIED, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL,
    STATUS_HIVE_UNLOADED, STATUS_KEY_DELETED, STATUS_NO_MORE_ENTRIES, STATUS_OBJECT_NAME_INVALID,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_PRIVILEGE_NOT_HELD,
};

/// An `NTSTATUS` that says a call failed, or did only part of its work ([MS-ERREF] 2.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Status(NTSTATUS);

impl Status {
    pub(crate) const NAME_INVALID: Self = Self(STATUS_OBJECT_NAME_INVALID);
    pub(crate) const TOO_SMALL: Self = Self(STATUS_BUFFER_TOO_SMALL);

    /// Success and informational codes become `Ok`.
    pub(crate) fn check(code: NTSTATUS) -> Result<(), Self> {
        if code >= 0 { Ok(()) } else { Err(Self(code)) }
    }

    /// The raw code.
    pub(crate) fn code(self) -> NTSTATUS {
        self.0
    }

    /// Whether there is no object of that name.
    pub(crate) fn is_absent(self) -> bool {
        matches!(self.0, STATUS_OBJECT_NAME_NOT_FOUND | STATUS_OBJECT_PATH_NOT_FOUND)
    }

    /// Whether an index lies behind the last entry.
    pub(crate) fn is_end(self) -> bool {
        self.0 == STATUS_NO_MORE_ENTRIES
    }

    /// Whether the output buffer was too small.
    pub(crate) fn wants_room(self) -> bool {
        matches!(self.0, STATUS_BUFFER_OVERFLOW | STATUS_BUFFER_TOO_SMALL)
    }

    /// Whether the system refused access.
    pub(crate) fn is_denied(self) -> bool {
        matches!(self.0, STATUS_ACCESS_DENIED | STATUS_PRIVILEGE_NOT_HELD)
    }

    /// Whether the key of an open handle is no longer there: it was deleted, or its hive unloaded.
    pub(crate) fn is_deleted(self) -> bool {
        matches!(self.0, STATUS_KEY_DELETED | STATUS_HIVE_UNLOADED)
    }

    /// The system's words for the code, in the language it speaks.
    pub(crate) fn text(self) -> String {
        // SAFETY: the function takes a number and gives a number.
        let code = unsafe { RtlNtStatusToDosError(self.0) };
        let text = std::io::Error::from_raw_os_error(code.cast_signed()).to_string();
        // Rust adds the Win32 code, which would stand beside the NTSTATUS that our errors show.
        text.split(" (os error").next().unwrap_or_default().trim_end_matches('.').to_owned()
    }
}
