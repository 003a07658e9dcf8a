//! The folder of one data set's former versions: `<sequence>-<first digits of the seal>[.removed][.pinned].mpd`, with `damaged`
//! instead of the digits for what was found damaged.

use std::{
    cmp::Reverse,
    fs, io,
    path::{Path, PathBuf},
};

use mp_dataset::Digest;
use mp_durable::{Readers, TEMPORARY_SUFFIX};

use super::{Version, failed, make_folder, millis, sealing::content_len, sync_folder_of};
use crate::backend::{BackendError, Candidate, Retention};

/// Hexadecimal digits of the seal in the name of a former version.
const SEAL_DIGITS: usize = 16;
const EXTENSION: &str = ".mpd";
/// In the name of a version that was current when the data set was deleted.
const REMOVED: &str = ".removed";
/// In the name of a version that retention leaves.
const PINNED: &str = ".pinned";

/// In the place of the seal of a version that was found damaged.
const DAMAGED: &str = "damaged";

/// Ending of the name of a file without content that gives the current version its number.
const NUMBER: &str = ".number";

/// The folder of the former versions.
#[derive(Debug)]
pub(super) struct Versions(PathBuf);

/// A file in the folder.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    pub(super) seal: String,
    pub(super) removed: bool,
    pub(super) pinned: bool,
    pub(super) path: PathBuf,
}

/// Content of the folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The former versions, newest first. The current one may be among them: it is pinned, or a crash came between keeping
    /// and replacing it.
    pub(super) entries: Vec<Entry>,
    /// Numbers that do not follow from the former ones, of current versions with these seals.
    given: Vec<Given>,
    unfinished: Vec<PathBuf>,
}

/// A file whose name says which number the current version has, if it has this seal.
#[derive(Clone, Debug)]
struct Given {
    sequence: u64,
    seal: String,
    path: PathBuf,
}

impl Listing {
    /// The number of a current version of this seal. It follows from the former ones: one more than the newest of them. Only
    /// if that is a second link of the current file it is the same version. A higher number may have been given to it.
    pub(super) fn sequence_of(&self, digest: Digest) -> u64 {
        let follows = match self.entries.first() {
            None => 1,
            Some(newest) if newest.is(digest) && !newest.removed => newest.sequence,
            Some(newest) => newest.sequence.saturating_add(1),
        };
        let seal = short(digest);
        let given = self.given.iter().filter(|given| given.seal == seal).map(|given| given.sequence);
        given.chain([follows]).max().unwrap_or(follows)
    }

    /// The current version, whose file has this seal and this many bytes.
    pub(super) fn current(&self, digest: Digest, len: u64) -> Version {
        let sequence = self.sequence_of(digest);
        Version { sequence, digest, len, stands_in_for: self.damaged_before(sequence) }
    }

    /// The number of a current version whose seal cannot be read.
    pub(super) fn next(&self) -> u64 {
        let follows = self.entries.first().map_or(1, |newest| newest.sequence.saturating_add(1));
        self.given.iter().map(|given| given.sequence).chain([follows]).max().unwrap_or(follows)
    }

    /// The number of the damaged version in whose place the current one, of this number, is.
    pub(super) fn damaged_before(&self, sequence: u64) -> Option<u64> {
        let newest = self.entries.first().filter(|newest| newest.is_damaged())?.sequence;
        (newest.checked_add(1) == Some(sequence)).then_some(newest)
    }

    pub(super) fn of(&self, sequence: u64) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.sequence == sequence)
    }
}

impl Entry {
    pub(super) fn is(&self, digest: Digest) -> bool {
        self.seal == short(digest)
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.seal == DAMAGED
    }
}

impl Versions {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Keeps the current file under its former name as well: a second link where the file system can, else a copy. Gives its
    /// path, whose folder is not flushed yet; the listing has it from then on.
    pub(super) fn keep(
        &self,
        current: &Path,
        version: Version,
        listing: &mut Listing,
    ) -> Result<PathBuf, BackendError> {
        if let Some(kept) = listing.of(version.sequence) {
            return Ok(kept.path.clone());
        }
        let path = self.link(current, version, "")?;
        let (sequence, seal) = (version.sequence, short(version.digest));
        // It is the newest.
        listing
            .entries
            .insert(0, Entry { sequence, seal, removed: false, pinned: false, path: path.clone() });
        Ok(path)
    }

