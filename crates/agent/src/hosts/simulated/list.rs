use std::{collections::BTreeSet, fs, path::Path};

use mp_dataset::FilePath;
use mp_profile::{
    FileError, FileErrorKind, FileFilter, FileListing, FoundFile, MAX_COMPONENTS, MAX_LISTED, SafePath,
    is_left_behind,
};
use mp_registry::{Name, upcase};

use super::files::{SimulatedFiles, check_plain, kind_of, modified};

/// Lists what a filter takes, folder by folder.
pub(super) struct Lister<'a> {
    files: &'a SimulatedFiles,
    recursive: bool,
    filter: &'a mut dyn FileFilter,
    /// The folder being listed.
    path: FilePath,
    seen: usize,
    pub(super) listing: FileListing,
}

impl<'a> Lister<'a> {
    pub(super) fn new(
        files: &'a SimulatedFiles,
        recursive: bool,
        filter: &'a mut dyn FileFilter,
        path: FilePath,
    ) -> Self {
        Self { files, recursive, filter, path, seen: 0, listing: FileListing::default() }
    }

    /// Lists the folder on disk, which is `self.path`.
    pub(super) fn folder(&mut self, folder: &Path) -> Result<(), FileErrorKind> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| kind_of(&error))? {
            self.seen += 1;
            if self.seen > MAX_LISTED {
                return Err(FileErrorKind::TooMany { limit: MAX_LISTED });
            }
            entries.push(entry.map_err(|error| kind_of(&error))?.path());
        }
        entries.sort();
        let mut names: BTreeSet<Vec<u16>> = BTreeSet::new();
        for entry in entries {
            let Some(text) = entry.file_name() else { continue };
            let name = Name::from(&*text.to_string_lossy());
            self.path.components.push(name.clone());
            let found = if text.to_str().is_none() {
                Err(FileErrorKind::UnsafeName("it is not valid Unicode"))
            } else if !names.insert(name.units().iter().copied().map(upcase::upcase).collect()) {
                Err(FileErrorKind::UnsafeName("another name differs from it only in case"))
            } else {
                self.entry(&entry)
            };
            if let Err(cause) = found {
                let path = self.path.to_string();
                self.listing.problems.push(FileError { doing: "list", path, cause });
            }
            self.path.components.pop();
        }
        Ok(())
    }

    /// One entry, which is `self.path`. What the filter does not want is not looked at any further.
    fn entry(&mut self, on_disk: &Path) -> Result<(), FileErrorKind> {
        let metadata = on_disk.symlink_metadata().map_err(|error| kind_of(&error))?;
        if metadata.is_dir() {
            if !self.recursive || !self.filter.enter(&self.path) {
                return Ok(());
            }
            if self.path.components.len() >= MAX_COMPONENTS {
                return Err(FileErrorKind::UnsafeName("it has more than 128 components"));
            }
            return self.folder(on_disk);
        }
        if metadata.is_file() && is_left_behind(&self.path) {
            self.listing.left_behind.push(self.path.clone());
            return Ok(());
        }
        // A link may stand for a folder as well as for a file.
        let wanted = self.filter.take(&self.path)
            || (metadata.is_symlink() && self.recursive && self.filter.enter(&self.path));
        if !wanted {
            return Ok(());
        }
        check_plain(&metadata)?;
        SafePath::check(&self.path).map_err(FileErrorKind::UnsafeName)?;
        self.listing.files.push(FoundFile {
            path: self.path.clone(),
            len: metadata.len(),
            modified: modified(&metadata)?,
            attributes: self.files.attributes().get(&self.files.attribute_key(on_disk)),
        });
        Ok(())
    }
}
