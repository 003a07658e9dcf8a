//! What follows from the seal of a data set file, so that it is not found out at each request.
//!
//! The seal is BLAKE3 over the whole file, so two intact files with one seal are one file: whom it names and its SHA-256 are
//! then known by the seal alone. What is kept here says nothing about what lies on the disk. Bytes are given out only after
//! the backend has found, for this very request, that they have this seal (ADR 16).

use std::sync::{Mutex, PoisonError};

use hashlink::LruCache;
use mp_dataset::{Digest, Intact, Limits};
use mp_protocol::digest::sha256;

/// Files of which something is kept; some 200 bytes for each.
const MOST: usize = 32 * 1024;

/// What follows from a seal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Facts {
    /// The user whom the file names; `None` where it names nobody, or this software cannot decode it.
    pub(crate) owner: Option<Box<str>>,
    /// SHA-256 of the whole file.
    pub(crate) sha256: [u8; 32],
}

/// The facts of the files that were used last.
pub(crate) struct KnownFacts(Mutex<LruCache<Digest, Facts>>);

impl Default for KnownFacts {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl KnownFacts {
    /// Notes what was found out of an intact file.
    pub(crate) fn note(&self, seal: Digest, facts: Facts) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(seal, facts);
    }

    /// The facts of the intact file with this seal, whose bytes these are.
    pub(crate) fn of(&self, seal: Digest, file: &[u8]) -> Facts {
        if let Some(facts) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&seal) {
            return facts.clone();
        }
        let limits = Limits::default();
        let intact = Intact::check(file, &limits).ok();
        let found = intact.as_ref().map(|intact| intact.header().digest);
        let origin = intact.and_then(|intact| intact.origin(&limits).ok());
        let owner = origin.filter(|origin| !origin.sid.is_empty()).map(|origin| origin.sid.into());
        let facts = Facts { owner, sha256: sha256(file) };
        if found == Some(seal) {
            self.note(seal, facts.clone());
        }
        facts
    }
}

impl std::fmt::Debug for KnownFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownFacts")
    }
}
