//! Files that are there wholly or not at all, and still there after a power cut.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// End of the names of files that are being written. One that is found at start was left by a crash and means nothing.
pub const TEMPORARY_SUFFIX: &str = ".tmp";

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Who may read a file that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readers {
    /// Whoever the folder lets.
    AsFolder,
    /// The owner alone: mode 0600 on Unix. Windows has no such mode; there the folder's access list must keep others out.
    OwnerOnly,
}

/// Makes `bytes` the whole content of the file at `path`: temporary file beside it, flush to the disk, rename, flush of
/// the folder. After an error the file is as it was before.
///
/// On Windows the rename is `MoveFileExW` with replacement; a folder cannot be flushed there, NTFS journals the rename.
///
/// # Errors
/// What the file system says.
pub fn replace(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let temporary = write_beside(path, bytes, readers)?;
    let renamed = fs::rename(&temporary, path);
    if renamed.is_err() {
        // What matters is the first error; the left-over is cleaned at the next start.
        drop(fs::remove_file(&temporary));
    }
    renamed?;
    sync_folder_of(path)
}

/// Writes `bytes` to a new temporary file in the folder of `path` and flushes it to the disk.
///
/// # Errors
/// What the file system says; then nothing is left behind.
pub fn write_beside(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut temporary = name.to_os_string();
    temporary.push(format!(
        ".{}-{}{TEMPORARY_SUFFIX}",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    ));
    let temporary = path.with_file_name(temporary);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict(&mut options, readers);
    let mut file = options.open(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    written.map(|()| temporary)
}

/// Flushes the folder that holds `path`, so that a name given or taken in it survives a power cut.
///
/// # Errors
/// What the file system says.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) && !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, readers: Readers) {
    use std::os::unix::fs::OpenOptionsExt;
    if readers == Readers::OwnerOnly {
        options.mode(0o600);
    }
}

#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions, _: Readers) {}
