use mp_dataset::{FileAttributes, FilePath};
use mp_profile::{
    FileError, FileErrorKind, FileFilter, FileListing, FoundFile, MAX_COMPONENTS, MAX_LISTED, is_left_behind,
};
use mp_registry::Name;
use windows_sys::Win32::Storage::FileSystem::FILE_ATTRIBUTE_DIRECTORY;

use super::walk::{kind, open_folder, refused};
use crate::nt::{Buffer, Entry, FileHandle};

/// Lists what a filter takes, folder by folder.
pub(super) struct Lister<'a> {
    pub(super) filter: &'a mut dyn FileFilter,
    pub(super) recursive: bool,
    /// The folder being listed.
    pub(super) path: FilePath,
    pub(super) listing: FileListing,
    pub(super) seen: usize,
}

impl Lister<'_> {
    /// Lists an open folder, which is `self.path`.
    pub(super) fn folder(&mut self, folder: &FileHandle) -> Result<(), FileErrorKind> {
        let mut folders = Vec::new();
        // Enough for hundreds of entries at a time; sub-folders are looked at when it is no longer needed.
        let mut buffer = Buffer::with_room(64 * 1024);
        loop {
            let entries = folder.entries(&mut buffer).map_err(kind)?;
            if entries.is_empty() {
                break;
            }
            self.seen += entries.len();
            if self.seen > MAX_LISTED {
                return Err(FileErrorKind::TooMany { limit: MAX_LISTED });
            }
            for entry in entries {
                if entry.attributes & FILE_ATTRIBUTE_DIRECTORY == 0 {
                    self.file(entry);
                } else if self.recursive && !is_dots(&entry.name) {
                    folders.push(entry.name);
                }
            }
        }
        drop(buffer);
        for name in folders {
            self.path.components.push(name.clone());
            if self.filter.enter(&self.path)
                && let Err(cause) = self.subfolder(folder, &name)
            {
                self.problem(cause);
            }
            self.path.components.pop();
        }
        Ok(())
    }

    /// Lists the sub-folder that `self.path` names. One that is gone by now is empty.
    fn subfolder(&mut self, parent: &FileHandle, name: &Name) -> Result<(), FileErrorKind> {
        if self.path.components.len() >= MAX_COMPONENTS {
            return Err(FileErrorKind::UnsafeName("it has more than 128 components"));
        }
        match open_folder(parent, name, false)? {
            Some(folder) => self.folder(&folder),
            None => Ok(()),
        }
    }

    fn file(&mut self, entry: Entry) {
        self.path.components.push(entry.name);
        if is_left_behind(&self.path) {
            self.listing.left_behind.push(self.path.clone());
        } else if self.filter.take(&self.path) {
            match refused(entry.attributes) {
                Some(cause) => self.problem(cause),
                None => self.listing.files.push(FoundFile {
                    path: self.path.clone(),
                    len: entry.len,
                    modified: entry.modified,
                    attributes: FileAttributes::from_bits(entry.attributes),
                }),
            }
        }
        self.path.components.pop();
    }

    fn problem(&mut self, cause: FileErrorKind) {
        self.listing.problems.push(FileError { doing: "list", path: self.path.to_string(), cause });
    }
}

fn is_dots(name: &Name) -> bool {
    const DOT: u16 = 0x2E;
    matches!(name.units(), [DOT] | [DOT, DOT])
}