    /// Makes the current file a former version alone. The name says that it was deleted: a link under another name would be
    /// taken for the current version of the next file with this content, and to rename a file to a link of itself does nothing.
    pub(super) fn retire(
        &self,
        current: &Path,
        version: Version,
        listing: &Listing,
    ) -> Result<(), BackendError> {
        let linked = listing.of(version.sequence);
        let pinned = if linked.is_some_and(|entry| entry.pinned) { PINNED } else { "" };
        let path = self.path_of(version, &format!("{REMOVED}{pinned}"));
        make_folder(&self.0)?;
        fs::rename(current, &path).map_err(|error| failed("keep a former version as", &path, error))?;
        sync_folder_of(&path)?;
        sync_folder_of(current)?;
        if let Some(linked) = linked {
            fs::remove_file(&linked.path).map_err(|error| failed("delete", &linked.path, error))?;
        }
        Ok(())
    }

    /// Gives the next current version a number that does not follow from the former ones.
    pub(super) fn give_number(&self, version: Version) -> Result<(), BackendError> {
        make_folder(&self.0)?;
        let path = self.0.join(format!("{:08}-{}{NUMBER}", version.sequence, short(version.digest)));
        fs::File::create(&path).map_err(|error| failed("make", &path, error))?;
        sync_folder_of(&path)
    }

    /// Pins the current version: its second link has a name of its own.
    pub(super) fn pin_current(&self, current: &Path, version: Version) -> Result<(), BackendError> {
        let path = self.link(current, version, PINNED)?;
        sync_folder_of(&path)
    }

    /// Pins a former version, or takes the pin away.
    pub(super) fn pin(&self, entry: &Entry, pinned: bool) -> Result<(), BackendError> {
        self.rename(entry, Entry { pinned, ..entry.clone() })
    }

    /// Notes in the name of a former version that it is damaged.
    pub(super) fn mark_damaged(&self, entry: &Entry) -> Result<(), BackendError> {
        self.rename(entry, Entry { seal: DAMAGED.to_owned(), ..entry.clone() })
    }

    /// Keeps the damaged current file as a former version, whose number is not given again.
    pub(super) fn keep_damaged(&self, current: &Path, sequence: u64) -> Result<(), BackendError> {
        make_folder(&self.0)?;
        let path = self.0.join(format!("{sequence:08}-{DAMAGED}{EXTENSION}"));
        link_or_copy(current, &path)?;
        sync_folder_of(&path)
    }

    fn rename(&self, from: &Entry, to: Entry) -> Result<(), BackendError> {
        let removed = if to.removed { REMOVED } else { "" };
        let pinned = if to.pinned { PINNED } else { "" };
        let path = self.0.join(format!("{:08}-{}{removed}{pinned}{EXTENSION}", to.sequence, to.seal));
        fs::rename(&from.path, &path).map_err(|error| failed("rename", &from.path, error))?;
        sync_folder_of(&path)
    }

    /// Deletes of what is there what retention does not keep, and what a crash left. What cannot be deleted now is tried again
    /// the next time. Nobody else may be writing here.
    pub(super) fn prune(
        &self,
        listing: Listing,
        current: Option<(u64, &Path)>,
        retention: &Retention,
        now: u64,
    ) {
        let Listing { entries, given, unfinished } = listing;
        // A number that the newest former version has passed says nothing any more.
        let newest = entries.first().map_or(0, |entry| entry.sequence);
        let passed = given.into_iter().filter(|given| {
            given.sequence <= newest || current.is_some_and(|(sequence, _)| given.sequence < sequence)
        });
        let passed: Vec<PathBuf> = passed.map(|given| given.path).collect();
        let former: Vec<Entry> = entries
            .into_iter()
            .filter(|entry| current.is_none_or(|(sequence, _)| sequence != entry.sequence))
            .collect();
        let candidates: Vec<Candidate> = match retention.is_by_count() {
            true => former
                .iter()
                .map(|entry| Candidate {
                    pinned: entry.pinned,
                    damaged: entry.is_damaged(),
                    ..Candidate::default()
                })
                .collect(),
            false => weighed(&former, current.map(|(_, path)| path), now),
        };
        let old = retention.falling(&candidates, now).into_iter().filter_map(|index| former.get(index));
        for path in old.map(|entry| &entry.path).chain(&unfinished).chain(&passed) {
            if let Err(error) = fs::remove_file(path) {
                tracing::warn!(path = %path.display(), %error, "Cannot delete an old version");
            }
        }
    }

