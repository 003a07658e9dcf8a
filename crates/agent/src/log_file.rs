//! The service's log: one file that is written, and a few older ones, none longer than a bound.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::state::private_folder;

/// Bytes after which a new file is begun.
pub const MAX_LOG: u64 = 4 * 1024 * 1024;
/// Older files that are kept.
pub const KEPT_LOGS: usize = 4;

/// `agent.log` in a folder, with `agent.1.log` (the latest) to `agent.4.log` before it.
#[derive(Debug)]
pub struct LogFile {
    folder: PathBuf,
    file: File,
    len: u64,
    max: u64,
}

impl LogFile {
    /// Goes on with the log in this folder, made if it is not there; `max` is [`MAX_LOG`] but in tests.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(folder: &Path, max: u64) -> io::Result<Self> {
        private_folder(folder).map_err(|error| error.source)?;
        let file = append(folder)?;
        let len = file.metadata()?.len();
        Ok(Self { folder: folder.to_path_buf(), file, len, max })
    }

    /// The log's files that are there, latest first.
    #[must_use]
    pub fn files(folder: &Path) -> Vec<PathBuf> {
        (0..=KEPT_LOGS).map(|number| place(folder, number)).filter(|path| path.is_file()).collect()
    }

    fn begin_new(&mut self) -> io::Result<()> {
        for number in (0..KEPT_LOGS).rev() {
            let (from, to) = (place(&self.folder, number), place(&self.folder, number + 1));
            match fs::rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.file = append(&self.folder)?;
        self.len = 0;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.len > 0 && self.len.saturating_add(more) > self.max {
            // Somebody may hold one of the files: it goes on for as much again, and then is silent until they let go.
            let begun = self.begin_new();
            if begun.is_err() && self.len > 2 * self.max {
                return Ok(bytes.len());
            }
        }
        let written = self.file.write(bytes)?;
        self.len += u64::try_from(written).unwrap_or_default();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append(folder: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(place(folder, 0))
}

fn place(folder: &Path, number: usize) -> PathBuf {
    folder.join(if number == 0 { "agent.log".to_owned() } else { format!("agent.{number}.log") })
}
