//! Files that are there wholly or not at all, and survive a power cut.
//!
//! The order is always the same: a temporary file beside the place, its flush to the disk, the rename, the flush of the
//! folder. On Windows a folder cannot be flushed; there NTFS journals the rename, which replaces as on Unix.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// End of the names of files that are being written. One that is found at start was left by a crash and means nothing.
pub const TEMPORARY_SUFFIX: &str = ".tmp";
/// Characters of a file's name that its temporary file bears too. Four bytes each at most, they leave room for the rest.
const NAME_PREFIX: usize = 48;

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Who may read a file that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readers {
    /// Whoever the folder lets.
    AsFolder,
    /// The owner alone: mode 0600 on Unix. Windows has no such mode; there the folder's access list must keep others out.
    OwnerOnly,
    /// Those of the file that is replaced, by its mode on Unix; where none is, the owner alone.
    AsBefore,
}

/// Makes `bytes` the whole content of the file at `path`. After an error the file is as it was before.
///
/// # Errors
/// What the file system says.
pub fn replace(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    replace_with(path, readers, |file| file.write_all(bytes))
}

/// Makes what `write` writes the whole content of the file at `path`. After an error the file is as it was before.
///
/// # Errors
/// Those of `write`, and what the file system says.
pub fn replace_with(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = temporary(path, readers, write)?;
    keep_or_remove(&temporary, fs::rename(&temporary, path))?;
    sync_folder_of(path)
}

/// Makes a file of this content where none is.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when something is at `path`, which is then left as it was; otherwise what the file system
/// says.
pub fn create(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let temporary = write_beside(path, bytes, readers)?;
    let placed = match fs::hard_link(&temporary, path) {
        Ok(()) => fs::remove_file(&temporary),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // The file system knows no hard links, so that it cannot refuse and place in one step.
        Err(_) if fs::symlink_metadata(path).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(&temporary, path),
    };
    keep_or_remove(&temporary, placed)?;
    sync_folder_of(path)
}

/// Writes `bytes` to a new temporary file in the folder of `path` and flushes it to the disk.
///
/// # Errors
/// What the file system says; then nothing is left behind.
pub fn write_beside(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<PathBuf> {
    temporary(path, readers, |file| file.write_all(bytes))
}

/// As [`write_beside`], of what `write` writes.
///
/// # Errors
/// Those of `write`, and what the file system says; then nothing is left behind.
pub fn write_beside_with(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<PathBuf> {
    temporary(path, readers, write)
}

/// Flushes the folder that holds `path`, so that a name given or taken in it survives a power cut.
///
/// # Errors
/// What the file system says.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn temporary(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let before = match readers {
        Readers::AsBefore if cfg!(unix) => fs::metadata(path).ok().map(|old| old.permissions()),
        _ => None,
    };
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let (temporary, mut file) = open_new(path, name, readers)?;
    let written = write(&mut file).and_then(|()| finish(&file, before));
    drop(file);
    keep_or_remove(&temporary, written)?;
    Ok(temporary)
}

/// Opens a temporary file of a name that is free. A crash may have left the names that this process would take first: after
/// a restart of a machine, or in a container, process numbers are the same again.
fn open_new(path: &Path, name: &OsStr, readers: Readers) -> io::Result<(PathBuf, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict(&mut options, readers);
    loop {
        let temporary = path.with_file_name(temporary_name(name));
        match options.open(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (temporary, file)),
        }
    }
}

fn temporary_name(name: &OsStr) -> OsString {
    let mut temporary: String = name.to_string_lossy().chars().take(NAME_PREFIX).collect();
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    temporary.push_str(&format!(".{}-{number}{TEMPORARY_SUFFIX}", std::process::id()));
    temporary.into()
}

fn finish(file: &File, permissions: Option<Permissions>) -> io::Result<()> {
    permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions))?;
    file.sync_all()
}

/// Removes a temporary file that came to nothing. What matters is the first error; a left-over is cleaned at the next start.
fn keep_or_remove(temporary: &Path, done: io::Result<()>) -> io::Result<()> {
    if done.is_err() {
        drop(fs::remove_file(temporary));
    }
    done
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, readers: Readers) {
    use std::os::unix::fs::OpenOptionsExt;
    // A mode that is to be wider is given when the file is whole.
    if readers != Readers::AsFolder {
        options.mode(0o600);
    }
}

#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions, _: Readers) {}
