//! A storage in memory that fails when it is told to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use mp_dataset::{DataSet, Limits, check};
use mp_profile::{
    DataSetStore, Fetched, HeldVersion, KnownVersion, Scope, Sid, StoreError, Stored, Upload, VersionTag,
};

/// What goes wrong from now on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Nothing gets through.
    pub(crate) away: bool,
    /// Only what is read gets through.
    pub(crate) read_only: bool,
    /// What is written is stored, and nobody learns of it.
    pub(crate) lost_acknowledgements: bool,
    /// This scope is refused.
    pub(crate) refused: Option<Scope>,
    /// Nothing more can be quarantined.
    pub(crate) quarantine_full: bool,
    /// The content of former versions is no longer kept.
    pub(crate) keeps_names_only: bool,
    /// Each answer takes this long.
    pub(crate) slow: Duration,
    /// The Agent is killed at this moment, counted from 0: before a request, or after storage did what it writes.
    pub(crate) killed_at: Option<usize>,
    /// Answers `not modified` to everything.
    pub(crate) not_modified: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Quarantined {
    pub(crate) scope: Scope,
    pub(crate) reason: String,
    pub(crate) bytes: Vec<u8>,
}

/// A version's name and its file.
type Version = (String, Vec<u8>);

#[derive(Debug, Default)]
struct State {
    /// All versions; the last is the current one.
    versions: BTreeMap<(Scope, Sid), Vec<Version>>,
    quarantined: Vec<Quarantined>,
    faults: Faults,
    writes: usize,
    last_version: u32,
    with_base_file: usize,
    held: Vec<(Scope, Held)>,
}

/// What an Agent held when it asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Held {
    /// The current version.
    Current,
    /// A former one, so that what changed since can be sent.
    Former,
    /// Something of which storage cannot tell what changed.
    Other,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct FakeStore(Arc<Mutex<State>>);

fn unreachable(may_be_done: bool) -> StoreError {
    StoreError::Unreachable { server: "store1:8444".into(), text: "MP-NET-002 timed out".into(), may_be_done }
}

impl FakeStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn fail(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Uploads that came with the file of the version they are based on.
    pub(crate) fn with_base_file(&self) -> usize {
        self.state().with_base_file
    }

    /// What was held at each fetch since the last call.
    pub(crate) fn held(&self) -> Vec<(Scope, Held)> {
        std::mem::take(&mut self.state().held)
    }

    pub(crate) fn away(&self) {
        self.fail(Faults { away: true, ..Faults::default() });
    }

    pub(crate) fn back(&self) {
        self.fail(Faults::default());
    }

    /// How often something was written since the last call.
    pub(crate) fn writes(&self) -> usize {
        std::mem::take(&mut self.state().writes)
    }

    pub(crate) fn current(&self, scope: &Scope, sid: &Sid) -> Option<Version> {
        self.state().versions.get(&(scope.clone(), sid.clone()))?.last().cloned()
    }

    pub(crate) fn versions(&self, scope: &Scope, sid: &Sid) -> usize {
        self.state().versions.get(&(scope.clone(), sid.clone())).map_or(0, Vec::len)
    }

    /// All data sets of a scope that storage has: versions, then what it keeps beside.
    pub(crate) fn history(&self, scope: &Scope, sid: &Sid) -> Vec<DataSet> {
        let state = self.state();
        let versions = state.versions.get(&(scope.clone(), sid.clone())).into_iter().flatten();
        let beside = state.quarantined.iter().filter(|kept| kept.scope == *scope).map(|kept| &kept.bytes);
        let sets = versions.map(|(_, bytes)| bytes).chain(beside).map(|bytes| decode(bytes));
        sets.filter(|set| set.origin.sid == sid.as_str()).collect()
    }

    /// Makes these bytes the current data set, as another Agent does, or an administrator who restores a version.
    pub(crate) fn put(&self, scope: &Scope, sid: &Sid, bytes: &[u8]) -> String {
        let mut state = self.state();
        state.last_version += 1;
        let version = format!("\"v{}\"", state.last_version);
        let key = (scope.clone(), sid.clone());
        state.versions.entry(key).or_default().push((version.clone(), bytes.to_vec()));
        version
    }

    /// An administrator removes all versions.
    pub(crate) fn forget(&self, scope: &Scope, sid: &Sid) {
        self.state().versions.remove(&(scope.clone(), sid.clone()));
    }

    pub(crate) fn quarantined(&self) -> Vec<Quarantined> {
        self.state().quarantined.clone()
    }

    /// One moment of a request has come at which the Agent may be killed.
    fn moment(&self) {
        let mut state = self.state();
        if let Some(left) = state.faults.killed_at {
            state.faults.killed_at = left.checked_sub(1);
            if left == 0 {
                drop(state);
                std::panic::resume_unwind(Box::new("killed"));
            }
        }
    }

    fn read(&self, scope: &Scope) -> Result<MutexGuard<'_, State>, StoreError> {
        self.moment();
        let state = self.state();
        let slow = state.faults.slow;
        drop(state);
        std::thread::sleep(slow);
        let state = self.state();
        if state.faults.away {
            return Err(unreachable(false));
        }
        if state.faults.refused.as_ref() == Some(scope) {
            let text = "MP-STO-011 this Agent may not reach it (status 403)".to_owned();
            return Err(StoreError::Refused { server: "store1:8444".into(), text });
        }
        Ok(state)
    }

    fn write(&self, scope: &Scope) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.read(scope)?;
        if state.faults.read_only {
            return Err(unreachable(false));
        }
        state.writes += 1;
        Ok(state)
    }
}

