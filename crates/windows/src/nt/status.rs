use windows_sys::Win32::Foundation::{
    NTSTATUS, RtlNtStatusToDosError, STATUS_ACCESS_DENIED, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL,
    STATUS_DELETE_PENDING, STATUS_END_OF_FILE, STATUS_FILE_LOCK_CONFLICT, STATUS_HIVE_UNLOADED,
    STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_KEY_DELETED, STATUS_LOCK_NOT_GRANTED,
    STATUS_NO_MORE_ENTRIES, STATUS_NO_MORE_FILES, STATUS_NO_SUCH_FILE, STATUS_NOT_IMPLEMENTED,
    STATUS_NOT_SUPPORTED, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_INVALID,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_PRIVILEGE_NOT_HELD,
    STATUS_SHARING_VIOLATION, STATUS_USER_MAPPED_FILE,
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

    /// Whether there is nothing more to enumerate or read.
    pub(crate) fn is_end(self) -> bool {
        matches!(
            self.0,
            STATUS_NO_MORE_ENTRIES | STATUS_NO_MORE_FILES | STATUS_NO_SUCH_FILE | STATUS_END_OF_FILE
        )
    }

    /// Whether another process holds the file in a way that stands against this use.
    pub(crate) fn is_in_use(self) -> bool {
        matches!(
            self.0,
            STATUS_SHARING_VIOLATION
                | STATUS_FILE_LOCK_CONFLICT
                | STATUS_LOCK_NOT_GRANTED
                | STATUS_DELETE_PENDING
                | STATUS_USER_MAPPED_FILE
        )
    }

    /// Whether the system or the file system does not know a request that later ones know.
    pub(crate) fn is_unknown_request(self) -> bool {
        matches!(
            self.0,
            STATUS_INVALID_INFO_CLASS
                | STATUS_INVALID_PARAMETER
                | STATUS_NOT_IMPLEMENTED
                | STATUS_NOT_SUPPORTED
        )
    }

    /// Whether the output buffer was too small.
    pub(crate) fn wants_room(self) -> bool {
        matches!(self.0, STATUS_BUFFER_OVERFLOW | STATUS_BUFFER_TOO_SMALL)
    }

    /// Whether there is an object of that name already.
    pub(crate) fn is_collision(self) -> bool {
        self.0 == STATUS_OBJECT_NAME_COLLISION
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
