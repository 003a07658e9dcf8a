//! A line from a host to console and storage. It can be cut, and acknowledgements can be lost on it. What storage takes is
//! written into the book of the day.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI32, AtomicU8, Ordering},
    },
    thread::{self, ThreadId},
};

use mp_agent::{CachedPlan, Connections};
use mp_profile::{
    DataSetStore, Fetched, HeldVersion, KnownVersion, Scope, Sid, StoreError, Stored, VersionTag,
};
use mp_protocol::{
    AgentPlan,
    session_report::{BatchAnswer, Fate, ReportBatch},
};
use mp_storage::{
    Code, DataSetFile, ReachedStore, Refusal, Told,
    backend::{Base, Read, Replaced},
};

use crate::{
    book::{Book, Way},
    store::{StoreHouse, decode},
};

/// How the line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Weather {
    Fine,
    Cut,
    /// What is written arrives, and nobody learns of it.
    Deaf,
}

/// What ends a job in its midst, as the end of the process would.
pub(crate) struct Killed;

/// Burns at each call of a port; when it is over, the process is.
#[derive(Clone, Default)]
pub(crate) struct Fuse(Arc<AtomicI32>);

impl Fuse {
    /// Lets so many calls pass; with 0 all.
    pub(crate) fn set(&self, calls: i32) {
        self.0.store(calls, Ordering::Relaxed);
    }

    pub(crate) fn burn(&self) {
        if self.0.load(Ordering::Relaxed) > 0 && self.0.fetch_sub(1, Ordering::Relaxed) == 1 {
            std::panic::resume_unwind(Box::new(Killed));
        }
    }
}

#[derive(Clone)]
pub(crate) struct Line {
    host: usize,
    house: Arc<StoreHouse>,
    book: Arc<Mutex<Book>>,
    weather: Arc<AtomicU8>,
    pub(crate) fuse: Fuse,
    /// What the console says.
    pub(crate) plan: Arc<Mutex<CachedPlan>>,
    day: ThreadId,
}

impl Line {
    pub(crate) fn new(
        host: usize,
        house: &Arc<StoreHouse>,
        book: &Arc<Mutex<Book>>,
        plan: CachedPlan,
    ) -> Self {
        Self {
            host,
            house: Arc::clone(house),
            book: Arc::clone(book),
            weather: Arc::default(),
            fuse: Fuse::default(),
            plan: Arc::new(Mutex::new(plan)),
            day: thread::current().id(),
        }
    }

    pub(crate) fn turn(&self, weather: Weather) {
        self.weather.store(weather as u8, Ordering::Relaxed);
    }

    fn is(&self, weather: Weather) -> bool {
        self.weather.load(Ordering::Relaxed) == weather as u8
    }

    /// Whether storage can be asked, and answers are heard.
    pub(crate) fn is_fine(&self) -> bool {
        self.is(Weather::Fine) && self.house.of(self.host).is_some()
    }

    fn reach(&self) -> Result<ReachedStore, StoreError> {
        self.fuse.burn();
        self.house.of(self.host).filter(|_| !self.is(Weather::Cut)).ok_or_else(gone)
    }

    fn answer<T>(&self, answer: T) -> Result<T, StoreError> {
        if self.is(Weather::Deaf) { Err(gone()) } else { Ok(answer) }
    }
}

fn gone() -> StoreError {
    StoreError::Unreachable { server: "store1:8444".into(), text: "MP-NET-002 timed out".into() }
}

fn refused(refusal: Refusal) -> StoreError {
    StoreError::Refused { server: "store1:8444".into(), text: refusal.to_string() }
}

impl DataSetStore for Line {
    fn fetch(&self, scope: &Scope, sid: &Sid, held: Option<HeldVersion<'_>>) -> Result<Fetched, StoreError> {
        let held = held.map(|held| held.version);
        Ok(match self.reach()?.read(scope, sid, held).map_err(refused)? {
            Read::None => Fetched::None,
            Read::NotModified(_) => Fetched::NotModified,
            Read::Data(version, bytes) => Fetched::Data { version: version.tag(), bytes },
        })
    }

