//! A store in memory, for tests: nothing survives it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use mp_dataset::Digest;
use mp_profile::{Scope, Sid, VersionTag};

use super::{
    Adoption, Backend, BackendError, Base, Candidate, Change, Inspection, Key, MAX_QUARANTINED,
    QuarantineNote, QuarantinedInfo, Read, Removed, Replaced, Retention, Stamp, Version, VersionInfo,
};
use crate::{
    DataSetFile,
    at_rest::{AtRest, KeyError, Subject, shown},
};

/// A [`Backend`] in memory.
#[derive(Debug, Default)]
pub struct MemoryBackend {
    users: Mutex<BTreeMap<Key, User>>,
    at_rest: AtRest,
}

#[derive(Debug, Default)]
struct User {
    /// Oldest first.
    versions: Vec<Held>,
    quarantined: BTreeMap<String, Quarantined>,
    /// The wrapped data key.
    record: Option<String>,
}

#[derive(Debug)]
struct Quarantined {
    digest: Digest,
    len: u64,
    stored: Vec<u8>,
    note: QuarantineNote,
}

#[derive(Debug)]
struct Held {
    version: Version,
    /// As stored; `None` when it fell to retention.
    bytes: Option<Vec<u8>>,
    current: bool,
    pinned: bool,
    base: Option<String>,
    stamp: Stamp,
    removed: Option<Change>,
    replaced: u64,
}

impl User {
    fn current(&self) -> Option<&Held> {
        self.versions.last().filter(|held| held.current)
    }

    fn find(&mut self, tag: &VersionTag) -> Option<&mut Held> {
        self.versions.iter_mut().find(|held| held.version.tag() == *tag && held.bytes.is_some())
    }

    fn retire(&mut self, at: u64, removed: Option<Change>) {
        if let Some(held) = self.versions.last_mut() {
            held.current = false;
            held.replaced = at;
            held.removed = removed;
        }
    }

    fn prune(&mut self, retention: &Retention, now: u64) {
        let mut former: Vec<&mut Held> =
            self.versions.iter_mut().rev().filter(|held| !held.current && held.bytes.is_some()).collect();
        let candidate = |held: &&mut Held| Candidate {
            pinned: held.pinned,
            damaged: false,
            bytes: held.version.len,
            replaced: held.replaced,
        };
        let candidates: Vec<Candidate> = former.iter().map(candidate).collect();
        for index in retention.falling(&candidates, now) {
            former[index].bytes = None;
        }
    }
}

impl User {
    /// What is kept of a file.
    fn stored(&mut self, at_rest: &AtRest, key: &Key, file: &DataSetFile) -> Result<Vec<u8>, BackendError> {
        if !at_rest.seals() {
            return Ok(file.bytes().to_vec());
        }
        let mut sealed = || {
            let record = match &self.record {
                Some(record) => record,
                None => self.record.insert(at_rest.new_record(Subject::DataSet(key))?.text),
            };
            let sealing = at_rest.seal(key, file, record)?;
            let mut bytes = Vec::with_capacity(sealing.len());
            // A vector takes all that is written to it.
            drop(sealing.write_to(&mut bytes));
            Ok(bytes)
        };
        sealed().map_err(|source| locked(key, source))
    }

    /// The data set file in what is kept.
    fn opened(&self, at_rest: &AtRest, key: &Key, stored: &[u8]) -> Result<Vec<u8>, BackendError> {
        let opened = at_rest.open(key, stored.to_vec(), self.record.as_deref());
        let opened = opened.map_err(|source| locked(key, source))?;
        opened.map_err(|source| BackendError::Damaged { what: shown(key), source })
    }
}

fn locked(key: &Key, source: KeyError) -> BackendError {
    BackendError::Key { doing: "keep or open a data set of", what: shown(key), source }
}

impl MemoryBackend {
    /// One that stores as told.
    #[must_use]
    pub fn with(at_rest: AtRest) -> Self {
        Self { at_rest, ..Self::default() }
    }