impl DataSetStore for FakeStore {
    fn fetch(&self, scope: &Scope, sid: &Sid, held: Option<HeldVersion<'_>>) -> Result<Fetched, StoreError> {
        let mut state = self.read(scope)?;
        if state.faults.not_modified {
            return Ok(Fetched::NotModified);
        }
        if let Some(held) = held {
            let versions = state.versions.get(&(scope.clone(), sid.clone())).into_iter().flatten();
            let is_held = |(name, bytes): &Version| *name == held.version.0 && held.file == Some(bytes);
            let sound = versions.clone().any(is_held);
            let current = versions.last().is_some_and(is_held);
            state.held.push((
                scope.clone(),
                if current {
                    Held::Current
                } else if sound {
                    Held::Former
                } else {
                    Held::Other
                },
            ));
            if current {
                return Ok(Fetched::NotModified);
            }
        }
        let versions = state.versions.get(&(scope.clone(), sid.clone()));
        Ok(match versions.and_then(|versions| versions.last()) {
            Some((version, bytes)) => {
                Fetched::Data { version: VersionTag(version.clone()), bytes: bytes.clone() }
            }
            None => Fetched::None,
        })
    }

    fn store(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: Option<&VersionTag>,
        bytes: &[u8],
    ) -> Result<Stored, StoreError> {
        let state = self.write(scope)?;
        let lost = state.faults.lost_acknowledgements;
        let versions = state.versions.get(&(scope.clone(), sid.clone()));
        let (current, same) = match versions.and_then(|versions| versions.last()) {
            Some((version, stored)) => (Some(version.clone()), stored.as_slice() == bytes),
            None => (None, false),
        };
        drop(state);
        // As the Storage Service does: what comes again is there.
        if let Some(version) = current.clone().filter(|_| same) {
            return if lost { Err(unreachable(true)) } else { Ok(Stored::As(VersionTag(version))) };
        }
        if current.as_deref() != base.map(|VersionTag(base)| base.as_str()) {
            return Ok(Stored::Conflict);
        }
        let version = self.put(scope, sid, bytes);
        self.moment();
        if lost { Err(unreachable(true)) } else { Ok(Stored::As(VersionTag(version))) }
    }

    /// Counts where the file of the base is that of the version, so that a difference against it can be sent.
    fn upload(&self, scope: &Scope, sid: &Sid, upload: &Upload<'_>) -> Result<Stored, StoreError> {
        if let (Some(base), Some(file)) = (upload.base, upload.base_file) {
            let mut state = self.state();
            let versions = state.versions.get(&(scope.clone(), sid.clone()));
            let known = versions.and_then(|versions| versions.iter().find(|(name, _)| *name == base.0));
            let same = known.is_some_and(|(_, bytes)| bytes == file);
            state.with_base_file += usize::from(same);
        }
        self.store(scope, sid, upload.base, upload.bytes)
    }

    fn known_versions(&self, scope: &Scope, sid: &Sid) -> Result<Vec<KnownVersion>, StoreError> {
        let state = self.read(scope)?;
        let versions = state.versions.get(&(scope.clone(), sid.clone())).into_iter().flatten().rev();
        let known = versions.filter_map(|(version, bytes)| {
            let seal = check(bytes, &Limits::default()).ok()?.digest;
            Some(KnownVersion { version: VersionTag(version.clone()), seal })
        });
        Ok(known.collect())
    }

    fn version_bytes(
        &self,
        scope: &Scope,
        sid: &Sid,
        version: &VersionTag,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.read(scope)?;
        let versions = state.versions.get(&(scope.clone(), sid.clone()));
        let is_current = |name: &str| {
            versions.and_then(|versions| versions.last()).is_some_and(|(current, _)| current == name)
        };
        if state.faults.keeps_names_only && !is_current(&version.0) {
            return Ok(None);
        }
        let found = versions.and_then(|versions| versions.iter().find(|(name, _)| *name == version.0));
        Ok(found.map(|(_, bytes)| bytes.clone()))
    }

    fn quarantine(&self, scope: &Scope, _: &Sid, reason: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let mut state = self.write(scope)?;
        if state.faults.quarantine_full {
            return Err(unreachable(false));
        }
        // As the Storage Service does: the same bytes are kept once.
        if !state.quarantined.iter().any(|kept| kept.scope == *scope && kept.bytes == bytes) {
            let kept = Quarantined { scope: scope.clone(), reason: reason.to_owned(), bytes: bytes.to_vec() };
            state.quarantined.push(kept);
        }
        let lost = state.faults.lost_acknowledgements;
        drop(state);
        self.moment();
        if lost { Err(unreachable(true)) } else { Ok(()) }
    }
}

pub(crate) fn decode(bytes: &[u8]) -> DataSet {
    mp_dataset::decode(bytes, &Limits::default()).unwrap().into_data_set()
}
