use std::{ptr, sync::Arc};

use mp_registry::{FileTime, LINK_VALUE, MAX_KEY_NAME, Name, Value, ValueType};
use windows_sys::{
    Wdk::System::Registry::{
        KEY_INFORMATION_CLASS, KeyBasicInformation, KeyFullInformation, KeyValueFullInformation,
        KeyValuePartialInformation, NtCreateKey, NtDeleteKey, NtDeleteValueKey, NtEnumerateKey,
        NtEnumerateValueKey, NtFlushKey, NtOpenKeyEx, NtQueryKey, NtQueryValueKey, NtSetValueKey,
    },
    Win32::{
        Foundation::{HANDLE, OBJ_OPENLINK},
        System::Registry::{
            REG_CREATED_NEW_KEY, REG_NOTIFY_CHANGE_LAST_SET, REG_NOTIFY_CHANGE_NAME,
            REG_NOTIFY_THREAD_AGNOSTIC, RegNotifyChangeKeyValue,
        },
    },
};

use super::{Buffer, Event, Handle, SecurityDescriptor, Status, attributes, counted, handle::Counted};

/// How keys are opened: rights, and options such as `REG_OPTION_BACKUP_RESTORE`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyAccess {
    pub(crate) rights: u32,
    pub(crate) options: u32,
}

/// An open key. Every key is opened as itself (`OBJ_OPENLINK`): a symbolic link is never followed by its last name.
#[derive(Debug)]
pub(crate) struct KeyHandle(Handle);

/// Facts about a key (`KEY_FULL_INFORMATION`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeyInfo {
    pub(crate) last_write: FileTime,
    pub(crate) class: Option<Name>,
    pub(crate) subkeys: u32,
    pub(crate) values: u32,
}

/// A value met by its index.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) name: Name,
    pub(crate) ty: ValueType,
    pub(crate) len: u32,
    /// The data, unless they did not fit into the buffer as it was.
    pub(crate) data: Option<Arc<[u8]>>,
}

impl KeyHandle {
    /// Opens a key by its absolute native path (`\Registry\User\…`); `None` when it is not there.
    pub(crate) fn open_path(path: &str, access: KeyAccess) -> Result<Option<Self>, Status> {
        let path: Vec<u16> = path.encode_utf16().collect();
        Self::open(None, &counted(&path)?, access)
    }

    /// Opens a direct sub-key; `None` when it is not there.
    pub(crate) fn open_sub(&self, name: &Name, access: KeyAccess) -> Result<Option<Self>, Status> {
        Self::open(Some(&self.0), &key_name(name)?, access)
    }

    /// Opens the same key with other rights; `None` when it was deleted meanwhile.
    pub(crate) fn reopen(&self, access: KeyAccess) -> Result<Option<Self>, Status> {
        Self::open(Some(&self.0), &counted(&[])?, access)
    }

    fn open(parent: Option<&Handle>, name: &Counted<'_>, access: KeyAccess) -> Result<Option<Self>, Status> {
        let attributes = attributes(parent, name, OBJ_OPENLINK);
        let mut handle: HANDLE = ptr::null_mut();
        // SAFETY: `attributes` points at `name` and at the parent's handle, both borrowed by this function; `handle` is
        // a valid place for the result.
        let status =
            unsafe { NtOpenKeyEx(&raw mut handle, access.rights, &raw const attributes, access.options) };
        match Status::check(status) {
            // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
            Ok(()) => Ok(Some(Self(unsafe { Handle::own(handle) }))),
            Err(status) if status.is_absent() => Ok(None),
            Err(status) => Err(status),
        }
    }

    /// Opens a direct sub-key, or creates it; says whether it was created. Only a created key gets the class and the
    /// security descriptor (without one, it inherits from its parent).
    pub(crate) fn create_sub(
        &self,
        name: &Name,
        class: Option<&Name>,
        security: Option<&SecurityDescriptor>,
        access: KeyAccess,
    ) -> Result<(Self, bool), Status> {
        let name = key_name(name)?;
        let class = class.map(|class| counted(class.units())).transpose()?;
        let mut attributes = attributes(Some(&self.0), &name, OBJ_OPENLINK);
        attributes.SecurityDescriptor = security.map_or(ptr::null(), SecurityDescriptor::as_ptr);
        let mut handle: HANDLE = ptr::null_mut();
        let mut disposition = 0;
        // SAFETY: `attributes` points at `name`, our own handle and perhaps a security descriptor, `class` is null or a
        // counted string; all of them live until the end of this function. Both results have valid places.
        let status = unsafe {
            NtCreateKey(
                &raw mut handle,
                access.rights,
                &raw const attributes,
                0,
                class.as_ref().map_or(ptr::null(), Counted::as_ptr),
                access.options,
                &raw mut disposition,
            )
        };
        Status::check(status)?;
        // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
        Ok((Self(unsafe { Handle::own(handle) }), disposition == REG_CREATED_NEW_KEY))
    }

