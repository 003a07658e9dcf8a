//! A line from a host to console and storage. It can be cut, and acknowledgements can be lost on it. What storage takes is
//! written into the book of the day.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI32, AtomicU8, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use mp_agent::{AwayServers, CachedPlan, Connections, FailoverStore, Member};
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
    plans::{group_of, order, server},
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

/// Which server has answered a fetch of a scope, and with which version.
pub(crate) type Answers = BTreeMap<Scope, (usize, Option<VersionTag>)>;

#[derive(Clone)]
pub(crate) struct Line {
    host: usize,
    /// The server that it goes to, of these.
    at: usize,
    houses: Vec<Arc<StoreHouse>>,
    /// Whether it is cut to one of them alone.
    cut: Arc<[AtomicBool; 2]>,
    away: AwayServers,
    pub(crate) answers: Arc<Mutex<Answers>>,
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
        houses: &[Arc<StoreHouse>],
        book: &Arc<Mutex<Book>>,
        plan: CachedPlan,
        time: &Arc<Mutex<Duration>>,
    ) -> Self {
        let time = Arc::clone(time);
        Self {
            host,
            at: 0,
            houses: houses.to_vec(),
            cut: Arc::default(),
            away: AwayServers::new(move || *time.lock().unwrap()),
            answers: Arc::default(),
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

    fn house(&self) -> &StoreHouse {
        &self.houses[self.at]
    }

    /// The line to one of the servers.
    fn to(&self, at: usize) -> Self {
        Self { at, ..self.clone() }
    }

    /// Cuts the line to one server, or mends it.
    pub(crate) fn cut(&self, at: usize, is_cut: bool) {
        self.cut[at].store(is_cut, Ordering::Relaxed);
    }

    /// Whether storage can be asked, and answers are heard.
    pub(crate) fn is_fine(&self) -> bool {
        let is_there =
            |at: usize| !self.cut[at].load(Ordering::Relaxed) && self.houses[at].of(self.host).is_some();
        self.is(Weather::Fine) && (0..self.houses.len()).any(is_there)
    }

    fn reach(&self) -> Result<ReachedStore, StoreError> {
        self.fuse.burn();
        let is_cut = self.is(Weather::Cut) || self.cut[self.at].load(Ordering::Relaxed);
        self.house().of(self.host).filter(|_| !is_cut).ok_or_else(|| gone(false))
    }

    /// A server has answered a fetch.
    fn note(&self, scope: &Scope, sid: &Sid, version: Option<VersionTag>) {
        if self.houses.len() > 1 {
            let story = &self.book.lock().unwrap().story;
            let what = version.as_ref().map_or("nothing", |version| &version.0[..9]);
            story.tell(format!(
                "    TS{} gets {scope} of {sid}{}: {what}",
                self.host + 1,
                self.where_it_goes()
            ));
        }
        self.answers.lock().unwrap().insert(scope.clone(), (self.at, version));
    }

    /// For the story of a day with two servers.
    fn where_it_goes(&self) -> String {
        if self.houses.len() == 1 { String::new() } else { format!(" on {}", server(self.at).name) }
    }

    fn answer<T>(&self, answer: T) -> Result<T, StoreError> {
        if self.is(Weather::Deaf) { Err(gone(true)) } else { Ok(answer) }
    }
}

fn gone(may_be_done: bool) -> StoreError {
    StoreError::Unreachable { server: "store1:8444".into(), text: "MP-NET-002 timed out".into(), may_be_done }
}

fn refused(refusal: Refusal) -> StoreError {
    if matches!(refusal.code, Code::CatchingUp | Code::NotAllHere) {
        return StoreError::Unreachable {
            server: "store1:8444".into(),
            text: refusal.to_string(),
            may_be_done: false,
        };
    }
    StoreError::Refused { server: "store1:8444".into(), text: refusal.to_string() }
}

impl DataSetStore for Line {
    fn fetch(&self, scope: &Scope, sid: &Sid, held: Option<HeldVersion<'_>>) -> Result<Fetched, StoreError> {
        let held = held.map(|held| held.version);
        let read = self.reach()?.read(scope, sid, held).map_err(refused)?;
        let (version, fetched) = match read {
            Read::None => (None, Fetched::None),
            Read::NotModified(version) => (Some(version.tag()), Fetched::NotModified),
            Read::Data(version, bytes) => {
                (Some(version.tag()), Fetched::Data { version: version.tag(), bytes })
            }
        };
        self.note(scope, sid, version);
        Ok(fetched)
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
        let (former, before) = (self.house().head(scope, sid), self.house().current(scope, sid));
        match store.replace(scope, sid, &base, &file, Told::default()).map_err(refused)? {
            Replaced::As { version, .. } => {
                let mut book = self.book.lock().unwrap();
                book.story.tell(format!(
                    "    TS{} stores {scope} of {sid} as {}{}",
                    self.host + 1,
                    version.sequence,
                    self.where_it_goes()
                ));
                book.took(self.host, sid, scope, Way::Stored, &decode(bytes), before.as_ref());
                book.contains(scope, sid, version.tag(), &[former]);
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
            self.house().has_no_room(scope, sid);
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
        if self.houses.len() == 1 {
            return Ok(Box::new(self.clone()));
        }
        let member = |at: usize| Member { server: server(at).name, store: Arc::new(self.to(at)) };
        let scopes = [Scope::Global, group_of(self.host)];
        let scopes = scopes.map(|scope| (scope.clone(), order(&scope).map(member).into()));
        Ok(Box::new(FailoverStore::new(scopes.into(), self.away.clone())))
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
