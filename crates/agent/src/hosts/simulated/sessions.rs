//! The sessions of a simulated host: who is there, which profiles are held, and what is unloaded when.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mp_profile::{ChangeWatch, HostError, HostSession, ProfileHold, SessionControl, SessionId, Sid};
use mp_registry::{FileTime, KeyPath};

/// Loads and unloads profiles, as the User Profile Service does.
pub trait ProfileLoader: Send + Sync {
    /// Loads the profile of a user who logs on first; a mandatory one is made afresh.
    ///
    /// # Errors
    /// When it cannot be loaded, in words.
    fn load(&self, sid: &Sid) -> Result<(), String>;

    /// Unloads the profile after everyone let it go.
    ///
    /// # Errors
    /// When it cannot be unloaded, in words.
    fn unload(&self, sid: &Sid) -> Result<(), String>;
}

/// The sessions of a simulated host. Clones speak of the same host.
#[derive(Clone)]
pub struct SimulatedSessions {
    loader: Arc<dyn ProfileLoader>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    sessions: BTreeMap<SessionId, HostSession>,
    /// How often each profile is referred to, by sessions and holds.
    references: BTreeMap<Sid, usize>,
    last_logon: u64,
    refreshed: Vec<SessionId>,
    told: Vec<(SessionId, String)>,
    logged_off: Vec<SessionId>,
}

impl SimulatedSessions {
    /// A host without sessions, whose profiles this loader loads.
    #[must_use]
    pub fn new(loader: Arc<dyn ProfileLoader>) -> Self {
        Self { loader, inner: Arc::default() }
    }

    /// A user logs on: the profile is loaded, unless another session or a hold has it loaded.
    ///
    /// # Errors
    /// When the profile cannot be loaded, in words.
    pub fn log_on(&self, sid: &Sid, now: FileTime) -> Result<SessionId, String> {
        let mut inner = self.inner();
        if !inner.references.contains_key(sid) {
            self.loader.load(sid)?;
        }
        *inner.references.entry(sid.clone()).or_default() += 1;
        // Numbers are used again, as on Windows.
        let id = (1..).map(SessionId).find(|id| !inner.sessions.contains_key(id)).unwrap_or(SessionId(0));
        inner.last_logon += 1;
        let logon = inner.last_logon;
        let session = HostSession { id, sid: sid.clone(), logon, connected: true, since: Some(now) };
        inner.sessions.insert(id, session);
        Ok(id)
    }

    /// The session is gone. Its profile is unloaded when it was the last one and nobody holds it.
    ///
    /// # Errors
    /// When the profile cannot be unloaded, in words.
    pub fn end(&self, session: SessionId) -> Result<(), String> {
        let Some(ended) = self.inner().sessions.remove(&session) else { return Ok(()) };
        self.drop_reference(&ended.sid)
    }

    /// Unloads a profile whoever still uses it, as Windows does by force.
    ///
    /// # Errors
    /// When the profile cannot be unloaded, in words.
    pub fn unload_by_force(&self, sid: &Sid) -> Result<(), String> {
        match self.inner().references.remove(sid) {
            Some(_) => self.loader.unload(sid),
            None => Ok(()),
        }
    }

    /// Whether a user's profile is loaded.
    #[must_use]
    pub fn is_loaded(&self, sid: &Sid) -> bool {
        self.inner().references.contains_key(sid)
    }

    /// The sessions whose programs were told that settings have changed since the last call, in order.
    #[must_use]
    pub fn take_refreshed(&self) -> Vec<SessionId> {
        std::mem::take(&mut self.inner().refreshed)
    }

    /// What users were told since the last call, in order.
    #[must_use]
    pub fn take_told(&self) -> Vec<(SessionId, String)> {
        std::mem::take(&mut self.inner().told)
    }

    /// The sessions that were asked to log off since the last call, in order. Their ends are still to come.
    #[must_use]
    pub fn take_logged_off(&self) -> Vec<SessionId> {
        std::mem::take(&mut self.inner().logged_off)
    }

    fn drop_reference(&self, sid: &Sid) -> Result<(), String> {
        let mut inner = self.inner();
        match inner.references.get_mut(sid) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) => {
                inner.references.remove(sid);
                self.loader.unload(sid)?;
            }
            // It was unloaded by force.
            None => {}
        }
        Ok(())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves whole entries.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionControl for SimulatedSessions {
    fn sessions(&self) -> Result<Vec<HostSession>, String> {
        Ok(self.inner().sessions.values().cloned().collect())
    }

    fn hold(&self, _: SessionId, sid: &Sid) -> Result<Option<Box<dyn ProfileHold>>, HostError> {
        let mut inner = self.inner();
        let references = inner.references.get_mut(sid).ok_or_else(|| HostError::NotLoaded(sid.clone()))?;
        *references += 1;
        drop(inner);
        Ok(Some(Box::new(Hold { sessions: self.clone(), sid: sid.clone() })))
    }

    /// A simulated hive has no access list.
    fn protect(&self, _: &Sid) -> Result<(), HostError> {
        Ok(())
    }

    /// A simulated session has no programs that listen; that they would have been told is noted.
    fn refresh(&self, session: SessionId, _: &[KeyPath]) {
        self.inner().refreshed.push(session);
    }

    fn tell(&self, session: SessionId, _: &str, text: &str) -> Result<(), String> {
        self.inner().told.push((session, text.to_owned()));
        Ok(())
    }

    fn log_off(&self, session: SessionId) -> Result<(), String> {
        self.inner().logged_off.push(session);
        Ok(())
    }

    /// Everything may have changed at any time.
    fn watch(&self, _: &Sid, _: &[KeyPath]) -> Result<Box<dyn ChangeWatch>, HostError> {
        Ok(Box::new(Always))
    }
}

/// A hold. Unlike on Windows dropping it does nothing: the profile stays loaded, as after a kill of the service.
struct Hold {
    sessions: SimulatedSessions,
    sid: Sid,
}

impl ProfileHold for Hold {
    fn release(self: Box<Self>) -> Result<(), HostError> {
        let sid = self.sid.clone();
        let failed = |text| HostError::Failed { doing: "unload the profile", sid, text };
        self.sessions.drop_reference(&self.sid).map_err(failed)
    }
}

struct Always;

impl ChangeWatch for Always {
    fn changed(&mut self) -> bool {
        true
    }
}
