use std::{ffi::c_void, mem::MaybeUninit, ptr};

use mp_registry::{FileTime, Name};
use windows_sys::{
    Wdk::Storage::FileSystem::{
        FILE_BASIC_INFORMATION, FILE_DISPOSITION_INFORMATION, FILE_INFORMATION_CLASS,
        FILE_OPEN_REPARSE_POINT, FILE_RENAME_IGNORE_READONLY_ATTRIBUTE, FILE_RENAME_INFORMATION,
        FILE_RENAME_POSIX_SEMANTICS, FILE_RENAME_REPLACE_IF_EXISTS, FILE_STANDARD_INFORMATION,
        FILE_SYNCHRONOUS_IO_NONALERT, FileBasicInformation, FileDispositionInformation,
        FileFullDirectoryInformation, FileRenameInformation, FileRenameInformationEx,
        FileStandardInformation, NtCreateFile, NtFlushBuffersFile, NtQueryDirectoryFile,
        NtQueryInformationFile, NtReadFile, NtSetInformationFile, NtWriteFile,
    },
    Win32::{
        Foundation::HANDLE,
        Storage::FileSystem::{FILE_ATTRIBUTE_NORMAL, SYNCHRONIZE},
        System::IO::IO_STATUS_BLOCK,
    },
};

use super::{
    Buffer, Handle, Status, attributes, counted,
    handle::{Counted, size_u32},
};

/// How a file or folder is opened; the constants are those of `NtCreateFile`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileAccess {
    pub(crate) rights: u32,
    pub(crate) share: u32,
    pub(crate) disposition: u32,
    pub(crate) options: u32,
}

/// An open file or folder. It is always opened as itself (`FILE_OPEN_REPARSE_POINT`), never what a link points at.
#[derive(Debug)]
pub(crate) struct FileHandle(Handle);

/// Facts about an open file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FileInfo {
    pub(crate) attributes: u32,
    pub(crate) modified: FileTime,
    pub(crate) len: u64,
    pub(crate) links: u32,
}

/// An entry of a folder.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Name,
    pub(crate) attributes: u32,
    pub(crate) modified: FileTime,
    pub(crate) len: u64,
}

impl FileHandle {
    /// Opens by an absolute native path, such as `\??\C:\Users\ada`.
    pub(crate) fn open_path(path: &[u16], access: FileAccess) -> Result<Self, Status> {
        Self::open(None, path, access)
    }

    /// Opens a direct child of this folder. The name must have been checked to be one component.
    pub(crate) fn open_at(&self, name: &Name, access: FileAccess) -> Result<Self, Status> {
        if name.is_empty() {
            return Err(Status::NAME_INVALID);
        }
        Self::open(Some(&self.0), name.units(), access)
    }

    fn open(parent: Option<&Handle>, name: &[u16], access: FileAccess) -> Result<Self, Status> {
        let name = counted(name)?;
        let attributes = attributes(parent, &name, 0);
        let mut handle: HANDLE = ptr::null_mut();
        let mut io = IO_STATUS_BLOCK::default();
        // SAFETY: `attributes` points at `name` and at the parent's handle, which live until the end of this function; both
        // results have valid places; there is no allocation size and no extended attribute.
        let status = unsafe {
            NtCreateFile(
                &raw mut handle,
                access.rights | SYNCHRONIZE,
                &raw const attributes,
                &raw mut io,
                ptr::null(),
                FILE_ATTRIBUTE_NORMAL,
                access.share,
                access.disposition,
                access.options | FILE_OPEN_REPARSE_POINT | FILE_SYNCHRONOUS_IO_NONALERT,
                ptr::null(),
                0,
            )
        };
        Status::check(status)?;
        // SAFETY: the call succeeded, so it gave a handle that nobody else knows.
        Ok(Self(unsafe { Handle::own(handle) }))
    }

    /// Attributes, time, length and number of hard links.
    pub(crate) fn info(&self) -> Result<FileInfo, Status> {
        // SAFETY: the types are the ones that these classes are documented to write.
        let (basic, standard): (FILE_BASIC_INFORMATION, FILE_STANDARD_INFORMATION) =
            unsafe { (self.query(FileBasicInformation)?, self.query(FileStandardInformation)?) };
        Ok(FileInfo {
            attributes: basic.FileAttributes,
            modified: FileTime(basic.LastWriteTime.cast_unsigned()),
            len: standard.EndOfFile.cast_unsigned(),
            links: standard.NumberOfLinks,
        })
    }

