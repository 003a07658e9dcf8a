use mp_profile::FileErrorKind;
use mp_registry::Name;
use windows_sys::{
    Wdk::Storage::FileSystem::{FILE_DIRECTORY_FILE, FILE_OPEN, FILE_OPEN_IF},
    Win32::Storage::FileSystem::{
        FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_ENCRYPTED, FILE_ATTRIBUTE_OFFLINE,
        FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS, FILE_ATTRIBUTE_RECALL_ON_OPEN, FILE_ATTRIBUTE_REPARSE_POINT,
        FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
        FILE_TRAVERSE,
    },
};

use crate::nt::{Buffer, FileAccess, FileHandle, FileInfo, Status};

/// Lets others do with the file what they want.
pub(super) const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

fn folder_access(create: bool) -> FileAccess {
    FileAccess {
        rights: FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_READ_ATTRIBUTES,
        share: SHARE_ALL,
        disposition: if create { FILE_OPEN_IF } else { FILE_OPEN },
        options: FILE_DIRECTORY_FILE,
    }
}

/// Opens the profile folder itself, which must be a real folder; `None` when it is not there.
pub(super) fn open_profile(profile: &[u16]) -> Result<Option<FileHandle>, FileErrorKind> {
    let path: Vec<u16> = r"\??\".encode_utf16().chain(profile.iter().copied()).collect();
    real_folder(FileHandle::open_path(&path, folder_access(false)))
}

/// Opens a folder below another, one name after the other, each a real folder: a link that the user puts on the way is
/// met as a link, whenever it is put there. `None` when there is no such folder; with `create` it is made.
pub(super) fn descend(
    from: FileHandle,
    names: &[Name],
    create: bool,
) -> Result<Option<FileHandle>, FileErrorKind> {
    let mut at = from;
    for name in names {
        check_alias(&at, name)?;
        match open_folder(&at, name, create)? {
            Some(folder) => at = folder,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// Refuses a name that leads to an entry of another name. `STARTM~1` can be the short form of `Start Menu`, and what the
/// rules say is about names in full. The folder's entries must not have been looked at by this handle.
pub(super) fn check_alias(parent: &FileHandle, name: &Name) -> Result<(), FileErrorKind> {
    if !name.units().contains(&u16::from(b'~')) {
        return Ok(());
    }
    let mut buffer = Buffer::with_room(4096);
    match parent.entry_of(name, &mut buffer).map_err(kind)? {
        Some(entry) if !entry.name.same(name) => {
            Err(FileErrorKind::UnsafeName("it is the short form of another name"))
        }
        _ => Ok(()),
    }
}

/// Opens a direct sub-folder; `None` when it is not there.
pub(super) fn open_folder(
    parent: &FileHandle,
    name: &Name,
    create: bool,
) -> Result<Option<FileHandle>, FileErrorKind> {
    real_folder(parent.open_at(name, folder_access(create)))
}

fn real_folder(opened: Result<FileHandle, Status>) -> Result<Option<FileHandle>, FileErrorKind> {
    let folder = match opened {
        Ok(folder) => folder,
        Err(status) if status.is_absent() => return Ok(None),
        Err(status) => return Err(kind(status)),
    };
    let attributes = folder.info().map_err(kind)?.attributes;
    match refused(attributes & !FILE_ATTRIBUTE_ENCRYPTED) {
        Some(cause) => Err(cause),
        None => Ok(Some(folder)),
    }
}

/// Why an entry with these attributes never travels, if so.
pub(super) fn refused(attributes: u32) -> Option<FileErrorKind> {
    const ELSEWHERE: u32 =
        FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS | FILE_ATTRIBUTE_RECALL_ON_OPEN | FILE_ATTRIBUTE_OFFLINE;
    if attributes & ELSEWHERE != 0 {
        Some(FileErrorKind::Placeholder)
    } else if attributes & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        Some(FileErrorKind::ReparsePoint)
    } else if attributes & FILE_ATTRIBUTE_ENCRYPTED != 0 {
        Some(FileErrorKind::Encrypted)
    } else {
        None
    }
}

/// Facts about an open file, which must be a plain one with one name.
pub(super) fn plain(file: &FileHandle) -> Result<FileInfo, FileErrorKind> {
    let info = file.info().map_err(kind)?;
    if let Some(cause) = refused(info.attributes) {
        return Err(cause);
    }
    if info.attributes & FILE_ATTRIBUTE_DIRECTORY != 0 {
        return Err(FileErrorKind::System("it is a folder".to_owned()));
    }
    if info.links > 1 {
        return Err(FileErrorKind::HardLinked);
    }
    Ok(info)
}

pub(super) fn kind(status: Status) -> FileErrorKind {
    if status.is_in_use() {
        FileErrorKind::InUse
    } else if status.is_denied() {
        FileErrorKind::AccessDenied
    } else {
        FileErrorKind::System(format!("{} (error {:#x})", status.text(), status.code().cast_unsigned()))
    }
}