    fn store(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: Option<&VersionTag>,
        bytes: &[u8],
    ) -> Result<Stored, StoreError> {
        let store = self.reach()?;
        let base = base.map_or(Base::Nothing, |tag| Base::Version(tag.clone()));
        let file = DataSetFile::verify(bytes.to_vec(), sid).unwrap();
        let before = self.house.current(scope, sid);
        match store.replace(scope, sid, &base, &file, Told::default()).map_err(refused)? {
            Replaced::As { version, .. } => {
                let mut book = self.book.lock().unwrap();
                book.story.tell(format!(
                    "    TS{} stores {scope} of {sid} as {}",
                    self.host + 1,
                    version.sequence
                ));
                book.took(self.host, sid, scope, Way::Stored, &decode(bytes), before.as_ref());
                self.answer(Stored::As(version.tag()))
            }
            Replaced::Conflict => Ok(Stored::Conflict),
        }
    }

    fn known_versions(&self, scope: &Scope, sid: &Sid) -> Result<Vec<KnownVersion>, StoreError> {
        let known = self.reach()?.versions(scope, sid).map_err(refused)?.into_iter();
        Ok(known
            .map(|info| KnownVersion { seal: info.seal.parse().unwrap(), version: VersionTag(info.tag) })
            .collect())
    }

    fn version_bytes(
        &self,
        scope: &Scope,
        sid: &Sid,
        version: &VersionTag,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match self.reach()?.read_version(scope, sid, version) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Refusal { code: Code::NoSuchVersion, .. }) => Ok(None),
            Err(refusal) => Err(refused(refusal)),
        }
    }

    fn quarantine(&self, scope: &Scope, sid: &Sid, reason: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let store = self.reach()?;
        let file = DataSetFile::verify(bytes.to_vec(), sid).unwrap();
        let put = store.quarantine(scope, sid, &file, reason.to_owned());
        let mut book = self.book.lock().unwrap();
        if let Err(refusal) = put {
            book.story.tell(format!("    TS{} cannot put {scope} of {sid} beside", self.host + 1));
            self.house.has_no_room(scope, sid);
            return Err(refused(refusal));
        }
        book.story.tell(format!("    TS{} puts {scope} of {sid} beside: {reason}", self.host + 1));
        book.took(self.host, sid, scope, Way::Beside, &decode(bytes), None);
        if !self.is(Weather::Deaf) {
            book.kept_beside.insert((self.host, sid.clone()));
        }
        self.answer(())
    }
}

impl Connections for Line {
    /// The console answers the service's chores. To a logon, which asks from a thread of its own, it answers too late: when
    /// exactly, no seed could say.
    fn newer_plan(&self, cached: Option<&CachedPlan>) -> Result<Option<CachedPlan>, String> {
        if thread::current().id() != self.day || self.is(Weather::Cut) {
            return Err("MP-NET-002 timed out".to_owned());
        }
        let plan = self.plan.lock().unwrap().clone();
        Ok((cached.map(|cached| &cached.etag) != Some(&plan.etag)).then_some(plan))
    }

    fn storage(&self, _: &AgentPlan) -> Result<Box<dyn DataSetStore>, StoreError> {
        Ok(Box::new(self.clone()))
    }

    fn send_reports(&self, batch: &ReportBatch) -> Result<BatchAnswer, String> {
        if self.is(Weather::Cut) {
            return Err("MP-NET-002 timed out".to_owned());
        }
        let mut book = self.book.lock().unwrap();
        for report in &batch.reports {
            for item in report.items.list.iter().filter(|item| item.fate == Fate::Overridden) {
                let scope = item.scope.clone().unwrap();
                book.overrides.insert((scope, report.sid.clone(), item.place.clone()));
            }
            for item in report.items.list.iter().filter(|item| item.code == "MP-PRF-206") {
                book.changed_before.insert((report.sid.clone(), item.place.clone()));
            }
            for problem in &report.problems {
                book.problems.insert((self.host, report.sid.clone(), problem.code.clone()));
            }
        }
        let taken = batch.reports.iter().map(|report| report.id.clone()).collect();
        Ok(BatchAnswer { taken, refused: Vec::new() })
    }
}
