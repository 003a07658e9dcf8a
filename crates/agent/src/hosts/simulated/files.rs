use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, FileTimes, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use mp_dataset::{FileContent, FilePath};
use mp_durable::Readers;
use mp_profile::{
    FileError, FileErrorKind, FileFilter, FileListing, FolderLocation, FolderPlace, ProfileFiles, SafePath,
    TEMPORARY_FILES,
};
use mp_registry::{FileTime, Name};

use super::{attributes::Attributes, disk::Folder, folders::Folders, list::Lister};
use crate::chain::chain;

/// The special folders of one profile. Links are refused wherever they are met, and so are files with several names.
#[derive(Debug)]
pub(super) struct SimulatedFiles {
    folder: PathBuf,
    folders: Folders,
    attributes: Attributes,
}

/// A file or folder as it is called on disk.
struct OnDisk {
    name: OsString,
    metadata: Metadata,
}

impl SimulatedFiles {
    pub(super) fn new(folder: PathBuf, folders: Folders, attributes: Attributes) -> Self {
        Self { folder, folders, attributes }
    }

    /// A file's key in [`Attributes`]: its path on disk below the profile folder.
    pub(super) fn attribute_key(&self, on_disk: &Path) -> String {
        let below = on_disk.strip_prefix(&self.folder).unwrap_or(on_disk);
        let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("\\")
    }

    pub(super) fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Where components below a special folder are, counted from the profile folder.
    fn inside(&self, folder: &str, below: &[Name]) -> Result<Vec<Name>, FileErrorKind> {
        match self.folders.get(folder) {
            Some(FolderPlace::Inside(start)) => Ok(start.iter().chain(below).cloned().collect()),
            Some(FolderPlace::Outside(_)) | None => Err(FileErrorKind::NotInProfile),
        }
    }

    /// The folder at these components; `None` when it is not there and not to be made.
    fn walk(&self, components: &[Name], make: bool) -> Result<Option<Folder>, FileErrorKind> {
        let mut at = match Folder::open(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| kind_of(&error))?,
        };
        for name in components {
            let name = match child(&at, name)? {
                Some(found) if found.metadata.is_symlink() => return Err(FileErrorKind::ReparsePoint),
                Some(found) if found.metadata.is_dir() => found.name,
                Some(_) => {
                    return Err(FileErrorKind::System(format!("\"{name}\" is a file, not a folder")));
                }
                None if make => {
                    let name = OsString::from(text_of(name)?);
                    fs::create_dir(at.at(&name)).map_err(|error| kind_of(&error))?;
                    name
                }
                None => return Ok(None),
            };
            at = enter(&at, &name)?;
        }
        Ok(Some(at))
    }

    /// The folder of a file and the file in it, each if it is there.
    fn find(&self, path: &FilePath, make: bool) -> Result<(Option<Folder>, Option<OnDisk>), FileErrorKind> {
        SafePath::check(path).map_err(FileErrorKind::UnsafeName)?;
        let components = self.inside(&path.folder, &path.components)?;
        let Some((name, folders)) = components.split_last() else { return Ok((None, None)) };
        let Some(folder) = self.walk(folders, make)? else { return Ok((None, None)) };
        let found = child(&folder, name)?;
        if let Some(found) = &found {
            check_plain(&found.metadata)?;
        }
        Ok((Some(folder), found))
    }

    fn read_file(&self, path: &FilePath, limit: u64) -> Result<FileContent, FileErrorKind> {
        let (Some(folder), Some(found)) = self.find(path, false)? else {
            return Err(FileErrorKind::System("no such file".to_owned()));
        };
        let open = || -> io::Result<(File, Metadata)> {
            let file = folder.open_file(&found.name)?;
            let metadata = file.metadata()?;
            Ok((file, metadata))
        };
        let (file, metadata) = open().map_err(|error| kind_of(&error))?;
        check_plain(&metadata)?;
        let too_large = |len| FileErrorKind::TooLarge { len, limit };
        if metadata.len() > limit {
            return Err(too_large(metadata.len()));
        }
        let mut bytes = Vec::new();
        let taken = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        taken.map_err(|error| kind_of(&error))?;
        let len = bytes.len() as u64;
        if len > limit {
            return Err(too_large(len));
        }
        Ok(FileContent {
            modified: modified(&metadata)?,
            attributes: self.attributes.get(&self.attribute_key(&folder.real(&found.name))),
            bytes: bytes.into(),
        })
    }

    fn write_file(&mut self, path: &FilePath, content: &FileContent) -> Result<(), FileErrorKind> {
        let (folder, found) = self.find(path, true)?;
        let (Some(folder), Some(name)) = (folder, path.components.last()) else {
            return Err(FileErrorKind::NotInProfile);
        };
        let name = match found {
            Some(found) => found.name,
            None => OsString::from(text_of(name)?),
        };
        let time = content.modified.to_system();
        let time = time.ok_or_else(|| FileErrorKind::System("its time is out of range".to_owned()))?;
        put(&folder.at(&name), &folder.at(TEMPORARY_FILES.0.as_ref()), &content.bytes, time)
            .map_err(|error| kind_of(&error))?;
        self.set_attributes(&folder.real(&name), content.attributes)
    }

    fn set_attributes(
        &mut self,
        on_disk: &Path,
        attributes: mp_dataset::FileAttributes,
    ) -> Result<(), FileErrorKind> {
        let key = self.attribute_key(on_disk);
        self.attributes.set(key, attributes).map_err(|error| FileErrorKind::System(chain(&error)))
    }

    fn delete_file(&mut self, path: &FilePath) -> Result<bool, FileErrorKind> {
        let (Some(folder), Some(found)) = self.find(path, false)? else { return Ok(false) };
        fs::remove_file(folder.at(&found.name)).map_err(|error| kind_of(&error))?;
        self.set_attributes(&folder.real(&found.name), mp_dataset::FileAttributes::default())?;
        Ok(true)
    }
}

