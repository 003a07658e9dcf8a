//! Uploads as the difference against a version that storage has: `docs/reference/wire.md`, section 4.6.

use std::sync::atomic::{AtomicBool, Ordering};

use mp_dataset::Dictionary;
use mp_profile::Upload;

use super::{ClientError, StorageClient};

/// Data sets of fewer bytes are sent whole: they fit into a packet or two.
const WORTH_IT: usize = 2048;

/// What an older Storage Service says of a delta, which it takes for a damaged data set.
const NOT_A_DATA_SET: &str = "MP-STO-015";

/// Whether a Storage Server takes deltas, as far as is known.
#[derive(Debug)]
pub(super) struct TakesDeltas(AtomicBool);

impl Default for TakesDeltas {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl StorageClient {
    /// The delta of an upload, where there is one that is shorter by half or more.
    pub(super) fn delta_of(&self, upload: &Upload<'_>) -> Option<Vec<u8>> {
        let base = upload.base.and(upload.base_file)?;
        if upload.bytes.len() < WORTH_IT || !self.takes_deltas.0.load(Ordering::Relaxed) {
            return None;
        }
        let delta = Dictionary::of(base).and_then(|base| base.delta(upload.bytes)).ok()?;
        (delta.len() <= upload.bytes.len() / 2).then_some(delta)
    }

    /// Whether a delta was refused as such. The server has changed nothing then, and gets the data set whole.
    pub(super) fn wants_whole(&self, error: &ClientError) -> bool {
        let ClientError::Answer { status, error, .. } = error else { return false };
        if *status == 415 || error.code == NOT_A_DATA_SET {
            self.takes_deltas.0.store(false, Ordering::Relaxed);
        }
        matches!(status, 400 | 409 | 415 | 422)
    }
}
