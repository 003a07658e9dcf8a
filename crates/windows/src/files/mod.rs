//! The special folders of a user's profile.
//!
//! The profile is the user's ground, and this runs as a service: a path is walked from the profile folder down, one open
//! handle after the other, and each name is opened as itself. So a junction or symbolic link is refused whenever it is put
//! there, and nothing outside the profile folder is reached. Every open is made with the calling thread's token: the
//! service impersonates the user around each call and so reaches only what that user may.

mod content;
mod list;
mod walk;

use mp_dataset::{FileContent, FilePath};
use mp_profile::{
    FileError, FileErrorKind, FileFilter, FileListing, FolderLocation, FolderPlace, MAX_PATH, ProfileFiles,
    SafePath, USER_SHELL_FOLDERS, known_folder,
};
use mp_registry::{Key, KeyChoice, KeyPath, Name, Registry, RegistryError, TreeFilter, ValueType};

use crate::{as_user::AsUser, nt::FileHandle, registry::LiveRegistry, token::Impersonation};

/// The special folders of one user, as they were located when this was made.
#[derive(Clone, Debug)]
pub struct WindowsFiles {
    /// The profile folder, such as `C:\Users\ada`; `None` when it is not known, so that no folder is inside it.
    profile: Option<Vec<u16>>,
    shell_folders: Key,
    user: AsUser,
}

/// The way into a profile.
///
/// The profile folder is opened as the process, for whom drive letters mean what they mean to the machine: a user may give
/// them another meaning, which holds for whoever impersonates that user. All that is below is touched as the user.
struct Ground {
    /// The profile folder; `None` when there is none.
    root: Option<FileHandle>,
    _as_user: Option<Impersonation>,
}

impl WindowsFiles {
    /// The special folders of the user whose registry this is, below an absolute profile folder (`C:\Users\ada`).
    ///
    /// # Errors
    /// When the user's choice of folders cannot be read.
    pub fn open(profile: Option<&[u16]>, registry: &LiveRegistry) -> Result<Self, RegistryError> {
        let read = registry.read_tree(&KeyPath::parse(USER_SHELL_FOLDERS), &mut ShellFolders)?;
        let profile = profile.map(|path| {
            let end = path.iter().rposition(|&unit| unit != u16::from(b'\\')).map_or(0, |last| last + 1);
            path[..end].to_vec()
        });
        Ok(Self {
            profile: profile.filter(|path| is_absolute(path)),
            shell_folders: read.tree.unwrap_or_default(),
            user: AsUser(None),
        })
    }

    /// The same folders, touched with the rights of `user`.
    pub(crate) fn acting(self, user: AsUser) -> Self {
        Self { user, ..self }
    }

    fn enter(&self) -> Result<Ground, FileErrorKind> {
        let profile = self.profile.as_deref().ok_or(FileErrorKind::NotInProfile)?;
        let root = walk::open_profile(profile)?;
        let as_user = self.user.begin();
        let as_user =
            as_user.map_err(|error| FileErrorKind::System(format!("cannot act as the user: {error}")))?;
        Ok(Ground { root, _as_user: as_user })
    }

    /// The components of a special folder below the profile folder.
    fn start(&self, folder: &str) -> Result<Vec<Name>, FileErrorKind> {
        let profile = self.profile.as_deref().ok_or(FileErrorKind::NotInProfile)?;
        let known = known_folder(folder).ok_or(FileErrorKind::NotInProfile)?;
        match FolderPlace::of(known, &self.shell_folders, profile) {
            FolderPlace::Inside(components) => Ok(components),
            FolderPlace::Outside(_) => Err(FileErrorKind::NotInProfile),
        }
    }

    /// Opens a folder below a special folder; `None` when it is not there.
    fn folder(
        &self,
        ground: &mut Ground,
        folder: &str,
        components: &[Name],
        create: bool,
    ) -> Result<Option<FileHandle>, FileErrorKind> {
        let mut names = self.start(folder)?;
        names.extend_from_slice(components);
        match ground.root.take() {
            Some(profile) => walk::descend(profile, &names, create),
            None => Ok(None),
        }
    }

    /// Opens the folder of a file whose path is safe; gives it with the file's name.
    fn folder_of<'a>(
        &self,
        ground: &mut Ground,
        path: &'a FilePath,
        create: bool,
    ) -> Result<Option<(FileHandle, &'a Name)>, FileErrorKind> {
        SafePath::check(path).map_err(FileErrorKind::UnsafeName)?;
        let Some((name, above)) = path.components.split_last() else { return Ok(None) };
        let folder = self.folder(ground, &path.folder, above, create)?;
        folder.map(|folder| walk::check_alias(&folder, name).map(|()| (folder, name))).transpose()
    }
}

