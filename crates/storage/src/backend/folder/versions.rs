use std::{
    cmp::Reverse,
    fs, io,
    path::{Path, PathBuf},
};

use mp_dataset::Digest;
use mp_durable::{Readers, TEMPORARY_SUFFIX};

use super::{Former, Version, failed, make_folder, sync_folder_of};
use crate::backend::BackendError;

/// Hexadecimal digits of the seal in the name of a former version.
const SEAL_DIGITS: usize = 16;

/// The folder of one data set's former versions: `<sequence>-<first digits of the seal>.mpd`.
#[derive(Debug)]
pub(super) struct Versions(PathBuf);

/// A file in the folder.
#[derive(Debug)]
struct Entry {
    sequence: u64,
    seal: String,
    path: PathBuf,
}

/// Content of the folder.
#[derive(Debug, Default)]
struct Listing {
    /// The former versions, newest first.
    former: Vec<Entry>,
    unfinished: Vec<PathBuf>,
}

impl Versions {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The number of the current version. It follows from the former ones: one more than the newest of them. Only if that
    /// has the seal of the current one, a crash came between keeping it and replacing it, and it is the same version.
    pub(super) fn sequence_of_current(&self, digest: Digest) -> Result<u64, BackendError> {
        Ok(match self.entries()?.former.first() {
            None => 1,
            Some(newest) if newest.seal == short(digest) => newest.sequence,
            Some(newest) => newest.sequence.saturating_add(1),
        })
    }

    /// Keeps the current file under its former name as well: a second link where the file system can, else a copy.
    pub(super) fn keep(&self, current: &Path, version: Version) -> Result<(), BackendError> {
        let path = self.path_of(version);
        make_folder(&self.0)?;
        let kept = match fs::hard_link(current, &path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(_) => copy(current, &path),
        };
        kept.map_err(|error| failed("keep a former version as", &path, error))?;
        sync_folder_of(&path)
    }

    /// Makes the current file a former version alone.
    pub(super) fn retire(&self, current: &Path, version: Version) -> Result<(), BackendError> {
        let path = self.path_of(version);
        make_folder(&self.0)?;
        fs::rename(current, &path).map_err(|error| failed("keep a former version as", &path, error))?;
        sync_folder_of(&path)?;
        sync_folder_of(current)
    }

    /// Deletes all but the newest former versions, and what a crash left. What cannot be deleted now is tried again the
    /// next time. Nobody else may be writing here.
    pub(super) fn prune(&self, keep: u32) {
        let keep = usize::try_from(keep.max(1)).unwrap_or(usize::MAX);
        let Ok(Listing { former, unfinished }) = self.entries() else { return };
        let old = former.into_iter().skip(keep).map(|entry| entry.path);
        for path in old.chain(unfinished) {
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!(path = %path.display(), %error, "Cannot delete an old version");
            }
        }
    }

    pub(super) fn list(&self) -> Result<Vec<Former>, BackendError> {
        let former = self.entries()?.former.into_iter().map(|entry| {
            let metadata =
                fs::metadata(&entry.path).map_err(|error| failed("look at", &entry.path, error))?;
            Ok(Former { sequence: entry.sequence, len: metadata.len() })
        });
        former.collect()
    }

    /// What is in the folder. Files of other names are left alone.
    fn entries(&self) -> Result<Listing, BackendError> {
        let mut listing = Listing::default();
        let listed = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            listed => listed.map_err(|error| failed("list", &self.0, error))?,
        };
        for entry in listed {
            let entry = entry.map_err(|error| failed("list", &self.0, error))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if let Some((sequence, seal)) = parse(&name) {
                listing.former.push(Entry { sequence, seal, path: entry.path() });
            } else if name.ends_with(TEMPORARY_SUFFIX) {
                listing.unfinished.push(entry.path());
            }
        }
        listing.former.sort_by_key(|entry| Reverse(entry.sequence));
        Ok(listing)
    }

    fn path_of(&self, version: Version) -> PathBuf {
        self.0.join(format!("{:08}-{}.mpd", version.sequence, short(version.digest)))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    mp_durable::replace(to, &fs::read(from)?, Readers::AsFolder)
}

fn short(digest: Digest) -> String {
    digest.to_string().chars().take(SEAL_DIGITS).collect()
}

fn parse(name: &str) -> Option<(u64, String)> {
    let (sequence, seal) = name.strip_suffix(".mpd")?.split_once('-')?;
    Some((sequence.parse().ok()?, seal.to_owned()))
}
