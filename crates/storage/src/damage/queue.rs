use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mp_durable::Readers;
use mp_protocol::{damage::DamageReport, session_report::MAX_BATCH_REPORTS};

/// Folder in the state folder.
const FOLDER: &str = "damage-out";
/// Most reports that wait. A store that has more damage says so by those.
const MAX_WAITING: usize = 10_000;
const EXTENSION: &str = "json";

/// Reports of damage that the console has not taken yet: a folder with a file for each, named by its identity. The service and
/// `metaprofiles storage verify` both write into it; the service empties it.
#[derive(Clone, Debug)]
pub struct DamageQueue {
    folder: PathBuf,
}

/// A report that waits, as it lies there.
#[derive(Debug)]
pub(super) struct Waiting {
    path: PathBuf,
    bytes: Vec<u8>,
    pub(super) report: DamageReport,
}

impl DamageQueue {
    /// The queue of a Storage Service.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn open(state_folder: &Path) -> io::Result<Self> {
        let folder = state_folder.join(FOLDER);
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// Puts a report into the queue, durably, in the place of one of the same damage that says less.
    ///
    /// # Errors
    /// When it cannot be written, or too many wait.
    pub fn add(&self, report: &DamageReport) -> io::Result<()> {
        let path = self.folder.join(format!("{}.{EXTENSION}", report.id));
        match read(&path) {
            Some(known) if known.report.remedy.rank() >= report.remedy.rank() => return Ok(()),
            Some(_) => {}
            None if self.files()?.len() >= MAX_WAITING => {
                return Err(io::Error::other("too many reports wait for the console"));
            }
            None => {}
        }
        let text = serde_json::to_vec(report)?;
        mp_durable::replace(&path, &text, Readers::AsFolder)
    }

    /// How many reports wait.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn waiting(&self) -> io::Result<usize> {
        Ok(self.files()?.len())
    }

    /// Some of the reports that wait. What cannot be read is put aside, so that it does not hold up the others.
    pub(super) fn batch(&self) -> io::Result<Vec<Waiting>> {
        let mut batch = Vec::new();
        for path in self.files()? {
            match read(&path) {
                Some(waiting) => batch.push(waiting),
                None => {
                    tracing::warn!(path = %path.display(), "A report of damage cannot be read; it is not sent");
                    fs::rename(&path, path.with_extension("unreadable"))?;
                }
            }
            if batch.len() == MAX_BATCH_REPORTS {
                break;
            }
        }
        Ok(batch)
    }

    /// Takes a report out, unless another one has taken its place.
    pub(super) fn done(&self, waiting: &Waiting) -> io::Result<()> {
        match fs::read(&waiting.path) {
            Ok(bytes) if bytes == waiting.bytes => fs::remove_file(&waiting.path),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

fn read(path: &Path) -> Option<Waiting> {
    let bytes = fs::read(path).ok()?;
    let report = serde_json::from_slice(&bytes).ok()?;
    Some(Waiting { path: path.to_owned(), bytes, report })
}
