use std::{collections::BTreeSet, ffi::OsStr, fs};

use mp_dataset::FilePath;
use mp_profile::{
    FileError, FileErrorKind, FileFilter, FileListing, FoundFile, MAX_COMPONENTS, MAX_LISTED, SafePath,
    is_left_behind,
};
use mp_registry::{Name, upcase};

use super::{
    disk::Folder,
    files::{SimulatedFiles, check_plain, enter, kind_of, modified},
};

/// Lists what a filter takes, folder by folder.
pub(super) struct Lister<'a> {
    files: &'a SimulatedFiles,
    recursive: bool,
    filter: &'a mut dyn FileFilter,
    /// The folder being listed.
    path: FilePath,
    seen: usize,
    most: usize,
    pub(super) listing: FileListing,
}

impl<'a> Lister<'a> {
    pub(super) fn new(
        files: &'a SimulatedFiles,
        recursive: bool,
        filter: &'a mut dyn FileFilter,
        path: FilePath,
    ) -> Self {
        Self { files, recursive, filter, path, seen: 0, most: MAX_LISTED, listing: FileListing::default() }
    }

    /// Lists the folder on disk, which is `self.path`.
    pub(super) fn folder(&mut self, folder: &Folder) -> Result<(), FileErrorKind> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder.path()).map_err(|error| kind_of(&error))? {
            self.seen += 1;
            if self.seen > self.most {
                return Err(FileErrorKind::TooMany { limit: self.most });
            }
            entries.push(entry.map_err(|error| kind_of(&error))?.file_name());
        }
        entries.sort();
        let mut names: BTreeSet<Vec<u16>> = BTreeSet::new();
        for text in entries {
            let name = Name::from(&*text.to_string_lossy());
            self.path.components.push(name.clone());
            let found = if text.to_str().is_none() {
                Err(FileErrorKind::UnsafeName("it is not valid Unicode"))
            } else if !names.insert(name.units().iter().copied().map(upcase::upcase).collect()) {
                Err(FileErrorKind::UnsafeName("another name differs from it only in case"))
            } else {
                self.entry(folder, &text)
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
    fn entry(&mut self, folder: &Folder, name: &OsStr) -> Result<(), FileErrorKind> {
        let metadata = folder.at(name).symlink_metadata().map_err(|error| kind_of(&error))?;
        if metadata.is_dir() {
            if !self.recursive || !self.filter.enter(&self.path) {
                return Ok(());
            }
            if self.path.components.len() >= MAX_COMPONENTS {
                return Err(FileErrorKind::UnsafeName("it has more than 128 components"));
            }
            return self.folder(&enter(folder, name)?);
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
            attributes: self.files.attributes().get(&self.files.attribute_key(&folder.real(name))),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use mp_dataset::FilePath;
    use mp_profile::{FileErrorKind, FileFilter};
    use mp_registry::Key;

    use super::{
        super::{attributes::Attributes, disk::Folder, files::SimulatedFiles, folders::Folders},
        Lister,
    };

    struct All;

    impl FileFilter for All {
        fn enter(&mut self, _: &FilePath) -> bool {
            true
        }
        fn take(&mut self, _: &FilePath) -> bool {
            true
        }
    }

    /// The attack of a folder with a million files, with a smaller number.
    #[test]
    fn a_folder_with_a_million_files_is_given_up() {
        let root = tempfile::TempDir::new().unwrap();
        let desktop = root.path().join("Desktop");
        for folder in ["flood", "other"] {
            std::fs::create_dir_all(desktop.join(folder)).unwrap();
        }
        (0..30).for_each(|number| drop(std::fs::File::create(desktop.join(format!("flood/{number}")))));
        std::fs::write(desktop.join("a.txt"), "mine").unwrap();
        std::fs::write(desktop.join("other/b.txt"), "mine").unwrap();
        let attributes = Attributes::load(root.path().join("attributes")).unwrap();
        let files = SimulatedFiles::new(root.path().to_owned(), Folders::of(&Key::default()), attributes);
        let path = FilePath { folder: "Desktop".into(), components: Vec::new() };
        let mut filter = All;
        let mut lister = Lister { most: 10, ..Lister::new(&files, true, &mut filter, path) };
        lister.folder(&Folder::open(&desktop).unwrap()).unwrap();
        let found: Vec<_> = lister.listing.files.iter().map(|found| found.path.to_string()).collect();
        assert_eq!(found, ["Desktop:a.txt"]);
        let problems: Vec<_> =
            lister.listing.problems.iter().map(|problem| (problem.path.as_str(), &problem.cause)).collect();
        let too_many = &FileErrorKind::TooMany { limit: 10 };
        assert_eq!(problems, [("Desktop:flood", too_many), (r"Desktop:other", too_many)]);
    }
}
