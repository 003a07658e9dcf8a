//! What administrators do with the store, besides what Agents do.

use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::{peers::HeadPage, versions::UserPage};

use crate::{
    Code, ReachedStore, Refusal,
    backend::{BackendError, Base, Key, QuarantinedInfo, Replaced, Restored, Version},
    data_set_file::refused,
    peers::BackendSource,
    store::no_such,
};

/// Every call fails when an Agent asks for it, or the backend fails.
impl ReachedStore {
    /// Makes the content of a version current again, as a new version; on `base`, or on whatever is current.
    ///
    /// # Errors
    /// As said above; when there is no such version, or `base` is not current.
    pub fn restore(
        &self,
        scope: &Scope,
        sid: &Sid,
        tag: &VersionTag,
        base: Option<Base>,
        by: &str,
        reason: String,
    ) -> Result<Version, Refusal> {
        let stamp = self.noted(by, reason);
        self.bring_back(scope, sid, base, |key, base| {
            self.backend.restore(key, tag, base, &stamp, self.access.retention(scope))
        })
    }

    /// See [`Backend::pin`](crate::Backend::pin).
    ///
    /// # Errors
    /// As said above; when there is no such version.
    pub fn pin(
        &self,
        scope: &Scope,
        sid: &Sid,
        tag: &VersionTag,
        pinned: bool,
        by: &str,
        reason: String,
    ) -> Result<(), Refusal> {
        let key = self.administered(scope, sid)?;
        let known = self.backend.pin(&key, tag, pinned, &self.change(by, reason))?;
        self.written(scope, sid);
        known.then_some(()).ok_or_else(no_such)
    }

    /// See [`Backend::quarantined`](crate::Backend::quarantined).
    ///
    /// # Errors
    /// As said above.
    pub fn quarantined(&self, scope: &Scope, sid: &Sid) -> Result<Vec<QuarantinedInfo>, Refusal> {
        Ok(self.backend.quarantined(&self.looked_at(scope, sid)?)?)
    }

    /// See [`Backend::read_quarantined`](crate::Backend::read_quarantined).
    ///
    /// # Errors
    /// As said above; when there is none of this id.
    pub fn read_quarantined(&self, scope: &Scope, sid: &Sid, id: &str) -> Result<Vec<u8>, Refusal> {
        self.backend.read_quarantined(&self.looked_at(scope, sid)?, id)?.ok_or_else(no_such)
    }

    /// Makes what is in quarantine current, and takes it out; on `base`, or on whatever is current.
    ///
    /// # Errors
    /// As said above; when there is none of this id, or `base` is not current.
    pub fn accept(
        &self,
        scope: &Scope,
        sid: &Sid,
        id: &str,
        base: Option<Base>,
        by: &str,
        reason: String,
    ) -> Result<Version, Refusal> {
        let stamp = self.noted(by, reason);
        self.bring_back(scope, sid, base, |key, base| {
            self.backend.accept(key, id, base, &stamp, self.access.retention(scope))
        })
    }

    /// See [`Backend::delete_quarantined`](crate::Backend::delete_quarantined).
    ///
    /// # Errors
    /// As said above; when there is none of this id.
    pub fn delete_quarantined(&self, scope: &Scope, sid: &Sid, id: &str) -> Result<(), Refusal> {
        let deleted = self.backend.delete_quarantined(&self.administered(scope, sid)?, id)?;
        deleted.then_some(()).ok_or_else(no_such)
    }

    /// See [`Backend::scopes`](crate::Backend::scopes).
    ///
    /// # Errors
    /// As said above.
    pub fn scopes(&self) -> Result<Vec<Scope>, Refusal> {
        self.access.check_administrator()?;
        Ok(self.backend.scopes()?)
    }

    /// See [`Backend::users`](crate::Backend::users).
    ///
    /// # Errors
    /// As said above.
    pub fn users(&self, scope: &Scope, after: Option<&Sid>, limit: usize) -> Result<UserPage, Refusal> {
        self.access.check_administrator()?;
        let mut users = self.backend.users(scope, after, limit + 1)?;
        let more = users.len() > limit;
        users.truncate(limit);
        Ok(UserPage { users, more })
    }

    /// Makes something that is kept the current version, on `base` or on whatever is current.
    fn bring_back(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: Option<Base>,
        call: impl FnOnce(&Key, &Base) -> Result<Restored, BackendError>,
    ) -> Result<Version, Refusal> {
        let key = self.administered(scope, sid)?;
        let base = base.map_or_else(|| self.backend.base_now(&key), Ok)?;
        let done = call(&key, &base);
        self.written(scope, sid);
        current(done?)
    }

    /// The newest versions of users, for another Storage Server.
    ///
    /// # Errors
    /// As said above; when the scope is out of reach.
    pub fn heads(&self, scope: &Scope, after: Option<&Sid>, limit: usize) -> Result<HeadPage, Refusal> {
        self.access.check_looks(scope)?;
        Ok(BackendSource(self.backend.as_ref()).heads(scope, after, limit)?)
    }

    /// A user's data set that is only looked at.
    fn looked_at(&self, scope: &Scope, sid: &Sid) -> Result<Key, Refusal> {
        self.access.check_looks(scope)?;
        self.access.key(scope, sid)
    }

    fn administered(&self, scope: &Scope, sid: &Sid) -> Result<Key, Refusal> {
        self.access.check_administrator()?;
        self.access.key(scope, sid)
    }

    fn noted(&self, by: &str, reason: String) -> crate::backend::Stamp {
        let notes = Some(reason).filter(|reason| !reason.is_empty());
        crate::backend::Stamp { notes, ..self.stamp(by) }
    }
}

fn current(restored: Restored) -> Result<Version, Refusal> {
    match restored {
        Restored::Replaced(Replaced::As { version, .. }) => Ok(version),
        Restored::Replaced(Replaced::Conflict) => {
            Err(Refusal::new(Code::Conflict, "another version is current; look at it, and decide again"))
        }
        Restored::NoSuch => Err(no_such()),
        Restored::NotStorable(error) => Err(refused(&error)),
    }
}
