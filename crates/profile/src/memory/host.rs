use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mp_dataset::ProfileKind;
use mp_registry::Registry;

use super::MemoryProfile;
use crate::{HostError, ProfileFiles, SessionHost, SessionProfile, Sid};

/// A session host in memory: profiles by SID. A profile that is open cannot be opened again until it is closed.
#[derive(Debug, Default)]
pub struct MemoryHost {
    name: String,
    profiles: Mutex<BTreeMap<Sid, MemoryProfile>>,
}

impl MemoryHost {
    /// A host without sessions.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Loads a profile, as a logon does; replaces one that is there.
    pub fn load(&self, sid: Sid, profile: MemoryProfile) {
        self.profiles().insert(sid, profile);
    }

    /// Unloads a profile, as a logoff does. Its marker is gone then.
    pub fn unload(&self, sid: &Sid) -> Option<MemoryProfile> {
        let profile = self.profiles().remove(sid)?;
        Some(MemoryProfile { marker: None, ..profile })
    }

    /// Does something to a loaded profile, as the user's programs do; `None` when it is not loaded or open.
    pub fn with<R>(&self, sid: &Sid, act: impl FnOnce(&mut MemoryProfile) -> R) -> Option<R> {
        self.profiles().get_mut(sid).map(act)
    }

    fn profiles(&self) -> MutexGuard<'_, BTreeMap<Sid, MemoryProfile>> {
        // A panic elsewhere leaves the map whole: entries are only put in and taken out.
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionHost for MemoryHost {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self, sid: &Sid) -> Result<Box<dyn SessionProfile + '_>, HostError> {
        let profile = self.profiles().remove(sid).ok_or_else(|| HostError::NotLoaded(sid.clone()))?;
        Ok(Box::new(Open { host: self, sid: sid.clone(), profile }))
    }
}

/// A profile on loan; it goes back when it is dropped.
struct Open<'a> {
    host: &'a MemoryHost,
    sid: Sid,
    profile: MemoryProfile,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.host.load(self.sid.clone(), std::mem::take(&mut self.profile));
    }
}

impl SessionProfile for Open<'_> {
    fn kind(&self) -> ProfileKind {
        self.profile.kind()
    }

    fn registry(&mut self) -> &mut dyn Registry {
        self.profile.registry()
    }

    fn files(&mut self) -> &mut dyn ProfileFiles {
        self.profile.files()
    }

    fn marker(&self) -> Result<Option<Vec<u8>>, HostError> {
        self.profile.marker()
    }

    fn set_marker(&mut self, marker: &[u8]) -> Result<(), HostError> {
        self.profile.set_marker(marker)
    }

    fn close(self: Box<Self>) -> Result<(), HostError> {
        Ok(())
    }
}