    /// Number of values and sub-keys, last write time and class.
    pub(crate) fn info(&self, buffer: &mut Buffer) -> Result<KeyInfo, Status> {
        self.query(KeyFullInformation, buffer)?;
        let class_len = buffer.u32_at(16);
        let class = if class_len > 0 { buffer.units(buffer.u32_at(12), class_len) } else { None };
        Ok(KeyInfo {
            last_write: FileTime(buffer.u64_at(0)),
            class: class.map(Name::from_units),
            subkeys: buffer.u32_at(20),
            values: buffer.u32_at(32),
        })
    }

    /// The key's own name as the registry spells it.
    pub(crate) fn own_name(&self, buffer: &mut Buffer) -> Result<Name, Status> {
        self.query(KeyBasicInformation, buffer)?;
        basic_name(buffer)
    }

    fn query(&self, class: KEY_INFORMATION_CLASS, buffer: &mut Buffer) -> Result<(), Status> {
        with_room(buffer, |out, room, needed| {
            // SAFETY: `out` has `room` writable bytes, aligned for the structures; the handle is open.
            unsafe { NtQueryKey(self.0.raw(), class, out, room, needed) }
        })
    }

    /// Name of the sub-key with this index; `None` behind the last one.
    pub(crate) fn subkey_name(&self, index: u32, buffer: &mut Buffer) -> Result<Option<Name>, Status> {
        let read = with_room(buffer, |out, room, needed| {
            // SAFETY: `out` has `room` writable bytes, aligned for the structures; the handle is open.
            unsafe { NtEnumerateKey(self.0.raw(), index, KeyBasicInformation, out, room, needed) }
        });
        match read {
            Ok(()) => basic_name(buffer).map(Some),
            Err(status) if status.is_end() => Ok(None),
            Err(status) => Err(status),
        }
    }

    /// The value with this index; `None` behind the last one. Data that do not fit into the buffer are left out.
    pub(crate) fn value_at(&self, index: u32, buffer: &mut Buffer) -> Result<Option<Found>, Status> {
        let mut needed = 0;
        let room = buffer.room();
        // SAFETY: the buffer has `room` writable bytes, aligned for the structure; the handle is open.
        let status = unsafe {
            NtEnumerateValueKey(
                self.0.raw(),
                index,
                KeyValueFullInformation,
                buffer.as_mut_ptr(),
                room,
                &raw mut needed,
            )
        };
        let whole = match Status::check(status) {
            Ok(()) => true,
            Err(status) if status.is_end() => return Ok(None),
            // The buffer always has room for the structure and the longest name, so these two are there.
            Err(status) if status.wants_room() => false,
            Err(status) => return Err(status),
        };
        let offset = buffer.u32_at(8);
        // Wine gives the length of what it copied; what the call needs is told rightly by both.
        let len = if whole { buffer.u32_at(12) } else { needed.saturating_sub(offset) };
        let name = buffer.units(20, buffer.u32_at(16)).ok_or(Status::TOO_SMALL)?;
        let data = match whole {
            true if len == 0 => Some(Arc::default()),
            true => Some(buffer.slice(offset, len).ok_or(Status::TOO_SMALL)?.into()),
            false => None,
        };
        Ok(Some(Found { name: Name::from_units(name), ty: ValueType(buffer.u32_at(4)), len, data }))
    }

    /// A value; `None` when it is not there. Its name is spelled as it was asked for.
    pub(crate) fn value(&self, name: &Name, buffer: &mut Buffer) -> Result<Option<Value>, Status> {
        let counted = counted(name.units())?;
        let read = with_room(buffer, |out, room, needed| {
            // SAFETY: `out` has `room` writable bytes, aligned for the structure; `counted` is alive, the handle is open.
            unsafe {
                NtQueryValueKey(self.0.raw(), counted.as_ptr(), KeyValuePartialInformation, out, room, needed)
            }
        });
        match read {
            Ok(()) => {
                let data = buffer.slice(12, buffer.u32_at(8)).ok_or(Status::TOO_SMALL)?;
                Ok(Some(Value::new(name.clone(), ValueType(buffer.u32_at(4)), data)))
            }
            Err(status) if status.is_absent() => Ok(None),
            Err(status) => Err(status),
        }
    }

