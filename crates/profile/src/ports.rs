//! What the engine needs of the world: session hosts, stores of data sets, a clock.

mod store;

use std::fmt;

use mp_dataset::{FileAttributes, FileContent, FilePath, ProfileKind};
use mp_registry::{FileTime, Name, Registry};

use crate::Sid;

pub use store::{DataSetStore, Fetched, HeldVersion, KnownVersion, StoreError, Stored, Upload, VersionTag};

/// A machine on which users have sessions.
pub trait SessionHost {
    /// Name of the machine, as reported with its data sets.
    fn name(&self) -> &str;

    /// Opens the loaded profile of a user.
    ///
    /// # Errors
    /// When the user has no loaded profile here, or it cannot be opened.
    fn open(&self, sid: &Sid) -> Result<Box<dyn SessionProfile + '_>, HostError>;
}

/// A user's loaded profile: the live registry below `HKEY_USERS\<SID>` and the special folders.
pub trait SessionProfile {
    /// Kind of the profile.
    fn kind(&self) -> ProfileKind;

    /// The user's registry; paths start below `HKEY_CURRENT_USER`. `Software\Classes` is where Windows shows it there.
    fn registry(&mut self) -> &mut dyn Registry;

    /// The user's special folders.
    fn files(&mut self) -> &mut dyn ProfileFiles;

    /// What an earlier call noted about this very load of the hive; `None` after a reload.
    ///
    /// # Errors
    /// When the note is there and cannot be read.
    fn marker(&self) -> Result<Option<Vec<u8>>, HostError>;

    /// Notes something that disappears with this load of the hive (a volatile key), at most 64 KiB.
    ///
    /// # Errors
    /// When it cannot be written.
    fn set_marker(&mut self, marker: &[u8]) -> Result<(), HostError>;

    /// Makes all that was changed durable as far as the host can, and lets the profile go.
    ///
    /// # Errors
    /// When changes could not be saved.
    fn close(self: Box<Self>) -> Result<(), HostError>;
}

/// Where a special folder of a user is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FolderLocation {
    /// Inside the profile, where the engine may read and write.
    InProfile,
    /// Redirected to this place; it is left alone.
    Redirected(String),
    /// The user has no such folder.
    Missing,
}

/// Decides which folders and files [`ProfileFiles::list`] looks at. Paths are those of the entry itself.
pub trait FileFilter {
    /// Whether to go down into this folder.
    fn enter(&mut self, folder: &FilePath) -> bool;
    /// Whether the file is wanted.
    fn take(&mut self, file: &FilePath) -> bool;
}

/// A user's special folders. Links are never followed: a reparse point is reported, not opened.
pub trait ProfileFiles {
    /// Where the folder of this canonical name (`RoamingAppData`, `Desktop`) is.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn locate(&self, folder: &str) -> Result<FolderLocation, FileError>;

    /// All files below `components` of the folder that the filter takes; with `recursive`, in sub-folders as well.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed; single entries that fail are in [`FileListing::problems`].
    fn list(
        &self,
        folder: &str,
        components: &[Name],
        recursive: bool,
        filter: &mut dyn FileFilter,
    ) -> Result<FileListing, FileError>;

    /// A file's content, if it is a plain file of at most `limit` bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, path: &FilePath, limit: u64) -> Result<FileContent, FileError>;

    /// Writes a file so that it is there wholly or not at all, with its time and attributes; folders are made as needed.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&mut self, path: &FilePath, content: &FileContent) -> Result<(), FileError>;

    /// Deletes a plain file; says whether it was there.
    ///
    /// # Errors
    /// When it is there and cannot be deleted.
    fn delete(&mut self, path: &FilePath) -> Result<bool, FileError>;
}

/// The most entries that one listing looks at. Kept folders have some thousands; more than this is somebody's attempt at the
/// host's memory, and what lies there is left as the data set has it.
pub const MAX_LISTED: usize = 100_000;

