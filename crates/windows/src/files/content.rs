use std::sync::atomic::{AtomicU32, Ordering};

use mp_dataset::{FileAttributes, FileContent};
use mp_profile::{FileErrorKind, TEMPORARY_FILES};
use mp_registry::{FileTime, Name};
use windows_sys::{
    Wdk::Storage::FileSystem::{FILE_CREATE, FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_OPEN_NO_RECALL},
    Win32::Storage::FileSystem::{
        DELETE, FILE_ATTRIBUTE_READONLY, FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_WRITE_ATTRIBUTES,
        FILE_WRITE_DATA,
    },
};

use super::walk::{SHARE_ALL, kind, plain};
use crate::nt::{FileAccess, FileHandle, Status};

const OPEN: FileAccess =
    FileAccess { rights: 0, share: SHARE_ALL, disposition: FILE_OPEN, options: FILE_OPEN_NO_RECALL };

/// Reads a plain file of at most `limit` bytes. A file that is written meanwhile is in use.
pub(super) fn read(folder: &FileHandle, name: &Name, limit: u64) -> Result<FileContent, FileErrorKind> {
    let file = folder
        .open_at(name, FileAccess { rights: FILE_READ_DATA | FILE_READ_ATTRIBUTES, ..OPEN })
        .map_err(kind)?;
    let info = plain(&file)?;
    let too_large = FileErrorKind::TooLarge { len: info.len, limit };
    if info.len > limit {
        return Err(too_large);
    }
    let mut bytes = vec![0; usize::try_from(info.len).map_err(|_| too_large)?];
    let mut read = 0;
    while read < bytes.len() {
        match file.read(&mut bytes[read..]).map_err(kind)? {
            0 => return Err(FileErrorKind::InUse),
            some => read += some,
        }
    }
    if file.info().map_err(kind)? != info {
        return Err(FileErrorKind::InUse);
    }
    let attributes = FileAttributes::from_bits(info.attributes);
    Ok(FileContent { modified: info.modified, attributes, bytes: bytes.into() })
}

/// Writes a file beside its place, then puts it there in one step.
pub(super) fn write(folder: &FileHandle, name: &Name, content: &FileContent) -> Result<(), FileErrorKind> {
    let attributes = match open_former(folder, name)? {
        Some(former) => Some(plain(&former)?.attributes),
        None => None,
    };
    let new = create_beside(folder)?;
    let put = (|| {
        new.write(&content.bytes)?;
        new.set_basic(content.attributes.bits(), content.modified)?;
        new.flush()?;
        new.rename_over(folder, name).or_else(|status| match attributes {
            // Systems before Windows 10 1809 do not replace a read-only file.
            Some(bits) if status.is_denied() && bits & FILE_ATTRIBUTE_READONLY != 0 => {
                set_attributes(folder, name, bits & !FILE_ATTRIBUTE_READONLY)?;
                new.rename_over(folder, name).inspect_err(|_| {
                    // The first failure is the one to report.
                    let _ = set_attributes(folder, name, bits);
                })
            }
            _ => Err(status),
        })
    })();
    put.map_err(|status| {
        // Nothing can be done if that fails as well; the name says whose file it is.
        let _ = new.delete_on_close();
        // The right to delete the former file was granted before: somebody holds it open.
        if status.is_denied() { FileErrorKind::InUse } else { kind(status) }
    })
}

fn set_attributes(folder: &FileHandle, name: &Name, bits: u32) -> Result<(), Status> {
    folder.open_at(name, FileAccess { rights: FILE_WRITE_ATTRIBUTES, ..OPEN })?.set_basic(bits, FileTime(0))
}

/// Deletes a plain file; says whether it was there.
pub(super) fn delete(folder: &FileHandle, name: &Name) -> Result<bool, FileErrorKind> {
    let Some(file) = open_former(folder, name)? else { return Ok(false) };
    let info = plain(&file)?;
    if info.attributes & FILE_ATTRIBUTE_READONLY != 0 {
        file.set_basic(info.attributes & !FILE_ATTRIBUTE_READONLY, FileTime(0)).map_err(kind)?;
    }
    file.delete_on_close().map_err(kind)?;
    Ok(true)
}

/// Opens a file that is to be replaced or deleted; `None` when it is not there.
fn open_former(folder: &FileHandle, name: &Name) -> Result<Option<FileHandle>, FileErrorKind> {
    let rights = DELETE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;
    match folder.open_at(name, FileAccess { rights, ..OPEN }) {
        Ok(file) => Ok(Some(file)),
        Err(status) if status.is_absent() => Ok(None),
        Err(status) => Err(kind(status)),
    }
}

/// Creates a new file in the folder, with a name that no other has.
fn create_beside(folder: &FileHandle) -> Result<FileHandle, FileErrorKind> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let access = FileAccess {
        rights: FILE_WRITE_DATA | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | DELETE,
        share: 0,
        disposition: FILE_CREATE,
        options: FILE_NON_DIRECTORY_FILE,
    };
    for _ in 0..16 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let (start, end) = TEMPORARY_FILES;
        let name = format!("{start}{}-{number}{end}", std::process::id());
        match folder.open_at(&name.as_str().into(), access) {
            Err(status) if status.is_collision() => {}
            created => return created.map_err(kind),
        }
    }
    Err(FileErrorKind::System("no free name for a new file beside it".to_owned()))
}
