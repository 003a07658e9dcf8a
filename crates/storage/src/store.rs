use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use mp_dataset::Digest;
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::damage::DamageFound;

use crate::{
    Access, Backend, Code, DamageLog, DataSetFile, Refusal,
    backend::{
        BackendError, Base, Change, Key, QuarantineNote, Read, Remedy, Removed, Replaced, Stamp, Version,
        VersionInfo,
    },
    facts::{Facts, KnownFacts},
    near_quota::NearQuotas,
    peers::{Journal, Readiness},
};

/// All data sets of the server. Handlers reach them only through [`Store::of`].
#[derive(Clone)]
pub struct Store {
    backend: Arc<dyn Backend>,
    journal: Arc<Journal>,
    readiness: Arc<Readiness>,
    facts: Arc<KnownFacts>,
    damage: Arc<DamageLog>,
    near_quotas: Arc<NearQuotas>,
}

impl Store {
    /// A store over a backend, which says in its log alone what is damaged.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self::telling(backend, Arc::default())
    }

    /// A store over a backend, which tells elsewhere too what is damaged.
    #[must_use]
    pub fn telling(backend: Arc<dyn Backend>, damage: Arc<DamageLog>) -> Self {
        Self {
            backend,
            journal: Arc::default(),
            readiness: Arc::default(),
            damage,
            facts: Arc::default(),
            near_quotas: Arc::default(),
        }
    }

    /// What was written to.
    #[must_use]
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Whether Agents may be answered.
    #[must_use]
    pub fn readiness(&self) -> &Arc<Readiness> {
        &self.readiness
    }

    /// Who takes much of a quota.
    pub(crate) fn near_quotas(&self) -> &Arc<NearQuotas> {
        &self.near_quotas
    }

    /// See [`Backend::reads_at_once`].
    pub(crate) fn reads_at_once(&self) -> bool {
        self.backend.reads_at_once()
    }

    /// The part that somebody reaches.
    #[must_use]
    pub fn of(&self, access: Access) -> ReachedStore {
        ReachedStore {
            backend: Arc::clone(&self.backend),
            journal: Arc::clone(&self.journal),
            readiness: Arc::clone(&self.readiness),
            facts: Arc::clone(&self.facts),
            damage: Arc::clone(&self.damage),
            access,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// What an Agent says of an upload besides its content.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// The session that exported it.
    pub session: Option<String>,
    /// How many items a merge overrode.
    pub notes: Option<String>,
    /// Who asks for it, when it is an administrator's.
    pub by: Option<String>,
}

/// The part of the store that somebody reaches. Calls block. Every call fails when the scope is out of reach, or when the
/// backend fails; a damaged current version is replaced by the newest intact one first, which is told.
#[derive(Clone)]
pub struct ReachedStore {
    pub(crate) backend: Arc<dyn Backend>,
    journal: Arc<Journal>,
    readiness: Arc<Readiness>,
    facts: Arc<KnownFacts>,
    damage: Arc<DamageLog>,
    pub(crate) access: Access,
}

impl ReachedStore {
    /// See [`Backend::version`].
    ///
    /// # Errors
    /// As said of the type.
    pub fn version(&self, scope: &Scope, sid: &Sid) -> Result<Option<Version>, Refusal> {
        let version = self.healed(scope, sid, |key| self.backend.version(key))?;
        if version.is_none() && self.access.is_agent() {
            self.readiness.check_none(scope)?;
        }
        Ok(version)
    }

    /// See [`Backend::read`].
    ///
    /// # Errors
    /// As said of the type.
    pub fn read(&self, scope: &Scope, sid: &Sid, held: Option<&VersionTag>) -> Result<Read, Refusal> {
        let read = self.healed(scope, sid, |key| self.backend.read(key, held))?;
        match &read {
            Read::Data(version, bytes) => self.check_owner(version.digest, bytes, scope, sid)?,
            Read::None if self.access.is_agent() => self.readiness.check_none(scope)?,
            _ => {}
        }
        Ok(read)
    }

    /// See [`Backend::read_version`].
    ///
    /// # Errors
    /// As said of the type; when there is no such version.
    pub fn read_version(&self, scope: &Scope, sid: &Sid, tag: &VersionTag) -> Result<Vec<u8>, Refusal> {
        let key = self.access.key(scope, sid)?;
        let read = self.backend.read_version(&key, tag);
        if matches!(read, Err(BackendError::Damaged { .. })) {
            let at = now();
            self.damage.note(&key, &self.backend.inspect(&key, Some(at))?, DamageFound::Use, at);
        }
        let bytes = read?.ok_or_else(no_such)?;
        if let Some((_, seal)) = Version::parse(tag) {
            self.check_owner(seal, &bytes, scope, sid)?;
        }
        Ok(bytes)
    }

    /// See [`Backend::versions`].
    ///
    /// # Errors
    /// As said of the type.
    pub fn versions(&self, scope: &Scope, sid: &Sid) -> Result<Vec<VersionInfo>, Refusal> {
        self.healed(scope, sid, |key| self.backend.versions(key))
    }

    /// See [`Backend::replace`].
    ///
    /// # Errors
    /// As said of the type.
    pub fn replace(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: &Base,
        file: &DataSetFile,
        told: Told,
    ) -> Result<Replaced, Refusal> {
        self.access.check_writes()?;
        let Told { session, notes, by } = told;
        let stamp = Stamp { session, notes, ..self.stamp(by.as_deref().unwrap_or_default()) };
        let retention = self.access.retention(scope);
        let written = self.healed(scope, sid, |key| self.backend.replace(key, base, file, &stamp, retention));
        self.written(scope, sid);
        written
    }

    /// See [`Backend::remove`].
    ///
    /// # Errors
    /// As said of the type.
    pub fn remove(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: &VersionTag,
        by: &str,
        reason: String,
    ) -> Result<Removed, Refusal> {
        self.access.check_writes()?;
        let (change, retention) = (self.change(by, reason), self.access.retention(scope));
        let written = self.healed(scope, sid, |key| self.backend.remove(key, base, &change, retention));
        self.written(scope, sid);
        written
    }

    /// See [`Backend::quarantine`].
    ///
    /// # Errors
    /// As said of the type.
    pub fn quarantine(
        &self,
        scope: &Scope,
        sid: &Sid,
        file: &DataSetFile,
        reason: String,
    ) -> Result<(), Refusal> {
        self.access.check_writes()?;
        let note = QuarantineNote { reason, agent: self.access.name().to_owned(), at: now() };
        self.backend.quarantine(&self.access.key(scope, sid)?, file, &note)?;
        self.written(scope, sid);
        Ok(())
    }

    /// SHA-256 of an intact file with this seal.
    pub(crate) fn sha256(&self, seal: Digest, file: &[u8]) -> [u8; 32] {
        self.facts.of(seal, file).sha256
    }

    /// Keeps the SHA-256 of a file, which was calculated when it came.
    pub(crate) fn note_sha256(&self, file: &DataSetFile, sha256: [u8; 32]) {
        self.facts.note(file.digest(), Facts { owner: file.owner().map(Into::into), sha256 });
    }

    /// Whether a stored file is the user's own: somebody who can write to the store may have put another one in its place.
    fn check_owner(&self, seal: Digest, file: &[u8], scope: &Scope, sid: &Sid) -> Result<(), Refusal> {
        let owner = self.facts.of(seal, file).owner;
        let Some(owner) = owner.filter(|owner| **owner != *sid.as_str()) else { return Ok(()) };
        tracing::error!(
            code = Code::Swapped.text(), %scope, %sid, owner,
            "The stored data set is another user's: a file was exchanged in the store"
        );
        Err(Refusal::new(
            Code::Swapped,
            "the stored data set is another user's; the storage server's log says more",
        ))
    }

    /// Whether the scope is in reach, before a body is taken for it.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self, scope: &Scope, sid: &Sid) -> Result<(), Refusal> {
        self.access.key(scope, sid).map(drop)
    }

    pub(crate) fn stamp(&self, by: &str) -> Stamp {
        Stamp::new(now(), self.access.author(by))
    }

    pub(crate) fn change(&self, by: &str, reason: String) -> Change {
        Change { at: now(), by: self.access.author(by), reason }
    }

    /// Tells the other Storage Servers of the scope, if there are any.
    pub(crate) fn written(&self, scope: &Scope, sid: &Sid) {
        self.journal.note(&Key { scope: scope.clone(), sid: sid.clone() });
    }

    /// Calls the backend, once again when the current version was damaged and an intact one stands in for it now.
    fn healed<T>(
        &self,
        scope: &Scope,
        sid: &Sid,
        call: impl Fn(&Key) -> Result<T, BackendError>,
    ) -> Result<T, Refusal> {
        let key = self.access.key(scope, sid)?;
        if self.access.is_agent() {
            self.readiness.check(scope)?;
        }
        match call(&key) {
            Err(error @ BackendError::Damaged { .. }) => {
                let at = now();
                let inspection = self.backend.inspect(&key, Some(at))?;
                self.damage.note(&key, &inspection, DamageFound::Use, at);
                let fell_back = |remedy: &Remedy| matches!(remedy, Remedy::FellBack { .. });
                match inspection.damage.iter().any(|damage| fell_back(&damage.remedy)) {
                    true => Ok(call(&key)?),
                    false => Err(error.into()),
                }
            }
            done => Ok(done?),
        }
    }
}

impl std::fmt::Debug for ReachedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReachedStore").field("access", &self.access).finish()
    }
}

pub(crate) fn no_such() -> Refusal {
    Refusal::new(Code::NoSuchVersion, "there is no such version, or its content was not kept")
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