impl ProfileFiles for SimulatedFiles {
    fn locate(&self, folder: &str) -> Result<FolderLocation, FileError> {
        Ok(match self.folders.get(folder) {
            Some(FolderPlace::Inside(_)) => FolderLocation::InProfile,
            Some(FolderPlace::Outside(to)) => FolderLocation::Redirected(to.clone()),
            None => FolderLocation::Missing,
        })
    }

    fn list(
        &self,
        folder: &str,
        components: &[Name],
        recursive: bool,
        filter: &mut dyn FileFilter,
    ) -> Result<FileListing, FileError> {
        let path = FilePath { folder: folder.to_owned(), components: components.to_vec() };
        let start = self.inside(folder, components).and_then(|inside| self.walk(&inside, false));
        let error = |cause| FileError { doing: "list", path: path.to_string(), cause };
        let Some(start) = start.map_err(error)? else { return Ok(FileListing::default()) };
        let mut lister = Lister::new(self, recursive, filter, path.clone());
        lister.folder(&start).map_err(error)?;
        Ok(lister.listing)
    }

    fn read(&self, path: &FilePath, limit: u64) -> Result<FileContent, FileError> {
        self.read_file(path, limit).map_err(|cause| FileError {
            doing: "read",
            path: path.to_string(),
            cause,
        })
    }

    fn write(&mut self, path: &FilePath, content: &FileContent) -> Result<(), FileError> {
        let written = self.write_file(path, content);
        written.map_err(|cause| FileError { doing: "write", path: path.to_string(), cause })
    }

    fn delete(&mut self, path: &FilePath) -> Result<bool, FileError> {
        self.delete_file(path).map_err(|cause| FileError { doing: "delete", path: path.to_string(), cause })
    }
}

/// What a folder holds under a name, case aside as in Windows; the very spelling first.
fn child(folder: &Folder, name: &Name) -> Result<Option<OnDisk>, FileErrorKind> {
    let exact = OsString::from(text_of(name)?);
    match folder.at(&exact).symlink_metadata() {
        Ok(metadata) => return Ok(Some(OnDisk { name: exact, metadata })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(kind_of(&error)),
    }
    let mut same = Vec::new();
    for entry in fs::read_dir(folder.path()).map_err(|error| kind_of(&error))? {
        let entry = entry.map_err(|error| kind_of(&error))?;
        if entry.file_name().to_str().is_some_and(|found| Name::from(found).same(name)) {
            same.push(entry.file_name());
        }
    }
    same.sort();
    let Some(name) = same.into_iter().next() else { return Ok(None) };
    let metadata = folder.at(&name).symlink_metadata().map_err(|error| kind_of(&error))?;
    Ok(Some(OnDisk { name, metadata }))
}

/// Opens a folder that was one when it was looked at.
pub(super) fn enter(folder: &Folder, name: &OsStr) -> Result<Folder, FileErrorKind> {
    folder.enter(name).map_err(|error| match error.kind() {
        // It was swapped for a link meanwhile.
        io::ErrorKind::NotADirectory => FileErrorKind::ReparsePoint,
        _ => kind_of(&error),
    })
}

/// Writes a file beside its place, then puts it there in one step.
fn put(target: &Path, beside: &Path, bytes: &[u8], modified: SystemTime) -> io::Result<()> {
    let temporary = mp_durable::write_beside(beside, bytes, Readers::OwnerOnly)?;
    let placed = File::options()
        .write(true)
        .open(&temporary)
        .and_then(|file| {
            file.set_times(FileTimes::new().set_modified(modified)).and_then(|()| file.sync_all())
        })
        .and_then(|()| fs::rename(&temporary, target));
    if placed.is_err() {
        drop(fs::remove_file(&temporary));
    }
    placed.and_then(|()| mp_durable::sync_folder_of(target))
}

fn text_of(name: &Name) -> Result<String, FileErrorKind> {
    name.to_text()
        .ok_or(FileErrorKind::UnsafeName("it holds a lone surrogate, which this file system cannot hold"))
}

/// Refuses what is not a plain file with one name.
pub(super) fn check_plain(metadata: &Metadata) -> Result<(), FileErrorKind> {
    if metadata.is_symlink() {
        Err(FileErrorKind::ReparsePoint)
    } else if !metadata.is_file() {
        Err(FileErrorKind::System("it is not a plain file".to_owned()))
    } else if links(metadata) > 1 {
        Err(FileErrorKind::HardLinked)
    } else {
        Ok(())
    }
}

#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

/// The standard library does not tell on other systems.
#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}

pub(super) fn modified(metadata: &Metadata) -> Result<FileTime, FileErrorKind> {
    metadata.modified().map(FileTime::from_system).map_err(|error| kind_of(&error))
}

pub(super) fn kind_of(error: &io::Error) -> FileErrorKind {
    match error.kind() {
        io::ErrorKind::PermissionDenied => FileErrorKind::AccessDenied,
        io::ErrorKind::ResourceBusy => FileErrorKind::InUse,
        _ => FileErrorKind::System(error.to_string()),
    }
}