    /// # Safety
    /// `T` must be the plain structure that `class` writes.
    unsafe fn query<T>(&self, class: FILE_INFORMATION_CLASS) -> Result<T, Status> {
        let mut io = IO_STATUS_BLOCK::default();
        let mut info = MaybeUninit::<T>::zeroed();
        let out: *mut c_void = info.as_mut_ptr().cast();
        // SAFETY: `out` has room for a `T`; the handle is open.
        let status =
            unsafe { NtQueryInformationFile(self.0.raw(), &raw mut io, out, size_u32::<T>(), class) };
        Status::check(status)?;
        // SAFETY: the structures are of integers, for which zeroed memory is valid, and the call has filled them.
        Ok(unsafe { info.assume_init() })
    }

    /// # Safety
    /// `T` must be the structure that `class` reads, `len` bytes long with what follows it.
    unsafe fn set<T>(&self, class: FILE_INFORMATION_CLASS, info: *const T, len: u32) -> Result<(), Status> {
        let mut io = IO_STATUS_BLOCK::default();
        // SAFETY: the caller promises that `info` is right for the class; the handle is open.
        Status::check(unsafe { NtSetInformationFile(self.0.raw(), &raw mut io, info.cast(), len, class) })
    }

    /// Reads on from where the last read ended; 0 at the end of the file.
    pub(crate) fn read(&self, out: &mut [u8]) -> Result<usize, Status> {
        let mut io = IO_STATUS_BLOCK::default();
        let len = u32::try_from(out.len()).unwrap_or(u32::MAX);
        // SAFETY: `out` has at least `len` writable bytes; the handle is open and synchronous, so the call is over when it
        // returns.
        let status = unsafe {
            NtReadFile(
                self.0.raw(),
                ptr::null_mut(),
                None,
                ptr::null(),
                &raw mut io,
                out.as_mut_ptr().cast(),
                len,
                ptr::null(),
                ptr::null(),
            )
        };
        match Status::check(status) {
            Ok(()) => Ok(io.Information.min(out.len())),
            Err(status) if status.is_end() => Ok(0),
            Err(status) => Err(status),
        }
    }

    /// Writes all bytes, on from where the last write ended.
    pub(crate) fn write(&self, mut bytes: &[u8]) -> Result<(), Status> {
        while !bytes.is_empty() {
            let mut io = IO_STATUS_BLOCK::default();
            let len = u32::try_from(bytes.len()).unwrap_or(1 << 30);
            // SAFETY: there are at least `len` bytes; the handle is open and synchronous, so the call is over when it
            // returns.
            let status = unsafe {
                NtWriteFile(
                    self.0.raw(),
                    ptr::null_mut(),
                    None,
                    ptr::null(),
                    &raw mut io,
                    bytes.as_ptr().cast(),
                    len,
                    ptr::null(),
                    ptr::null(),
                )
            };
            Status::check(status)?;
            bytes = bytes.get(io.Information.max(1)..).unwrap_or_default();
        }
        Ok(())
    }

    /// Sets attributes and, unless it is 0, the time of last modification.
    pub(crate) fn set_basic(&self, attributes: u32, modified: FileTime) -> Result<(), Status> {
        let info = FILE_BASIC_INFORMATION {
            // No attributes at all would mean "leave them".
            FileAttributes: if attributes == 0 { FILE_ATTRIBUTE_NORMAL } else { attributes },
            // A time beyond the year 30,000 is none; negative numbers would be commands.
            LastWriteTime: i64::try_from(modified.0).unwrap_or(0),
            ..Default::default()
        };
        // SAFETY: the structure is the one of this class.
        unsafe { self.set(FileBasicInformation, &raw const info, size_u32::<FILE_BASIC_INFORMATION>()) }
    }

    /// Has the file's bytes written to the disk.
    pub(crate) fn flush(&self) -> Result<(), Status> {
        let mut io = IO_STATUS_BLOCK::default();
        // SAFETY: the handle is open; the result has a valid place.
        Status::check(unsafe { NtFlushBuffersFile(self.0.raw(), &raw mut io) })
    }

    /// Has the file deleted when its last handle is closed.
    pub(crate) fn delete_on_close(&self) -> Result<(), Status> {
        let info = FILE_DISPOSITION_INFORMATION { DeleteFile: true };
        let len = size_u32::<FILE_DISPOSITION_INFORMATION>();
        // SAFETY: the structure is the one of this class.
        unsafe { self.set(FileDispositionInformation, &raw const info, len) }
    }

