//! Hives as files: the only part of this room that does I/O.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use mp_durable::Readers;

use crate::{
    HiveError, HiveFile, LogFault, ReadOptions, base_block::BaseBlock, limits::MAX_FILE_SIZE, parse, replay,
};

/// The endings of log files. Of the three, the last is the only one of Windows 2000 and XP.
const LOG_ENDINGS: [&str; 3] = [".LOG1", ".LOG2", ".LOG"];

/// A hive that was read from a file, its logs applied.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The tree and what there is to say of it.
    pub hive: HiveFile,
    /// The logs found beside the file; not looked for when the hive is clean.
    pub logs: Vec<PathBuf>,
    /// How many log entries (or old logs) were applied.
    pub entries: usize,
    /// Whether the base block was bad and came from a log.
    pub base_block_from_log: bool,
    /// What of the logs was not used; numbers are places in `logs`.
    pub log_faults: Vec<LogFault>,
}

/// A hive file that could not be read or saved.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {path}", path = .path.display())]
pub struct FileError {
    /// What was being done: `read`, `save`, …
    pub doing: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// Why it failed.
    #[source]
    pub cause: FileErrorKind,
}

/// Why a hive file could not be read or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileErrorKind {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is a folder, a device or the like.
    #[error("not a plain file")]
    NotAFile,
    /// It is too large to be read into memory.
    #[error("larger than {MAX_FILE_SIZE} bytes")]
    TooLarge,
    /// It is no hive, or a damaged one.
    #[error(transparent)]
    Hive(#[from] HiveError),
}

/// Reads a hive file. When it is dirty, the logs beside it (its name with `.LOG1`, `.LOG2` or `.LOG`, in any case) are applied
/// in memory; no file is changed.
///
/// Symbolic links are followed: where the folder belongs to someone else, open the files yourself and use [`replay`] and
/// [`parse`].
///
/// # Errors
/// [`FileError`] when a file cannot be read, is too large or is no hive.
pub fn open(path: &Path, options: ReadOptions) -> Result<Opened, FileError> {
    let primary = read(path)?;
    let clean = BaseBlock::read(&primary).is_some_and(|base| !base.is_dirty());
    let logs = if clean { Vec::new() } else { find_logs(path)? };
    let contents = logs.iter().map(|log| read(log)).collect::<Result<Vec<_>, _>>()?;
    let contents: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    let recovered = replay(&primary, &contents);
    let hive = parse(&recovered.bytes, options).map_err(|error| failed("read", path, error))?;
    Ok(Opened {
        hive,
        logs,
        entries: recovered.entries,
        base_block_from_log: recovered.base_block_from_log,
        log_faults: recovered.faults,
    })
}

/// Puts a file in place of another, or where none is: after a crash there is the old one or the new one, whole.
///
/// On Unix the new file has the mode of the old one, or is its owner's alone; on Windows it has what the folder hands down.
///
/// # Errors
/// [`FileError`] when the system refuses; the old file is then as it was, and nothing is left beside it.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    mp_durable::replace(path, bytes, Readers::AsBefore).map_err(|error| failed("save", path, error))
}

fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let bytes = || -> Result<Vec<u8>, FileErrorKind> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(FileErrorKind::NotAFile);
        }
        // Room for all of it at once, and for the read that finds the end.
        let room = usize::try_from(about.len().min(MAX_FILE_SIZE) + 1).unwrap_or_default();
        let mut bytes = Vec::with_capacity(room);
        file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_SIZE { Err(FileErrorKind::TooLarge) } else { Ok(bytes) }
    };
    bytes().map_err(|cause| failed("read", path, cause))
}

/// The logs beside a file. Where case tells files apart, the one whose name is spelt like the hive's comes first.
fn find_logs(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    let Some(name) = path.file_name() else {
        return Ok(Vec::new());
    };
    let folder = folder_of(path);
    let listing = |error: io::Error| failed("list", folder, error);
    let mut names: Vec<OsString> = Vec::new();
    for entry in fs::read_dir(folder).map_err(listing)? {
        let found = entry.map_err(listing)?.file_name();
        if found.len() > name.len() {
            names.push(found);
        }
    }
    names.sort();
    let log = |ending: &str| {
        let mut wanted = name.to_owned();
        wanted.push(ending);
        let same: Vec<&OsString> = names.iter().filter(|found| found.eq_ignore_ascii_case(&wanted)).collect();
        same.iter().find(|found| ***found == wanted).or(same.first()).map(|found| folder.join(found))
    };
    Ok(LOG_ENDINGS.iter().filter_map(|ending| log(ending)).collect())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != OsStr::new("")).unwrap_or(Path::new("."))
}

fn failed(doing: &'static str, path: &Path, cause: impl Into<FileErrorKind>) -> FileError {
    FileError { doing, path: path.to_owned(), cause: cause.into() }
}
