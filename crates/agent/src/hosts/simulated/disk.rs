//! Folders of a profile on disk, reached as `mp-windows` reaches them: one open handle after the other, never by a whole path
//! that the profile's owner could bend with a link between two looks at it.
//!
//! Linux gives every open folder a path of its own below `/proc/self/fd`, by which the standard library works in it. On other
//! systems, where the simulated host is for trying things out, the path on disk must do.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// An open folder.
pub(super) struct Folder {
    #[cfg(target_os = "linux")]
    handle: std::os::fd::OwnedFd,
    real: PathBuf,
}

impl Folder {
    /// Where a file or folder of this name is, for opening it now.
    pub(super) fn at(&self, name: &OsStr) -> PathBuf {
        self.path().join(name)
    }

    /// Where a file or folder of this name was when the folder was opened, for people and as a key.
    pub(super) fn real(&self, name: &OsStr) -> PathBuf {
        self.real.join(name)
    }
}

#[cfg(target_os = "linux")]
impl Folder {
    /// Opens a folder, which must not be a link.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            handle: open(rustix::fs::CWD, path.as_os_str(), OFlags::DIRECTORY)?,
            real: path.to_owned(),
        })
    }

    /// Opens a direct sub-folder, which must not be a link.
    pub(super) fn enter(&self, name: &OsStr) -> io::Result<Self> {
        Ok(Self { handle: open(&self.handle, name, OFlags::DIRECTORY)?, real: self.real(name) })
    }

    /// Opens a direct file for reading, which must not be a link. A pipe that nobody writes to is not waited for.
    pub(super) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        Ok(open(&self.handle, name, OFlags::NONBLOCK)?.into())
    }

    /// The path by which the folder is found wherever it is moved.
    pub(super) fn path(&self) -> PathBuf {
        use std::os::fd::AsRawFd;
        format!("/proc/self/fd/{}", self.handle.as_raw_fd()).into()
    }
}

#[cfg(target_os = "linux")]
use rustix::fs::OFlags;

#[cfg(target_os = "linux")]
fn open(from: impl std::os::fd::AsFd, name: &OsStr, kind: OFlags) -> io::Result<std::os::fd::OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | kind;
    Ok(rustix::fs::openat(from, name, flags, rustix::fs::Mode::empty())?)
}

#[cfg(not(target_os = "linux"))]
impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        match path.symlink_metadata()?.is_dir() {
            true => Ok(Self { real: path.to_owned() }),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn enter(&self, name: &OsStr) -> io::Result<Self> {
        Self::open(&self.real(name))
    }

    pub(super) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.at(name))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.real.clone()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::{fs, io::Read, os::unix::fs::symlink};

    use super::Folder;

    /// The attack of a folder that becomes a link between the check and the writing, one step after the other.
    #[test]
    fn what_is_done_in_a_folder_stays_there_when_it_is_swapped_for_a_link() {
        let root = tempfile::TempDir::new().unwrap();
        let (folder, moved, elsewhere) =
            (root.path().join("d"), root.path().join("moved"), root.path().join("elsewhere"));
        fs::create_dir(&folder).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("a.txt"), "secret").unwrap();
        let checked = Folder::open(root.path()).unwrap().enter("d".as_ref()).unwrap();

        fs::rename(&folder, &moved).unwrap();
        symlink(&elsewhere, &folder).unwrap();
        mp_durable::replace(&checked.at("a.txt".as_ref()), b"mine", mp_durable::Readers::OwnerOnly).unwrap();
        let mut text = String::new();
        checked.open_file("a.txt".as_ref()).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "mine");
        assert_eq!(fs::read(moved.join("a.txt")).unwrap(), b"mine");
        fs::remove_file(checked.at("a.txt".as_ref())).unwrap();
        assert_eq!(fs::read_dir(checked.path()).unwrap().count(), 0);
        assert_eq!(fs::read(elsewhere.join("a.txt")).unwrap(), b"secret");

        assert!(Folder::open(&folder).is_err(), "a link is no folder");
        assert!(Folder::open(root.path()).unwrap().enter("d".as_ref()).is_err());
        symlink(elsewhere.join("a.txt"), moved.join("link.txt")).unwrap();
        assert!(checked.open_file("link.txt".as_ref()).is_err(), "nor is one a file");
    }
}