    /// Whether the key is a symbolic link. Needs the right to query values.
    pub(crate) fn is_link(&self) -> Result<bool, Status> {
        let name = LINK_VALUE.encode_utf16().collect::<Vec<_>>();
        let name = counted(&name)?;
        // Room for the type and no more: whoever owns the key decides how long the value is.
        let mut buffer = Buffer::with_room(64);
        let (room, mut needed) = (buffer.room(), 0);
        // SAFETY: the buffer has `room` writable bytes, aligned for the structure; the name is alive, the handle is open.
        let status = unsafe {
            NtQueryValueKey(
                self.0.raw(),
                name.as_ptr(),
                KeyValuePartialInformation,
                buffer.as_mut_ptr(),
                room,
                &raw mut needed,
            )
        };
        match Status::check(status) {
            Err(status) if status.is_absent() => Ok(false),
            Err(status) if !status.wants_room() => Err(status),
            Ok(()) | Err(_) => Ok(ValueType(buffer.u32_at(4)) == ValueType::LINK),
        }
    }

    /// Sets a value.
    pub(crate) fn set_value(&self, name: &Name, ty: ValueType, data: &[u8]) -> Result<(), Status> {
        let name = counted(name.units())?;
        let len = u32::try_from(data.len()).map_err(|_| Status::TOO_SMALL)?;
        // SAFETY: the name and `len` bytes of data are alive during the call; the handle is open.
        Status::check(unsafe {
            NtSetValueKey(self.0.raw(), name.as_ptr(), 0, ty.0, data.as_ptr().cast(), len)
        })
    }

    /// Deletes a value; says whether it was there.
    pub(crate) fn delete_value(&self, name: &Name) -> Result<bool, Status> {
        let name = counted(name.units())?;
        // SAFETY: the name is alive during the call; the handle is open.
        match Status::check(unsafe { NtDeleteValueKey(self.0.raw(), name.as_ptr()) }) {
            Ok(()) => Ok(true),
            Err(status) if status.is_absent() => Ok(false),
            Err(status) => Err(status),
        }
    }

    /// Deletes the key, which must have no sub-keys. The handle can only be closed afterwards.
    pub(crate) fn delete(self) -> Result<(), Status> {
        // SAFETY: the handle is open.
        Status::check(unsafe { NtDeleteKey(self.0.raw()) })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.0
    }

    /// Has an event set when a sub-key comes or goes here, and with `whole`, also when anything changes here or below; once.
    /// What the handle was first asked for is what it always tells.
    pub(crate) fn notify(&self, event: &Event, whole: bool) -> Result<(), u32> {
        let what =
            if whole { REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET } else { REG_NOTIFY_CHANGE_NAME };
        let filter = what | REG_NOTIFY_THREAD_AGNOSTIC;
        // SAFETY: both handles are open. The event may be closed before it is set: the system holds it.
        match unsafe { RegNotifyChangeKeyValue(self.0.raw(), whole.into(), filter, event.raw(), 1) } {
            0 => Ok(()),
            code => Err(code),
        }
    }

    /// Has the hive that holds the key written to its file.
    pub(crate) fn flush(&self) -> Result<(), Status> {
        // SAFETY: the handle is open.
        Status::check(unsafe { NtFlushKey(self.0.raw()) })
    }
}

/// A key name as the system may get it. A backslash would make it a path, an empty name the parent itself.
fn key_name(name: &Name) -> Result<Counted<'_>, Status> {
    let units = name.units();
    if units.is_empty() || units.len() > MAX_KEY_NAME || units.contains(&u16::from(b'\\')) {
        return Err(Status::NAME_INVALID);
    }
    counted(units)
}

fn basic_name(buffer: &Buffer) -> Result<Name, Status> {
    buffer.units(16, buffer.u32_at(12)).map(Name::from_units).ok_or(Status::TOO_SMALL)
}

/// Calls until the buffer is large enough.
fn with_room(
    buffer: &mut Buffer,
    mut call: impl FnMut(*mut std::ffi::c_void, u32, *mut u32) -> i32,
) -> Result<(), Status> {
    loop {
        let mut needed = 0;
        let (room, out) = (buffer.room(), buffer.as_mut_ptr());
        match Status::check(call(out, room, &raw mut needed)) {
            Err(status) if status.wants_room() && needed > room => buffer.grow(needed)?,
            done => return done,
        }
    }
}
