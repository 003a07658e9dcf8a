//! Data sets as the difference against a version that both sides have: `docs/reference/wire.md`, section 4.6.

use std::sync::atomic::{AtomicBool, Ordering};

use mp_dataset::{Delta, Dictionary};
use mp_profile::{HeldVersion, Upload};

use super::{ClientError, StorageClient};

/// Data sets of fewer bytes are sent whole: they fit into a packet or two.
const WORTH_IT: usize = 2048;

/// Where fewer bytes are held, no delta is asked for: a logon waits for both sides to unpack and pack.
const WORTH_ASKING: usize = 16 * 1024;

/// What an older Storage Service says of a delta, which it takes for a damaged data set.
const NOT_A_DATA_SET: &str = "MP-STO-015";

/// What a Storage Server does with deltas, as far as is known.
#[derive(Debug)]
pub(super) struct Deltas {
    /// It takes them.
    taken: AtomicBool,
    /// What it gives can be used.
    usable: AtomicBool,
}

impl Default for Deltas {
    fn default() -> Self {
        Self { taken: AtomicBool::new(true), usable: AtomicBool::new(true) }
    }
}

impl StorageClient {
    /// The delta of an upload, where there is one that is shorter by half or more.
    pub(super) fn delta_of(&self, upload: &Upload<'_>) -> Option<Vec<u8>> {
        let base = upload.base.and(upload.base_file)?;
        if upload.bytes.len() < WORTH_IT || !self.deltas.taken.load(Ordering::Relaxed) {
            return None;
        }
        let delta = Dictionary::of(base).and_then(|base| base.delta(upload.bytes)).ok()?;
        (delta.len() <= upload.bytes.len() / 2).then_some(delta)
    }

    /// Whether a delta was refused as such. The server has changed nothing then, and gets the data set whole.
    pub(super) fn wants_whole(&self, error: &ClientError) -> bool {
        let ClientError::Answer { status, error, .. } = error else { return false };
        if *status == 415 || error.code == NOT_A_DATA_SET {
            self.deltas.taken.store(false, Ordering::Relaxed);
        }
        matches!(status, 400 | 409 | 415 | 422)
    }

    /// The file of a version held, where it is worth asking for a delta against it.
    pub(super) fn dictionary_file<'a>(&self, held: Option<HeldVersion<'a>>) -> Option<&'a [u8]> {
        let file = held?.file.filter(|file| file.len() >= WORTH_ASKING)?;
        self.deltas.usable.load(Ordering::Relaxed).then_some(file)
    }

    /// The version held as a dictionary, where it is worth asking for a delta against it.
    pub(super) fn dictionary(&self, held: Option<HeldVersion<'_>>) -> Option<Dictionary> {
        Dictionary::of(self.dictionary_file(held)?).ok()
    }

    /// The data set file that a delta stands for. `None` when it gives none whose seal is right: then this server, which may
    /// be of another version, is not asked for deltas any more.
    pub(super) fn undo(&self, delta: &[u8], dictionary: &Dictionary) -> Option<Vec<u8>> {
        let file = Delta::read(delta).and_then(|delta| delta.apply(dictionary));
        if file.is_err() {
            self.deltas.usable.store(false, Ordering::Relaxed);
        }
        file.ok()
    }
}