    fn users(&self) -> MutexGuard<'_, BTreeMap<Key, User>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for MemoryBackend {
    fn version(&self, key: &Key) -> Result<Option<Version>, BackendError> {
        Ok(self.users().get(key).and_then(User::current).map(|held| held.version))
    }

    fn read(&self, key: &Key, held: Option<&VersionTag>) -> Result<Read, BackendError> {
        let users = self.users();
        let Some(user) = users.get(key) else { return Ok(Read::None) };
        Ok(match user.current() {
            Some(current) if held == Some(&current.version.tag()) => Read::NotModified(current.version),
            Some(Held { version, bytes: Some(bytes), .. }) => {
                Read::Data(*version, user.opened(&self.at_rest, key, bytes)?)
            }
            _ => Read::None,
        })
    }

    fn read_version(&self, key: &Key, tag: &VersionTag) -> Result<Option<Vec<u8>>, BackendError> {
        let mut users = self.users();
        let Some(user) = users.get_mut(key) else { return Ok(None) };
        let bytes = user.find(tag).and_then(|held| held.bytes.clone());
        bytes.map(|bytes| user.opened(&self.at_rest, key, &bytes)).transpose()
    }

    fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, BackendError> {
        let users = self.users();
        let versions = users.get(key).into_iter().flat_map(|user| user.versions.iter().rev());
        let info = |held: &Held| VersionInfo {
            tag: held.version.tag().0,
            number: held.version.sequence,
            seal: held.version.digest.to_string(),
            bytes: held.version.len,
            current: held.current,
            kept: held.bytes.is_some(),
            pinned: held.pinned,
            damaged: false,
            at: Some(held.stamp.at),
            base: held.base.clone(),
            stamp: Some(held.stamp.clone()),
            removed: held.removed.clone(),
        };
        Ok(versions.map(info).collect())
    }

    fn replace(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        stamp: &Stamp,
        retention: &Retention,
    ) -> Result<Replaced, BackendError> {
        let mut users = self.users();
        let user = users.entry(key.clone()).or_default();
        let before = user.current().map(|held| held.version);
        if let Some(answer) = base.answer(before, file.digest()) {
            return Ok(answer);
        }
        let bytes = user.stored(&self.at_rest, key, file)?;
        if before.is_some() {
            user.retire(stamp.at, None);
        }
        let sequence = user.versions.last().map_or(0, |held| held.version.sequence) + 1;
        let version = Version::new(sequence, file);
        user.versions.push(Held {
            version,
            bytes: Some(bytes),
            current: true,
            pinned: false,
            base: before.map(|before| before.tag().0),
            stamp: stamp.clone(),
            removed: None,
            replaced: stamp.at,
        });
        user.prune(retention, stamp.at);
        Ok(Replaced::As { version, created: before.is_none() })
    }

    fn adopt(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        adoption: &Adoption<'_>,
        retention: &Retention,
    ) -> Result<Replaced, BackendError> {
        let Adoption { number, base: replaced, stamp } = *adoption;
        let mut users = self.users();
        let user = users.entry(key.clone()).or_default();
        let before = user.current().map(|held| held.version);
        let last = user.versions.last().map_or(0, |held| held.version.sequence);
        if !base.allows(before, last, number) {
            return Ok(Replaced::Conflict);
        }
        let bytes = user.stored(&self.at_rest, key, file)?;
        if before.is_some() {
            user.retire(stamp.at, None);
        }
        let version = Version::new(number, file);
        user.versions.push(Held {
            version,
            bytes: Some(bytes),
            current: true,
            pinned: false,
            base: replaced.map(str::to_owned),
            stamp: stamp.clone(),
            removed: None,
            replaced: stamp.at,
        });
        user.prune(retention, stamp.at);
        Ok(Replaced::As { version, created: before.is_none() })
    }

    fn note_merged(&self, key: &Key, tag: &VersionTag, merged: &[String]) -> Result<(), BackendError> {
        let mut users = self.users();
        let held = users.get_mut(key).and_then(|user| user.versions.last_mut());
        if let Some(held) = held.filter(|held| held.current && held.version.tag() == *tag) {
            held.stamp.merged.extend_from_slice(merged);
        }
        Ok(())
    }