    /// What is in the folder. Files of other names are left alone.
    pub(super) fn list(&self) -> Result<Listing, BackendError> {
        let mut listing = Listing::default();
        let listed = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            listed => listed.map_err(|error| failed("list", &self.0, error))?,
        };
        for entry in listed {
            let entry = entry.map_err(|error| failed("list", &self.0, error))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(TEMPORARY_SUFFIX) {
                listing.unfinished.push(entry.path());
            } else if let Some((sequence, seal)) = parse_number(&name) {
                listing.given.push(Given { sequence, seal, path: entry.path() });
            } else {
                listing.entries.extend(parse(&name, entry.path()));
            }
        }
        listing.entries.sort_by_key(|entry| Reverse((entry.sequence, entry.removed, entry.pinned)));
        Ok(listing)
    }

    fn link(&self, current: &Path, version: Version, flags: &str) -> Result<PathBuf, BackendError> {
        let path = self.path_of(version, flags);
        make_folder(&self.0)?;
        link_or_copy(current, &path)?;
        Ok(path)
    }

    fn path_of(&self, version: Version, flags: &str) -> PathBuf {
        self.0.join(format!("{:08}-{}{flags}{EXTENSION}", version.sequence, short(version.digest)))
    }
}

/// Sizes and times of former versions. What cannot be looked at weighs nothing and stays.
fn weighed(former: &[Entry], current: Option<&Path>, now: u64) -> Vec<Candidate> {
    let mut replaced = current.and_then(|path| fs::metadata(path).ok()).as_ref().map_or(now, stored);
    let mut candidates = Vec::new();
    for entry in former {
        let metadata = fs::metadata(&entry.path).ok();
        // As the object store counts: encryption makes no version fall earlier.
        let bytes = content_len(&entry.path).unwrap_or_default();
        candidates.push(Candidate { pinned: entry.pinned, damaged: entry.is_damaged(), bytes, replaced });
        replaced = metadata.as_ref().map_or(now, stored);
    }
    candidates
}

/// When a file was written, in milliseconds since 1970; now where the file system does not say.
pub(super) fn stored(metadata: &fs::Metadata) -> u64 {
    millis(metadata.modified().unwrap_or_else(|_| std::time::SystemTime::now()))
}

fn link_or_copy(from: &Path, to: &Path) -> Result<(), BackendError> {
    let linked = match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) => fs::read(from).and_then(|bytes| mp_durable::replace(to, &bytes, Readers::AsFolder)),
    };
    linked.map_err(|error| failed("keep a former version as", to, error))
}

fn short(digest: Digest) -> String {
    digest.to_string().chars().take(SEAL_DIGITS).collect()
}

fn parse_number(name: &str) -> Option<(u64, String)> {
    let (sequence, seal) = name.strip_suffix(NUMBER)?.split_once('-')?;
    Some((sequence.parse().ok()?, seal.to_owned()))
}

fn parse(name: &str, path: PathBuf) -> Option<Entry> {
    let rest = name.strip_suffix(EXTENSION)?;
    let (rest, pinned) = rest.strip_suffix(PINNED).map_or((rest, false), |rest| (rest, true));
    let (rest, removed) = rest.strip_suffix(REMOVED).map_or((rest, false), |rest| (rest, true));
    let (sequence, seal) = rest.split_once('-')?;
    Some(Entry { sequence: sequence.parse().ok()?, seal: seal.to_owned(), removed, pinned, path })
}
