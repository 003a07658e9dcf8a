//! One store out of several Storage Servers: each scope has its own, and what does not answer gives way to the next.
//!
//! A version has the same name on all servers that have it (`docs/adr/0013`), so what was read from one may be replaced on
//! another one. A server that was away may not have taken over yet what a session started from; then it gets no upload, for
//! merged with something older it would bring back what was replaced since.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mp_profile::{
    DataSetStore, Fetched, HeldVersion, KnownVersion, Scope, Sid, StoreError, Stored, Upload, VersionTag,
};

/// For so long a Storage Server that did not answer is tried after all others.
pub const AWAY: Duration = Duration::from_secs(60);

/// Which Storage Servers did not answer lately. All sessions of a host share it, so that not each of them waits for the same.
#[derive(Clone)]
pub struct AwayServers {
    until: Arc<Mutex<BTreeMap<String, Duration>>>,
    elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl AwayServers {
    /// With a clock that never goes back.
    #[must_use]
    pub fn new(elapsed: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { until: Arc::default(), elapsed: Arc::new(elapsed) }
    }

    fn until(&self) -> MutexGuard<'_, BTreeMap<String, Duration>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a Storage Server did not answer lately.
    #[must_use]
    pub fn is_away(&self, server: &str) -> bool {
        self.until().get(server).is_some_and(|until| (self.elapsed)() < *until)
    }

    fn note(&self, server: &str, answers: bool) {
        match answers {
            true => drop(self.until().remove(server)),
            false => drop(self.until().insert(server.to_owned(), (self.elapsed)() + AWAY)),
        }
    }
}

impl Default for AwayServers {
    fn default() -> Self {
        let start = Instant::now();
        Self::new(move || start.elapsed())
    }
}

impl fmt::Debug for AwayServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwayServers").field("until", &*self.until()).finish_non_exhaustive()
    }
}

/// A Storage Server that keeps some scopes.
#[derive(Clone)]
pub struct Member {
    /// What it is called in reports, and remembered by when it is away.
    pub server: String,
    /// The way to it.
    pub store: Arc<dyn DataSetStore + Send + Sync>,
}

/// The Storage Servers of a plan, for one piece of work. Calls go to the first one that answers, and then stay with it.
pub struct FailoverStore {
    scopes: Vec<(Scope, Vec<Member>)>,
    away: AwayServers,
    chosen: Mutex<BTreeMap<Scope, usize>>,
}

impl FailoverStore {
    /// With the Storage Servers of each scope, in the order in which they are to be tried.
    #[must_use]
    pub fn new(scopes: Vec<(Scope, Vec<Member>)>, away: AwayServers) -> Self {
        Self { scopes, away, chosen: Mutex::default() }
    }

    fn chosen(&self) -> MutexGuard<'_, BTreeMap<Scope, usize>> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn members(&self, scope: &Scope) -> Result<&[Member], StoreError> {
        let members = self.scopes.iter().find(|(of, _)| of == scope).map(|(_, members)| members.as_slice());
        members.filter(|members| !members.is_empty()).ok_or_else(|| StoreError::Refused {
            server: "(none)".to_owned(),
            text: format!("the plan names no storage server for {scope}; choose one in the console"),
        })
    }

    /// The places of the Storage Servers to try, in their order.
    fn order(&self, scope: &Scope, members: &[Member]) -> Vec<usize> {
        let chosen = self.chosen().get(scope).copied();
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by_key(|place| {
            let away = members.get(*place).is_some_and(|member| self.away.is_away(&member.server));
            (chosen != Some(*place), away, *place)
        });
        order
    }

    /// Calls one Storage Server after the other until one answers. A refusal is an answer. `None` when all that answer are
    /// behind.
    fn first<T>(
        &self,
        scope: &Scope,
        call: impl Fn(&Member) -> Result<Tried<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let members = self.members(scope)?;
        let (mut failed, mut any_done) = (None, false);
        for (place, member) in
            self.order(scope, members).into_iter().filter_map(|at| members.get(at).map(|it| (at, it)))
        {
            let answer = match call(member) {
                Err(StoreError::Unreachable { server, text, may_be_done }) => {
                    self.away.note(&member.server, false);
                    any_done |= may_be_done;
                    failed.get_or_insert((server, text));
                    continue;
                }
                answer => answer,
            };
            self.away.note(&member.server, true);
            if let Tried::Answer(answer) = answer? {
                self.chosen().insert(scope.clone(), place);
                return Ok(Some(answer));
            }
        }
        let error = |(server, text)| StoreError::Unreachable { server, text, may_be_done: any_done };
        failed.map_or(Ok(None), |failed| Err(error(failed)))
    }

    /// The same for calls to which every answer counts.
    fn answered<T>(
        &self,
        scope: &Scope,
        call: impl Fn(&dyn DataSetStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let answer = self.first(scope, |member| call(member.store.as_ref()).map(Tried::Answer))?;
        answer.ok_or_else(not_asked)
    }

    /// Whether a Storage Server has had a version.
    fn knows(
        store: &dyn DataSetStore,
        scope: &Scope,
        sid: &Sid,
        base: &VersionTag,
    ) -> Result<bool, StoreError> {
        match store.known_versions(scope, sid) {
            // An older Storage Service does not tell, and has no others beside it.
            Err(StoreError::Refused { .. }) => Ok(true),
            known => Ok(known?.iter().any(|version| version.version == *base)),
        }
    }
}

