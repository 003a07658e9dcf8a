//! A store in memory, for tests: nothing survives it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mp_profile::VersionTag;

use super::{
    Backend, BackendError, Base, Former, Key, MAX_QUARANTINED, QuarantineNote, Read, Removed, Replaced,
    Version,
};
use crate::DataSetFile;

/// A [`Backend`] in memory.
#[derive(Debug, Default)]
pub struct MemoryBackend {
    users: Mutex<BTreeMap<Key, User>>,
}

#[derive(Debug, Default)]
struct User {
    current: Option<(Version, Vec<u8>)>,
    former: Vec<Former>,
    quarantined: Vec<(DataSetFile, QuarantineNote)>,
}

impl User {
    fn set_aside(&mut self, keep: u32) {
        if let Some((version, _)) = self.current.take() {
            self.former.insert(0, Former { sequence: version.sequence, len: version.len });
            self.former.truncate(usize::try_from(keep.max(1)).unwrap_or(usize::MAX));
        }
    }
}

impl MemoryBackend {
    /// What is in quarantine for a user and scope.
    #[must_use]
    pub fn quarantined(&self, key: &Key) -> Vec<(DataSetFile, QuarantineNote)> {
        self.users().get(key).map(|user| user.quarantined.clone()).unwrap_or_default()
    }

    fn users(&self) -> MutexGuard<'_, BTreeMap<Key, User>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for MemoryBackend {
    fn version(&self, key: &Key) -> Result<Option<Version>, BackendError> {
        Ok(self.users().get(key).and_then(|user| user.current.as_ref()).map(|(version, _)| *version))
    }

    fn read(&self, key: &Key, held: Option<&VersionTag>) -> Result<Read, BackendError> {
        Ok(match self.users().get(key).and_then(|user| user.current.as_ref()) {
            None => Read::None,
            Some((version, _)) if held == Some(&version.tag()) => Read::NotModified(*version),
            Some((version, bytes)) => Read::Data(*version, bytes.clone()),
        })
    }

    fn replace(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        keep: u32,
    ) -> Result<Replaced, BackendError> {
        let mut users = self.users();
        let user = users.entry(key.clone()).or_default();
        let current = user.current.as_ref().map(|(version, _)| *version);
        if let Some(answer) = base.answer(current, file.digest()) {
            return Ok(answer);
        }
        user.set_aside(keep);
        let sequence = user.former.first().map_or(0, |former| former.sequence) + 1;
        let len = u64::try_from(file.bytes().len()).unwrap_or(u64::MAX);
        let version = Version { sequence, digest: file.digest(), len };
        user.current = Some((version, file.bytes().to_vec()));
        Ok(Replaced::As { version, created: current.is_none() })
    }

    fn remove(&self, key: &Key, base: &VersionTag, keep: u32) -> Result<Removed, BackendError> {
        let mut users = self.users();
        let user = users.entry(key.clone()).or_default();
        match &user.current {
            None => Ok(Removed::None),
            Some((version, _)) if version.tag() != *base => Ok(Removed::Conflict),
            Some(_) => {
                user.set_aside(keep);
                Ok(Removed::Done)
            }
        }
    }

    fn quarantine(&self, key: &Key, file: &DataSetFile, note: &QuarantineNote) -> Result<(), BackendError> {
        let mut users = self.users();
        let quarantined = &mut users.entry(key.clone()).or_default().quarantined;
        if quarantined.iter().any(|(known, _)| known.digest() == file.digest()) {
            return Ok(());
        }
        if quarantined.len() >= MAX_QUARANTINED {
            return Err(BackendError::QuarantineFull(key.sid.clone()));
        }
        quarantined.push((file.clone(), note.clone()));
        Ok(())
    }

    fn former(&self, key: &Key) -> Result<Vec<Former>, BackendError> {
        Ok(self.users().get(key).map(|user| user.former.clone()).unwrap_or_default())
    }
}