impl ProfileFiles for WindowsFiles {
    fn locate(&self, folder: &str) -> Result<FolderLocation, FileError> {
        let Some(known) = known_folder(folder) else { return Ok(FolderLocation::Missing) };
        let Some(profile) = self.profile.as_deref() else { return Ok(FolderLocation::Missing) };
        let components = match FolderPlace::of(known, &self.shell_folders, profile) {
            FolderPlace::Inside(components) => components,
            FolderPlace::Outside(to) => return Ok(FolderLocation::Redirected(to)),
        };
        match self.enter().and_then(|mut ground| self.folder(&mut ground, folder, &[], false)) {
            Ok(_) => Ok(FolderLocation::InProfile),
            Err(FileErrorKind::ReparsePoint) => {
                let path = KeyPath::from_iter(components);
                Ok(FolderLocation::Redirected(format!("{}\\{path}, by a link", Name::from_units(profile))))
            }
            Err(cause) => Err(FileError { doing: "locate", path: folder.to_owned(), cause }),
        }
    }

    fn list(
        &self,
        folder: &str,
        components: &[Name],
        recursive: bool,
        filter: &mut dyn FileFilter,
    ) -> Result<FileListing, FileError> {
        let path = FilePath { folder: folder.to_owned(), components: components.to_vec() };
        let error = |cause| FileError { doing: "list", path: path.to_string(), cause };
        if !components.is_empty() {
            SafePath::check(&path).map_err(|why| error(FileErrorKind::UnsafeName(why)))?;
        }
        let mut ground = self.enter().map_err(error)?;
        let Some(open) = self.folder(&mut ground, folder, components, false).map_err(error)? else {
            return Ok(FileListing::default());
        };
        let mut lister =
            list::Lister { filter, recursive, path: path.clone(), listing: FileListing::default(), seen: 0 };
        lister.folder(&open).map_err(error)?;
        Ok(lister.listing)
    }

    fn read(&self, path: &FilePath, limit: u64) -> Result<FileContent, FileError> {
        let read = self.enter().and_then(|mut ground| match self.folder_of(&mut ground, path, false)? {
            Some((folder, name)) => content::read(&folder, name, limit),
            None => Err(FileErrorKind::System("there is no such folder".to_owned())),
        });
        read.map_err(|cause| FileError { doing: "read", path: path.to_string(), cause })
    }

    fn write(&mut self, path: &FilePath, content: &FileContent) -> Result<(), FileError> {
        let written = self.enter().and_then(|mut ground| match self.folder_of(&mut ground, path, true)? {
            Some((folder, name)) => content::write(&folder, name, content),
            None => Err(FileErrorKind::System("there is no profile folder".to_owned())),
        });
        written.map_err(|cause| FileError { doing: "write", path: path.to_string(), cause })
    }

    fn delete(&mut self, path: &FilePath) -> Result<bool, FileError> {
        let deleted = self.enter().and_then(|mut ground| match self.folder_of(&mut ground, path, false)? {
            Some((folder, name)) => content::delete(&folder, name),
            None => Ok(false),
        });
        deleted.map_err(|cause| FileError { doing: "delete", path: path.to_string(), cause })
    }
}

/// Lets through what can be the user's choice of a folder. The key is the user's, who may put there what they like.
struct ShellFolders;

impl TreeFilter for ShellFolders {
    fn key(&mut self, path: &KeyPath) -> KeyChoice {
        let own = KeyPath::parse(USER_SHELL_FOLDERS).depth();
        if path.depth() == own { KeyChoice::Take } else { KeyChoice::Skip }
    }

    fn value(&mut self, _: &KeyPath, _: &Name, ty: ValueType, len: usize) -> bool {
        matches!(ty, ValueType::SZ | ValueType::EXPAND_SZ) && len <= 2 * MAX_PATH
    }
}

/// Whether a path starts with a drive and a folder on it. A profile folder on a share is none of ours.
fn is_absolute(path: &[u16]) -> bool {
    matches!(path, [drive, colon, backslash, _, ..]
        if u8::try_from(*drive).is_ok_and(|drive| drive.is_ascii_alphabetic())
            && *colon == u16::from(b':')
            && *backslash == u16::from(b'\\'))
}
