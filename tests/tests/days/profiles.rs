//! The profiles of a host: which kind a user gets, which loads there are, and what kills a job in its midst.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use mp_agent::hosts::simulated::ProfileLoader;
use mp_dataset::ProfileKind;
use mp_profile::{
    HostError, ProfileFiles, SessionHost, SessionProfile, Sid,
    memory::{MemoryHost, MemoryProfile},
};
use mp_registry::Registry;

use crate::{line::Fuse, places::mandatory};

/// A load of a user's registry.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) sid: Sid,
    pub(crate) load: u64,
    pub(crate) kind: ProfileKind,
}

/// Loads fresh copies of the mandatory profile, or the profiles that stay on this host.
pub(crate) struct Profiles {
    pub(crate) host: Arc<MemoryHost>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next_kind: ProfileKind,
    last: u64,
    loaded: Vec<Loaded>,
    unloaded: Vec<Loaded>,
    /// Local and roaming profiles, while they are not loaded.
    kept: BTreeMap<Sid, MemoryProfile>,
}

impl Profiles {
    pub(crate) fn new(name: &str) -> Self {
        Self { host: Arc::new(MemoryHost::new(name)), inner: Mutex::default() }
    }

    /// The kind of the profile that the next user gets, if none of theirs is loaded.
    pub(crate) fn next_kind(&self, kind: ProfileKind) {
        self.inner.lock().unwrap().next_kind = kind;
    }

    pub(crate) fn loaded(&self) -> Vec<Loaded> {
        self.inner.lock().unwrap().loaded.clone()
    }

    /// The loads that went since the last call.
    pub(crate) fn unloaded(&self) -> Vec<Loaded> {
        std::mem::take(&mut self.inner.lock().unwrap().unloaded)
    }
}

fn stays(kind: ProfileKind) -> bool {
    matches!(kind, ProfileKind::Local | ProfileKind::Roaming)
}

impl ProfileLoader for Profiles {
    fn load(&self, sid: &Sid) -> Result<(), String> {
        let mut inner = self.inner.lock().unwrap();
        let kind = inner.next_kind;
        let kept = inner.kept.remove(sid).filter(|_| stays(kind));
        self.host.load(sid.clone(), MemoryProfile { kind, ..kept.unwrap_or_else(mandatory) });
        inner.last += 1;
        let load = inner.last;
        inner.loaded.push(Loaded { sid: sid.clone(), load, kind });
        Ok(())
    }

    fn unload(&self, sid: &Sid) -> Result<(), String> {
        let profile = self.host.unload(sid);
        let mut inner = self.inner.lock().unwrap();
        let at = inner.loaded.iter().position(|loaded| loaded.sid == *sid).ok_or("it is not loaded")?;
        let loaded = inner.loaded.remove(at);
        if let Some(profile) = profile.filter(|_| stays(loaded.kind)) {
            inner.kept.insert(sid.clone(), profile);
        }
        inner.unloaded.push(loaded);
        Ok(())
    }
}

/// The session host, each call of which burns the fuse.
pub(crate) struct FusedHost {
    pub(crate) host: Arc<MemoryHost>,
    pub(crate) fuse: Fuse,
}

impl SessionHost for FusedHost {
    fn name(&self) -> &str {
        self.host.name()
    }

    fn open(&self, sid: &Sid) -> Result<Box<dyn SessionProfile + '_>, HostError> {
        self.fuse.burn();
        Ok(Box::new(Fused { profile: self.host.open(sid)?, fuse: self.fuse.clone() }))
    }
}

struct Fused<'a> {
    profile: Box<dyn SessionProfile + 'a>,
    fuse: Fuse,
}

impl SessionProfile for Fused<'_> {
    fn kind(&self) -> ProfileKind {
        self.profile.kind()
    }

    fn registry(&mut self) -> &mut dyn Registry {
        self.fuse.burn();
        self.profile.registry()
    }

    fn files(&mut self) -> &mut dyn ProfileFiles {
        self.fuse.burn();
        self.profile.files()
    }

    fn marker(&self) -> Result<Option<Vec<u8>>, HostError> {
        self.profile.marker()
    }

    fn set_marker(&mut self, marker: &[u8]) -> Result<(), HostError> {
        self.fuse.burn();
        self.profile.set_marker(marker)
    }

    fn close(self: Box<Self>) -> Result<(), HostError> {
        self.fuse.burn();
        self.profile.close()
    }
}
