//! A user's files and registry, with the user's own rights.

use std::{io, sync::Arc};

use mp_dataset::{FileContent, FilePath};
use mp_profile::{FileError, FileErrorKind, FileFilter, FileListing, FolderLocation, ProfileFiles};
use mp_registry::{
    Applied, KeyEdit, KeyListing, KeyPath, Name, Registry, RegistryError, RegistryErrorKind, TreeFilter,
    TreeRead, Value,
};

use crate::{LiveRegistry, UserToken, WindowsFiles, token::Impersonation};

/// As whom to act: a user, or (`None`) whoever runs the program.
#[derive(Clone, Debug)]
pub(crate) struct AsUser(pub(crate) Option<Arc<UserToken>>);

impl AsUser {
    fn begin(&self) -> io::Result<Option<Impersonation>> {
        self.0.as_deref().map(UserToken::impersonate).transpose()
    }
}

/// The files of a profile, each touched as the user.
#[derive(Debug)]
pub(crate) struct FilesAsUser {
    pub(crate) files: WindowsFiles,
    pub(crate) user: AsUser,
}

impl FilesAsUser {
    fn begin(
        &self,
        doing: &'static str,
        path: impl FnOnce() -> String,
    ) -> Result<Option<Impersonation>, FileError> {
        self.user.begin().map_err(|error| FileError {
            doing,
            path: path(),
            cause: FileErrorKind::System(format!("cannot act as the user: {error}")),
        })
    }
}

impl ProfileFiles for FilesAsUser {
    fn locate(&self, folder: &str) -> Result<FolderLocation, FileError> {
        let _as_user = self.begin("locate", || folder.to_owned())?;
        self.files.locate(folder)
    }

    fn list(
        &self,
        folder: &str,
        components: &[Name],
        recursive: bool,
        filter: &mut dyn FileFilter,
    ) -> Result<FileListing, FileError> {
        let path = || FilePath { folder: folder.to_owned(), components: components.to_vec() }.to_string();
        let _as_user = self.begin("list", path)?;
        self.files.list(folder, components, recursive, filter)
    }

    fn read(&self, path: &FilePath, limit: u64) -> Result<FileContent, FileError> {
        let _as_user = self.begin("read", || path.to_string())?;
        self.files.read(path, limit)
    }

    fn write(&mut self, path: &FilePath, content: &FileContent) -> Result<(), FileError> {
        let _as_user = self.begin("write", || path.to_string())?;
        self.files.write(path, content)
    }

    fn delete(&mut self, path: &FilePath) -> Result<bool, FileError> {
        let _as_user = self.begin("delete", || path.to_string())?;
        self.files.delete(path)
    }
}

/// The registry of a profile: read as whoever runs the program, because links stay within a hive and a service is to see
/// all of it, but written as the user.
#[derive(Debug)]
pub(crate) struct RegistryAsUser {
    pub(crate) live: LiveRegistry,
    pub(crate) user: AsUser,
}

impl Registry for RegistryAsUser {
    fn list(&self, path: &KeyPath) -> Result<Option<KeyListing>, RegistryError> {
        self.live.list(path)
    }

    fn value(&self, path: &KeyPath, name: &Name) -> Result<Option<Value>, RegistryError> {
        self.live.value(path, name)
    }

    fn read_tree(&self, path: &KeyPath, filter: &mut dyn TreeFilter) -> Result<TreeRead, RegistryError> {
        self.live.read_tree(path, filter)
    }

    fn apply(&mut self, edits: &KeyEdit) -> Result<Applied, RegistryError> {
        let as_user = self.user.begin().map_err(|error| RegistryError {
            doing: "act as the user for",
            path: KeyPath::root(),
            value: None,
            cause: RegistryErrorKind::System {
                code: error.raw_os_error().unwrap_or_default().cast_unsigned(),
                text: error.to_string(),
            },
        })?;
        match as_user {
            Some(_as_user) => self.live.apply_as_granted(edits),
            None => self.live.apply(edits),
        }
    }
}
