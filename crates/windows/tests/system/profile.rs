use std::{fs, os::windows::ffi::OsStrExt, path::PathBuf};

use crate::support::FakeUser;
use mp_dataset::{FileAttributes, FileContent, FilePath};
use mp_profile::FileFilter;
use mp_registry::{FileTime, Key, KeyEdit, KeyPath, Name, Registry, Value};
use mp_windows::WindowsFiles;

/// A user with a profile folder of their own.
pub(crate) struct Profile {
    pub(crate) user: FakeUser,
    pub(crate) folder: PathBuf,
}

impl Profile {
    pub(crate) fn new() -> Self {
        let user = FakeUser::new();
        let folder = std::env::temp_dir().join(user.sid.as_str());
        fs::create_dir_all(&folder).unwrap();
        Self { user, folder }
    }

    pub(crate) fn files(&self) -> WindowsFiles {
        let folder: Vec<u16> = self.folder.as_os_str().encode_wide().collect();
        WindowsFiles::open(Some(&folder), &self.user.registry()).unwrap()
    }

    /// Sets values of the user's `User Shell Folders`.
    pub(crate) fn shell_folders(&self, values: &[Value]) {
        let mut tree = Key::new("");
        let path = r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders";
        let key = tree.ensure(&KeyPath::parse(path));
        values.iter().cloned().for_each(|value| key.set_value(value));
        self.user.registry().apply(&KeyEdit::write(&tree)).unwrap();
    }

    pub(crate) fn names_in(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join(folder)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // What is left behind lies in the prefix's temporary folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn at(folder: &str, components: &[&str]) -> FilePath {
    FilePath {
        folder: folder.to_owned(),
        components: components.iter().map(|&name| Name::from(name)).collect(),
    }
}

pub(crate) fn content(bytes: &[u8], modified: u64, attributes: FileAttributes) -> FileContent {
    FileContent { modified: FileTime(modified), attributes, bytes: bytes.into() }
}

pub(crate) fn plain(bytes: &[u8]) -> FileContent {
    content(bytes, 133_000_000_000_000_001, FileAttributes::default())
}

pub(crate) const LIMIT: u64 = 1 << 20;

pub(crate) struct All;

impl FileFilter for All {
    fn enter(&mut self, _: &FilePath) -> bool {
        true
    }
    fn take(&mut self, _: &FilePath) -> bool {
        true
    }
}