/// What came of trying one Storage Server.
enum Tried<T> {
    Answer(T),
    /// It has not taken over yet, from the one that has it, what the call is about.
    Behind,
}

fn not_asked() -> StoreError {
    StoreError::Unreachable {
        server: "(none)".to_owned(),
        text: "it was not asked".to_owned(),
        may_be_done: false,
    }
}

impl DataSetStore for FailoverStore {
    fn fetch(&self, scope: &Scope, sid: &Sid, held: Option<HeldVersion<'_>>) -> Result<Fetched, StoreError> {
        self.answered(scope, |store| store.fetch(scope, sid, held))
    }

    /// One request for all scopes that the same Storage Servers keep. When it cannot be had for one of several scopes, the
    /// error is [`StoreError::Refused`] even if it may pass: the caller can then ask for each scope.
    fn fetch_all(
        &self,
        sid: &Sid,
        wanted: &[(Scope, Option<HeldVersion<'_>>)],
    ) -> Result<Vec<Fetched>, StoreError> {
        let names = |scope: &Scope| -> Vec<&str> {
            let members = self.members(scope).unwrap_or_default();
            members.iter().map(|member| member.server.as_str()).collect()
        };
        let kept: BTreeSet<Vec<&str>> = wanted.iter().map(|(scope, _)| names(scope)).collect();
        let mut answers: BTreeMap<&Scope, Fetched> = BTreeMap::new();
        for servers in &kept {
            let part: Vec<(Scope, Option<HeldVersion<'_>>)> =
                wanted.iter().filter(|(scope, _)| names(scope) == *servers).cloned().collect();
            let Some((first, _)) = part.first() else { continue };
            let each = || part.iter().map(|(scope, held)| self.fetch(scope, sid, *held)).collect();
            let asked = match self.answered(first, |store| store.fetch_all(sid, &part)) {
                // One scope is refused, and that may be another matter on the next server.
                Err(StoreError::Refused { .. }) => each(),
                asked => {
                    let place = self.chosen().get(first).copied();
                    let scopes = part.iter().map(|(scope, _)| scope.clone());
                    self.chosen().extend(scopes.zip(place.into_iter().cycle()));
                    asked
                }
            };
            let asked: Vec<Fetched> = asked.map_err(|error| match error {
                StoreError::Unreachable { server, text, .. } if wanted.len() > 1 => {
                    StoreError::Refused { server, text }
                }
                error => error,
            })?;
            let of_part = wanted.iter().map(|(scope, _)| scope).filter(|scope| names(scope) == *servers);
            answers.extend(of_part.zip(asked));
        }
        wanted.iter().map(|(scope, _)| answers.remove(scope).ok_or_else(not_asked)).collect()
    }

    /// A server that is behind is passed over, unless all have answered and none has had the version.
    fn fetch_following(&self, scope: &Scope, sid: &Sid, version: &VersionTag) -> Result<Fetched, StoreError> {
        let several = self.members(scope)?.len() > 1;
        let fetched = self.first(scope, |Member { store, .. }| {
            let fetched = store.fetch(scope, sid, None)?;
            let is_it = matches!(&fetched, Fetched::Data { version: current, .. } if current == version);
            let behind = several && !is_it && !Self::knows(store.as_ref(), scope, sid, version)?;
            Ok(if behind { Tried::Behind } else { Tried::Answer(fetched) })
        });
        fetched?.map_or_else(|| self.fetch(scope, sid, None), Ok)
    }

    fn has_had(&self, scope: &Scope, sid: &Sid, version: &VersionTag) -> Result<bool, StoreError> {
        let several = self.members(scope)?.len() > 1;
        Ok(!several || self.answered(scope, |store| Self::knows(store, scope, sid, version))?)
    }

    fn store(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: Option<&VersionTag>,
        bytes: &[u8],
    ) -> Result<Stored, StoreError> {
        self.upload(scope, sid, &Upload { base, base_file: None, bytes, session: None, notes: None })
    }

    /// Where several Storage Servers keep the scope, one that has never had the version it is based on is passed over, unless
    /// all have answered and none has had it.
    fn upload(&self, scope: &Scope, sid: &Sid, upload: &Upload<'_>) -> Result<Stored, StoreError> {
        let several = self.members(scope)?.len() > 1;
        let stored = self.first(scope, |Member { store, .. }| {
            let stored = store.upload(scope, sid, upload)?;
            let behind = match (&stored, upload.base) {
                (Stored::Conflict, Some(base)) if several => !Self::knows(store.as_ref(), scope, sid, base)?,
                _ => false,
            };
            Ok(if behind { Tried::Behind } else { Tried::Answer(stored) })
        });
        // Where nobody has it any more, it is merged with what there is.
        Ok(stored?.unwrap_or(Stored::Conflict))
    }

    fn known_versions(&self, scope: &Scope, sid: &Sid) -> Result<Vec<KnownVersion>, StoreError> {
        self.answered(scope, |store| store.known_versions(scope, sid))
    }

    fn version_bytes(
        &self,
        scope: &Scope,
        sid: &Sid,
        version: &VersionTag,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.answered(scope, |store| store.version_bytes(scope, sid, version))
    }

    fn quarantine(&self, scope: &Scope, sid: &Sid, reason: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.answered(scope, |store| store.quarantine(scope, sid, reason, bytes))
    }

    fn answered_by(&self, scope: &Scope) -> Option<(String, bool)> {
        let place = self.chosen().get(scope).copied()?;
        let member = self.members(scope).ok()?.get(place)?;
        Some((member.server.clone(), place == 0))
    }
}
