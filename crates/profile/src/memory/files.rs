use std::collections::BTreeMap;

use mp_dataset::{FileContent, FilePath};
use mp_registry::Name;

use crate::{
    FileError, FileErrorKind, FileFilter, FileListing, FolderLocation, FoundFile, ProfileFiles, SafePath,
    known_folder, known_folders,
    sets::{PlaceKey, file_key, place_key},
};

/// Special folders in memory. All known folders are at their default places in the profile unless said otherwise.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<PlaceKey, (FilePath, FileContent)>,
    redirected: BTreeMap<String, String>,
    locked: BTreeMap<PlaceKey, FileErrorKind>,
    /// How many files were written or deleted through the port.
    pub changes: usize,
}

impl MemoryFiles {
    /// Puts a file there, replacing any other.
    ///
    /// # Panics
    /// When the folder is not a known one.
    pub fn put(&mut self, path: FilePath, content: FileContent) {
        let key = file_key(&path).expect("a known folder");
        self.files.insert(key, (path, content));
    }

    /// Takes a file away.
    pub fn remove(&mut self, path: &FilePath) -> Option<FileContent> {
        self.files.remove(&file_key(path)?).map(|(_, content)| content)
    }

    /// A file's content.
    #[must_use]
    pub fn get(&self, path: &FilePath) -> Option<&FileContent> {
        self.files.get(&file_key(path)?).map(|(_, content)| content)
    }

    /// All files, in order of their places.
    pub fn iter(&self) -> impl Iterator<Item = (&FilePath, &FileContent)> {
        self.files.values().map(|(path, content)| (path, content))
    }

    /// Redirects a special folder to this place.
    pub fn redirect(&mut self, folder: &str, to: &str) {
        self.redirected.insert(folder.to_owned(), to.to_owned());
    }

    /// Makes each use of the file fail for this reason; a reason that says it never travels keeps it out of listings.
    pub fn lock(&mut self, path: &FilePath, cause: FileErrorKind) {
        if let Some(key) = file_key(path) {
            self.locked.insert(key, cause);
        }
    }

    /// Makes all files usable again.
    pub fn unlock_all(&mut self) {
        self.locked.clear();
    }

    fn check(&self, doing: &'static str, path: &FilePath) -> Result<PlaceKey, FileError> {
        let error = |cause| FileError { doing, path: path.to_string(), cause };
        SafePath::check(path).map_err(|why| error(FileErrorKind::UnsafeName(why)))?;
        if self.locate(&path.folder)? != FolderLocation::InProfile {
            return Err(error(FileErrorKind::NotInProfile));
        }
        let key = file_key(path).ok_or_else(|| error(FileErrorKind::NotInProfile))?;
        match self.locked.get(&key) {
            Some(cause) => Err(error(cause.clone())),
            None => Ok(key),
        }
    }
}

impl ProfileFiles for MemoryFiles {
    fn locate(&self, folder: &str) -> Result<FolderLocation, FileError> {
        Ok(match (self.redirected.get(folder), known_folder(folder)) {
            (Some(place), _) => FolderLocation::Redirected(place.clone()),
            (None, Some(_)) => FolderLocation::InProfile,
            (None, None) => FolderLocation::Missing,
        })
    }

    fn list(
        &self,
        folder: &str,
        components: &[Name],
        recursive: bool,
        filter: &mut dyn FileFilter,
    ) -> Result<FileListing, FileError> {
        let mut listing = FileListing::default();
        let Some(known) = known_folder(folder) else { return Ok(listing) };
        let start = place_key(&known.place_of(components));
        let depth = start.len() - components.len();
        let mut entered: BTreeMap<PlaceKey, bool> = BTreeMap::new();
        'files: for (key, (path, content)) in &self.files {
            if !key.starts_with(&start) || (!recursive && key.len() != start.len() + 1) {
                continue;
            }
            let Some(place) = known_folders::place(path) else { continue };
            let seen = FilePath { folder: known.name.to_owned(), components: place[depth..].to_vec() };
            for end in components.len() + 1..seen.components.len() {
                let below =
                    FilePath { folder: seen.folder.clone(), components: seen.components[..end].to_vec() };
                let open = entered.entry(key[..depth + end].to_vec()).or_insert_with(|| filter.enter(&below));
                if !*open {
                    continue 'files;
                }
            }
            if !filter.take(&seen) {
                continue;
            }
            match self.locked.get(key) {
                Some(
                    cause @ (FileErrorKind::ReparsePoint
                    | FileErrorKind::HardLinked
                    | FileErrorKind::Placeholder
                    | FileErrorKind::Encrypted),
                ) => listing.problems.push(FileError {
                    doing: "list",
                    path: seen.to_string(),
                    cause: cause.clone(),
                }),
                _ => listing.files.push(FoundFile {
                    path: seen,
                    len: content.bytes.len() as u64,
                    modified: content.modified,
                    attributes: content.attributes,
                }),
            }
        }
        Ok(listing)
    }

    fn read(&self, path: &FilePath, limit: u64) -> Result<FileContent, FileError> {
        let key = self.check("read", path)?;
        let error = |cause| FileError { doing: "read", path: path.to_string(), cause };
        let (_, content) =
            self.files.get(&key).ok_or_else(|| error(FileErrorKind::System("no such file".to_owned())))?;
        let len = content.bytes.len() as u64;
        if len > limit { Err(error(FileErrorKind::TooLarge { len, limit })) } else { Ok(content.clone()) }
    }

    fn write(&mut self, path: &FilePath, content: &FileContent) -> Result<(), FileError> {
        let key = self.check("write", path)?;
        self.files.entry(key).or_insert_with(|| (path.clone(), content.clone())).1 = content.clone();
        self.changes += 1;
        Ok(())
    }

    fn delete(&mut self, path: &FilePath) -> Result<bool, FileError> {
        let key = self.check("delete", path)?;
        let was_there = self.files.remove(&key).is_some();
        self.changes += usize::from(was_there);
        Ok(was_there)
    }
}