    /// Gives the file a name in `folder`, in place of a file that has it; also of a read-only one, and of one that others
    /// hold open for sharing deletion, where the system can do that (Windows 10 1809 and later).
    pub(crate) fn rename_over(&self, folder: &Self, name: &Name) -> Result<(), Status> {
        let flags = FILE_RENAME_REPLACE_IF_EXISTS
            | FILE_RENAME_POSIX_SEMANTICS
            | FILE_RENAME_IGNORE_READONLY_ATTRIBUTE;
        match self.rename(FileRenameInformationEx, flags, folder, name) {
            Err(status) if status.is_unknown_request() => {
                self.rename(FileRenameInformation, FILE_RENAME_REPLACE_IF_EXISTS, folder, name)
            }
            done => done,
        }
    }

    fn rename(
        &self,
        class: FILE_INFORMATION_CLASS,
        flags: u32,
        folder: &Self,
        name: &Name,
    ) -> Result<(), Status> {
        let name_len = u32::try_from(name.units().len() * 2).map_err(|_| Status::NAME_INVALID)?;
        let len = size_u32::<FILE_RENAME_INFORMATION>() + name_len;
        let mut room = vec![0_u64; usize::try_from(len.div_ceil(8)).map_err(|_| Status::NAME_INVALID)?];
        let info: *mut FILE_RENAME_INFORMATION = room.as_mut_ptr().cast();
        // SAFETY: `room` is aligned and large enough for the structure with the name behind it. The flags share their place
        // with the boolean of the older class, which is their lowest bit.
        unsafe {
            (&raw mut (*info).Anonymous.Flags).write(flags);
            (&raw mut (*info).RootDirectory).write(folder.0.raw());
            (&raw mut (*info).FileNameLength).write(name_len);
            let place: *mut u16 = (&raw mut (*info).FileName).cast();
            ptr::copy_nonoverlapping(name.units().as_ptr(), place, name.units().len());
            self.set(class, info.cast_const(), len)
        }
    }

    /// The next entries of the folder, as many as fit into the buffer; none at the end.
    pub(crate) fn entries(&self, buffer: &mut Buffer) -> Result<Vec<Entry>, Status> {
        self.query_entries(None, buffer)
    }

    /// The entry that a name without wildcards leads to, which may be called otherwise: the name can be its short form
    /// (8.3). The system remembers the question with the handle, so it must be the first one about the folder's entries.
    pub(crate) fn entry_of(&self, name: &Name, buffer: &mut Buffer) -> Result<Option<Entry>, Status> {
        Ok(self.query_entries(Some(name), buffer)?.into_iter().next())
    }

    fn query_entries(&self, name: Option<&Name>, buffer: &mut Buffer) -> Result<Vec<Entry>, Status> {
        let name = name.map(|name| counted(name.units())).transpose()?;
        let mut io = IO_STATUS_BLOCK::default();
        let room = buffer.room();
        // SAFETY: the buffer has `room` writable bytes, aligned for the structures; the name, if there is one, is alive; the
        // handle is open and synchronous.
        let status = unsafe {
            NtQueryDirectoryFile(
                self.0.raw(),
                ptr::null_mut(),
                None,
                ptr::null(),
                &raw mut io,
                buffer.as_mut_ptr(),
                room,
                FileFullDirectoryInformation,
                false,
                name.as_ref().map_or(ptr::null(), Counted::as_ptr),
                false,
            )
        };
        match Status::check(status) {
            Ok(()) => {}
            Err(status) if status.is_end() => return Ok(Vec::new()),
            Err(status) => return Err(status),
        }
        let (mut entries, mut at) = (Vec::new(), 0_u32);
        loop {
            // FILE_FULL_DIR_INFORMATION: next, index, four times, length, allocation, attributes, name length, EA size, name.
            let offset = usize::try_from(at).unwrap_or(usize::MAX);
            let name = buffer.units(at + 68, buffer.u32_at(offset + 60)).ok_or(Status::TOO_SMALL)?;
            entries.push(Entry {
                name: Name::from_units(name),
                modified: FileTime(buffer.u64_at(offset + 24)),
                len: buffer.u64_at(offset + 40),
                attributes: buffer.u32_at(offset + 56),
            });
            match buffer.u32_at(offset) {
                0 => return Ok(entries),
                next => at = at.checked_add(next).filter(|&at| at < room).ok_or(Status::TOO_SMALL)?,
            }
        }
    }
}