    fn remove(
        &self,
        key: &Key,
        base: &VersionTag,
        change: &Change,
        retention: &Retention,
    ) -> Result<Removed, BackendError> {
        let mut users = self.users();
        let Some(user) = users.get_mut(key) else { return Ok(Removed::None) };
        match user.current().map(|held| held.version.tag()) {
            None => Ok(Removed::None),
            Some(tag) if tag != *base => Ok(Removed::Conflict),
            Some(_) => {
                user.retire(change.at, Some(change.clone()));
                user.prune(retention, change.at);
                Ok(Removed::Done)
            }
        }
    }

    fn pin(&self, key: &Key, tag: &VersionTag, pinned: bool, _: &Change) -> Result<bool, BackendError> {
        let mut users = self.users();
        let held = users.get_mut(key).and_then(|user| user.find(tag));
        Ok(held.map(|held| held.pinned = pinned).is_some())
    }

    fn quarantine(&self, key: &Key, file: &DataSetFile, note: &QuarantineNote) -> Result<(), BackendError> {
        let mut users = self.users();
        let user = users.entry(key.clone()).or_default();
        if user.quarantined.values().any(|known| known.digest == file.digest()) {
            return Ok(());
        }
        if user.quarantined.len() >= MAX_QUARANTINED {
            return Err(BackendError::QuarantineFull(key.sid.clone()));
        }
        let id = format!("{:020}-{}", note.at, file.digest());
        let stored = user.stored(&self.at_rest, key, file)?;
        let (digest, len) = (file.digest(), u64::try_from(file.bytes().len()).unwrap_or(u64::MAX));
        user.quarantined.insert(id, Quarantined { digest, len, stored, note: note.clone() });
        Ok(())
    }

    fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, BackendError> {
        let users = self.users();
        let quarantined = users.get(key).into_iter().flat_map(|user| &user.quarantined);
        let info = |(id, kept): (&String, &Quarantined)| QuarantinedInfo {
            id: id.clone(),
            bytes: kept.len,
            note: Some(kept.note.clone()),
        };
        Ok(quarantined.map(info).collect())
    }

    fn read_quarantined(&self, key: &Key, id: &str) -> Result<Option<Vec<u8>>, BackendError> {
        let users = self.users();
        let found = users.get(key).and_then(|user| Some((user, user.quarantined.get(id)?)));
        found.map(|(user, kept)| user.opened(&self.at_rest, key, &kept.stored)).transpose()
    }

    fn delete_quarantined(&self, key: &Key, id: &str) -> Result<bool, BackendError> {
        Ok(self.users().get_mut(key).and_then(|user| user.quarantined.remove(id)).is_some())
    }

    fn scopes(&self) -> Result<Vec<Scope>, BackendError> {
        let scopes: BTreeSet<Scope> = self.users().keys().map(|key| key.scope.clone()).collect();
        Ok(scopes.into_iter().collect())
    }

    fn users(&self, scope: &Scope, after: Option<&Sid>, limit: usize) -> Result<Vec<Sid>, BackendError> {
        let users = self.users();
        let known = users
            .iter()
            .filter(|(key, user)| {
                key.scope == *scope && !(user.versions.is_empty() && user.quarantined.is_empty())
            })
            .map(|(key, _)| &key.sid)
            .filter(|sid| after.is_none_or(|after| sid.as_str() > after.as_str()));
        let mut known: Vec<Sid> = known.cloned().collect();
        known.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        known.truncate(limit);
        Ok(known)
    }

    /// What is in memory is never damaged.
    fn inspect(&self, key: &Key, _: Option<u64>) -> Result<Inspection, BackendError> {
        let users = self.users();
        let versions = users.get(key).into_iter().flat_map(|user| &user.versions);
        let kept = versions.filter(|held| held.bytes.is_some());
        let (files, bytes) = kept.fold((0, 0), |(files, bytes), held| (files + 1, bytes + held.version.len));
        Ok(Inspection { files, bytes, ..Inspection::default() })
    }
}