/// Result of [`ProfileFiles::list`].
#[derive(Debug, Default)]
pub struct FileListing {
    /// The files found.
    pub files: Vec<FoundFile>,
    /// Entries that could not be looked at, or that never travel.
    pub problems: Vec<FileError>,
    /// What a write that was cut off left behind ([`TEMPORARY_FILES`](crate::TEMPORARY_FILES)).
    pub left_behind: Vec<FilePath>,
}

/// A plain file that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundFile {
    /// Where it is.
    pub path: FilePath,
    /// Its length in bytes.
    pub len: u64,
    /// Its last modification.
    pub modified: FileTime,
    /// Its travelling attributes.
    pub attributes: FileAttributes,
}

/// Something that could not be done to a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileError {
    /// What was being done, as a verb: `read`, `write`, `delete`, `list`.
    pub doing: &'static str,
    /// The file or folder, written as [`FilePath`] displays it: `RoamingAppData:Vendor\App\a.ini`. The export finds by it
    /// what a listing did not show, and keeps that; of a path written otherwise it cannot tell, and keeps the whole folder.
    pub path: String,
    /// Why it failed.
    pub cause: FileErrorKind,
}

/// Why a file operation failed, or why a file does not travel.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FileErrorKind {
    /// It is a reparse point: a symbolic link, a junction, a mount point.
    ReparsePoint,
    /// It has more than one hard link.
    HardLinked,
    /// It is a placeholder whose content is elsewhere; reading would download it.
    Placeholder,
    /// It is encrypted by EFS.
    Encrypted,
    /// It is larger than allowed, in bytes.
    TooLarge {
        /// Its length.
        len: u64,
        /// The most allowed.
        limit: u64,
    },
    /// A folder has more entries than are looked at.
    TooMany {
        /// The most that are.
        limit: usize,
    },
    /// Its name cannot be used safely; the text says why.
    UnsafeName(&'static str),
    /// The folder is redirected out of the profile, or missing.
    NotInProfile,
    /// Another process holds it open.
    InUse,
    /// The system refused access.
    AccessDenied,
    /// Any other failure, in the system's words.
    System(String),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} \"{}\": ", self.doing, self.path)?;
        match &self.cause {
            FileErrorKind::ReparsePoint => f.write_str("it is a link or reparse point"),
            FileErrorKind::HardLinked => f.write_str("it has more than one hard link"),
            FileErrorKind::Placeholder => f.write_str("its content is not on this machine"),
            FileErrorKind::Encrypted => f.write_str("it is encrypted by EFS"),
            FileErrorKind::TooLarge { len, limit } => {
                write!(f, "it has {len} bytes, more than the {limit} allowed")
            }
            FileErrorKind::TooMany { limit } => {
                write!(
                    f,
                    "there are more than {limit} entries in it and below it, the most that are looked at"
                )
            }
            FileErrorKind::UnsafeName(why) => write!(f, "its name is not safe: {why}"),
            FileErrorKind::NotInProfile => f.write_str("its folder is not inside the profile"),
            FileErrorKind::InUse => f.write_str("another process holds it open"),
            FileErrorKind::AccessDenied => f.write_str("access denied"),
            FileErrorKind::System(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for FileError {}

/// Why a profile cannot be opened or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The user's hive is not loaded.
    #[error("user {0} has no loaded profile on this host")]
    NotLoaded(Sid),
    /// The host may touch what is the user's only with the user's own token, and has none.
    #[error(
        "no token of user {0} is held, so their profile is left alone; the service takes one at logon, and for those who are \
         logged on when it starts"
    )]
    NoToken(Sid),
    /// Something else failed.
    #[error("cannot {doing} of user {sid}: {text}")]
    Failed {
        /// What was being done: `open the registry`, `save the hive`.
        doing: &'static str,
        /// The user.
        sid: Sid,
        /// Why, in the system's or the hive reader's words.
        text: String,
    },
}

/// Tells the time. Nothing is decided by it but what to write into reports and how long to wait.
pub trait Clock {
    /// The wall clock.
    fn now(&self) -> FileTime;
    /// A clock that never goes back.
    fn elapsed(&self) -> std::time::Duration;
}
