//! Data sets as objects, with a catalogue in PostgreSQL: `docs/formats/storage-objects.md`.
//!
//! An object is written once, under a name of its own, before the transaction that makes it a version. What is current is a
//! row, so that compare-and-swap is a transaction, and any number of nodes may serve one store: object stores are not to be
//! trusted with conditional writes.
//!
//! Calls block, as [`Backend`] says, and the libraries of store and database do not: each call waits for its future, which
//! a runtime of the backend's own drives. The service calls from threads that may block; a runtime of our own stands still neither
//! with the service's nor with a caller's that has none.

mod address;
mod adopt;
mod adopt_version;
mod catalogue;
mod collect;
mod inspect;
mod objects;
mod open;
mod quarantine;
mod read;
mod sealing;
mod write;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mp_profile::{Scope, Sid, VersionTag};
use tokio::{runtime::Runtime, time::timeout};

pub use address::{Environment, InvalidStoreAddress, StoreAddress};
pub use adopt::Adopted;
pub use collect::Collected;
pub use open::{ObjectOptions, OpenError};

use catalogue::Catalogue;
use objects::Objects;

use super::{
    Adoption, Backend, BackendError, Base, Change, Inspection, Key, QuarantineNote, QuarantinedInfo, Read,
    Removed, Replaced, Retention, Stamp, Version, VersionInfo,
};
use crate::{DataSetFile, Probed, Space, at_rest::AtRest};

/// For one call, store and catalogue together.
const CALL: Duration = Duration::from_secs(60);
/// For an inspection, which reads everything of a user and scope.
const INSPECTION: Duration = Duration::from_secs(600);
/// For so long it is not added up again how much the store keeps: that looks at every row.
const ADDED_UP: Duration = Duration::from_secs(15 * 60);
/// Threads that drive requests to store and catalogue.
const THREADS: usize = 2;

/// A [`Backend`] over an object store and PostgreSQL. Several processes may have the same.
#[derive(Debug)]
pub struct ObjectBackend {
    inner: Arc<Inner>,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    /// How much the store kept, and when that was added up.
    kept: Mutex<Option<(Instant, u64)>>,
}

/// What calls and the collector share.
#[derive(Debug)]
struct Inner {
    objects: Objects,
    catalogue: Catalogue,
    /// Of the store, in its marker and its catalogue.
    id: String,
    at_rest: AtRest,
}

impl ObjectBackend {
    /// Opens a store, once all that it needs was tried. Blocks.
    ///
    /// # Errors
    /// When something does not work, with what to do about it.
    pub fn open(options: &ObjectOptions) -> Result<Self, OpenError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("object-store")
            .enable_all()
            .build()
            .map_err(OpenError::Threads)?;
        let inner = runtime.block_on(Inner::open(options))?;
        Ok(Self { inner: Arc::new(inner), runtime: Some(runtime), kept: Mutex::default() })
    }

    /// Asks store and catalogue for the little that says that both are there, and are the right ones.
    ///
    /// # Errors
    /// When one is not.
    pub fn probe(&self) -> Result<Probed, BackendError> {
        let begun = Instant::now();
        self.wait(CALL, self.inner.probe())?;
        let flush = begun.elapsed();
        let kept = Some(self.kept_bytes()?);
        Ok(Probed { flush, space: Space { kept, ..Space::default() } })
    }

    /// How much the store keeps, to about a quarter of an hour.
    fn kept_bytes(&self) -> Result<u64, BackendError> {
        let mut known = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some((at, kept)) if at.elapsed() < ADDED_UP => Ok(kept),
            _ => {
                let kept = self.wait(CALL, self.inner.catalogue.kept_bytes())?;
                *known = Some((Instant::now(), kept));
                Ok(kept)
            }
        }
    }

    fn wait<T>(
        &self,
        most: Duration,
        call: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        let runtime = self.runtime.as_ref().expect("it is there until it is dropped");
        runtime.block_on(async {
            timeout(most, call).await.unwrap_or_else(|elapsed| {
                Err(self.inner.objects.failed("wait any longer for the catalogue or", "", elapsed))
            })
        })
    }
}

impl Drop for ObjectBackend {
    fn drop(&mut self) {
        // Whoever drops it may be a thread of another runtime, which must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Backend for ObjectBackend {
    fn version(&self, key: &Key) -> Result<Option<Version>, BackendError> {
        self.wait(CALL, self.inner.version(key))
    }

    fn read(&self, key: &Key, held: Option<&VersionTag>) -> Result<Read, BackendError> {
        self.wait(CALL, self.inner.read(key, held))
    }

    fn read_version(&self, key: &Key, tag: &VersionTag) -> Result<Option<Vec<u8>>, BackendError> {
        self.wait(CALL, self.inner.read_version(key, tag))
    }

    fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, BackendError> {
        self.wait(CALL, self.inner.versions(key))
    }

    fn replace(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        stamp: &Stamp,
        retention: &Retention,
    ) -> Result<Replaced, BackendError> {
        self.wait(CALL, self.inner.replace(key, base, file, stamp, retention))
    }

    fn adopt(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        adoption: &Adoption<'_>,
        retention: &Retention,
    ) -> Result<Replaced, BackendError> {
        self.wait(CALL, self.inner.adopt_version(key, base, file, adoption, retention))
    }

    fn note_merged(&self, key: &Key, tag: &VersionTag, merged: &[String]) -> Result<(), BackendError> {
        self.wait(CALL, self.inner.note_merged(key, tag, merged))
    }

    fn remove(
        &self,
        key: &Key,
        base: &VersionTag,
        change: &Change,
        retention: &Retention,
    ) -> Result<Removed, BackendError> {
        self.wait(CALL, self.inner.remove(key, base, change, retention))
    }

    fn pin(&self, key: &Key, tag: &VersionTag, pinned: bool, change: &Change) -> Result<bool, BackendError> {
        self.wait(CALL, self.inner.pin(key, tag, pinned, change))
    }

    fn quarantine(&self, key: &Key, file: &DataSetFile, note: &QuarantineNote) -> Result<(), BackendError> {
        self.wait(CALL, self.inner.quarantine(key, file, note))
    }

    fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, BackendError> {
        self.wait(CALL, self.inner.quarantined(key))
    }

    fn read_quarantined(&self, key: &Key, id: &str) -> Result<Option<Vec<u8>>, BackendError> {
        self.wait(CALL, self.inner.read_quarantined(key, id))
    }

    fn delete_quarantined(&self, key: &Key, id: &str) -> Result<bool, BackendError> {
        self.wait(CALL, self.inner.delete_quarantined(key, id))
    }

    fn scopes(&self) -> Result<Vec<Scope>, BackendError> {
        self.wait(CALL, self.inner.scopes())
    }

    fn users(&self, scope: &Scope, after: Option<&Sid>, limit: usize) -> Result<Vec<Sid>, BackendError> {
        self.wait(CALL, self.inner.users(scope, after, limit))
    }

    fn inspect(&self, key: &Key, repair: Option<u64>) -> Result<Inspection, BackendError> {
        self.wait(INSPECTION, self.inner.inspect(key, repair))
    }
}
