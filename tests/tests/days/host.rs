//! A session host: its sessions and profiles, the service, and the jobs that the day runs when it likes.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};

use mp_agent::{
    CachedPlan, PolicySettings, SessionReport, Spool, SpoolEntry, StateFolder,
    hosts::simulated::{ProfileLoader, SimulatedSessions},
    service::{JobOrder, Ports, ServiceEvent, Station},
};
use mp_dataset::{DataSet, ProfileKind};
use mp_profile::{
    Clock, Scope, SessionId, Sid,
    machine::{JobEnd, SessionChange},
    memory::MemoryProfile,
};
use mp_registry::FileTime;
use tempfile::TempDir;

use crate::{
    book::Given,
    line::{Fuse, Killed, Line},
    places::Place,
    profiles::{FusedHost, Loaded, Profiles},
    store::{decode, temporary_folder},
    story::Story,
};

/// The time of the farm. Each host's wall clock may be wrong; nothing may depend on it.
pub(crate) struct FarmClock {
    pub(crate) time: Arc<Mutex<Duration>>,
    pub(crate) skew: Mutex<i64>,
}

impl Clock for FarmClock {
    fn now(&self) -> FileTime {
        let ticks = u64::try_from(self.elapsed().as_nanos() / 100).unwrap();
        let skewed = 0x01DC_5B00_0000_0000_u64 + ticks;
        FileTime(skewed.saturating_add_signed(*self.skew.lock().unwrap() * 10_000_000))
    }

    fn elapsed(&self) -> Duration {
        *self.time.lock().unwrap()
    }
}

/// A session as its user sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) sid: Sid,
    pub(crate) id: SessionId,
    pub(crate) ending: bool,
}

pub(crate) struct Host {
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) sessions: SimulatedSessions,
    pub(crate) line: Line,
    pub(crate) clock: Arc<FarmClock>,
    pub(crate) station: Option<Station>,
    pub(crate) seats: Vec<Seat>,
    pub(crate) jobs: Vec<JobOrder>,
    pub(crate) name: String,
    /// The plan that an import has followed, by load.
    pub(crate) followed: BTreeMap<u64, CachedPlan>,
    /// The plan by which a load was first looked at.
    pub(crate) looked: BTreeMap<u64, CachedPlan>,
    /// What a load was given.
    pub(crate) given: BTreeMap<u64, Given>,
    /// What storage had when the import into a load was cut off, which may be finished with that.
    pub(crate) begun: BTreeMap<(u64, Scope), Option<DataSet>>,
    fuse: Fuse,
    ports: Ports,
    state: StateFolder,
    story: Story,
    _folder: TempDir,
}

impl Host {
    pub(crate) fn new(
        name: String,
        line: Line,
        time: &Arc<Mutex<Duration>>,
        spool_limit: Option<u64>,
        story: &Story,
    ) -> Self {
        let profiles = Arc::new(Profiles::new(&name));
        let sessions = SimulatedSessions::new(Arc::clone(&profiles) as Arc<dyn ProfileLoader>);
        let folder = temporary_folder();
        let state = StateFolder::open(folder.path()).unwrap();
        line.plan.lock().unwrap().save(&state).unwrap();
        let clock = Arc::new(FarmClock { time: Arc::clone(time), skew: Mutex::default() });
        let fuse = line.fuse.clone();
        let ports = Ports {
            state: state.clone(),
            host: Arc::new(FusedHost { host: Arc::clone(&profiles.host), fuse: fuse.clone() }),
            control: Arc::new(sessions.clone()),
            connections: Arc::new(line.clone()),
            clock: Arc::clone(&clock) as _,
            settings: PolicySettings { spool_limit, ..PolicySettings::default() },
        };
        Self {
            profiles,
            sessions,
            line,
            clock,
            station: None,
            seats: Vec::new(),
            jobs: Vec::new(),
            name,
            followed: BTreeMap::new(),
            looked: BTreeMap::new(),
            given: BTreeMap::new(),
            begun: BTreeMap::new(),
            fuse,
            ports,
            state,
            story: story.clone(),
            _folder: folder,
        }
    }

    pub(crate) fn tell(&self, what: String) {
        self.story.tell(format!("{:>9.3} {}: {what}", self.clock.elapsed().as_secs_f64(), self.name));
    }

    pub(crate) fn start(&mut self) {
        if self.station.is_none() {
            self.tell("the service starts".to_owned());
            self.station = Some(Station::start(self.ports.clone(), self.clock.elapsed()));
        }
    }

    /// The service is killed. What it held stays held, and jobs that had not begun never will.
    pub(crate) fn kill(&mut self) {
        self.tell("the service is killed".to_owned());
        self.station = None;
        self.jobs.clear();
    }

    /// The machine loses power and starts again: no session and no profile is left.
    pub(crate) fn power_cut(&mut self) {
        self.tell("power is cut".to_owned());
        self.kill();
        for seat in std::mem::take(&mut self.seats) {
            self.sessions.end(seat.id).unwrap();
        }
        for Loaded { sid, .. } in self.profiles.loaded() {
            self.sessions.unload_by_force(&sid).unwrap();
        }
    }

    pub(crate) fn send(&mut self, event: ServiceEvent) {
        match &event {
            ServiceEvent::Session { session, change } => {
                self.tell(format!("{change:?} of session {session}"))
            }
            ServiceEvent::Request(asked) => {
                self.tell(format!("{:?} asked in session {} of {}", asked.request, asked.session, asked.sid));
            }
            ServiceEvent::Stop { .. } => {}
        }
        let now = self.clock.elapsed();
        if let Some(station) = &mut self.station {
            station.handle(event, now);
        }
    }

    pub(crate) fn session(&mut self, session: SessionId, change: SessionChange) {
        self.send(ServiceEvent::Session { session, change });
    }

    /// Lets run out what has run out, takes the jobs, and says when to come again.
    pub(crate) fn poll(&mut self) -> Option<Duration> {
        let now = self.clock.elapsed();
        let station = self.station.as_mut()?;
        let due = station.poll(now);
        self.jobs.extend(station.orders());
        Some(due)
    }

    /// Runs a job; `None` when the service was killed in its midst, at this call of a port.
    pub(crate) fn run_job(&mut self, order: &JobOrder, killed_at: i32) -> Option<JobEnd> {
        self.fuse.set(killed_at);
        let end = catch_unwind(AssertUnwindSafe(|| order.run(&self.ports)));
        self.fuse.set(0);
        let end = match end {
            Ok(end) => end,
            Err(cause) if cause.is::<Killed>() => {
                self.tell(format!("{:?} of {} is cut off", order.work, order.sid));
                self.kill();
                return None;
            }
            Err(cause) => resume_unwind(cause),
        };
        self.tell(format!("{:?} of {} ended: {end:?}", order.work, order.sid));
        let now = self.clock.elapsed();
        if let Some(station) = &mut self.station {
            station.ended(order, end, now);
        }
        self.poll();
        Some(end)
    }

    /// What the service does every minute.
    pub(crate) fn chores(&self) {
        if self.station.is_some() {
            self.tell("chores".to_owned());
            self.ports.do_chores();
        }
    }

    pub(crate) fn load_of(&self, sid: &Sid) -> Option<Loaded> {
        self.profiles.loaded().into_iter().find(|loaded| loaded.sid == *sid)
    }

    /// Whether an import has marked the load, and it is not over.
    pub(crate) fn is_marked(&self, sid: &Sid) -> bool {
        let marked = |profile: &mut MemoryProfile| {
            let marker = String::from_utf8(profile.marker.clone()?).ok()?;
            Some(!marker.contains("\"over\":true") && !marker.contains("\"seen\":true"))
        };
        self.profiles.host.with(sid, marked).flatten().unwrap_or(false)
    }

    /// Whether an import has ever marked the load.
    pub(crate) fn has_marker(&self, sid: &Sid) -> bool {
        let marked = |profile: &mut MemoryProfile| {
            let marker = profile.marker.clone().and_then(|marker| String::from_utf8(marker).ok());
            marker.is_some()
        };
        self.profiles.host.with(sid, marked).unwrap_or(false)
    }

    /// Whether a picture was taken of the load, and nothing was merged into it yet.
    pub(crate) fn is_seen(&self, sid: &Sid) -> bool {
        let seen = |profile: &mut MemoryProfile| {
            let marker = String::from_utf8(profile.marker.clone()?).ok()?;
            Some(!marker.contains("\"over\":true") && marker.contains("\"seen\":true"))
        };
        self.profiles.host.with(sid, seen).flatten().unwrap_or(false)
    }

    /// Whether the Agent can tell what the user changes in the load from what is there: programs already run before the
    /// import.
    pub(crate) fn is_watched(&self, loaded: &Loaded) -> bool {
        loaded.kind != ProfileKind::Mandatory || self.is_marked(&loaded.sid) || self.is_seen(&loaded.sid)
    }

    pub(crate) fn get(&self, sid: &Sid, place: &Place) -> Option<String> {
        self.profiles.host.with(sid, |profile| place.get(profile)).unwrap()
    }

    /// The plan as the Agent has it.
    pub(crate) fn plan(&self) -> CachedPlan {
        CachedPlan::load(&self.state).unwrap().unwrap()
    }

    /// What waits of a user.
    pub(crate) fn spooled(&self, sid: &Sid) -> Vec<(SpoolEntry, DataSet)> {
        let spool = Spool::new(self.state.spool());
        let waiting = spool.of(sid).unwrap();
        assert!(waiting.damaged.is_empty(), "{:?}", waiting.damaged);
        let read = waiting.entries.into_iter().map(|entry| {
            let set = decode(&spool.read(&entry).unwrap());
            (entry, set)
        });
        read.collect()
    }

    pub(crate) fn spool_is_empty(&self) -> bool {
        Spool::new(self.state.spool()).users().unwrap().is_empty()
    }

    /// Tells what the Agent says of a user's sessions.
    pub(crate) fn tell_reports(&self, sid: &Sid) {
        for report in SessionReport::kept(&self.state, sid).unwrap() {
            let sets = report.data_sets.iter().map(|set| format!("{} {}", set.scope, set.result));
            let codes = report.problems.iter().map(|problem| problem.code.clone());
            let what: Vec<String> = sets.chain(codes).collect();
            self.tell(format!("    reported: {:?} {:?}: {}", report.event, report.outcome, what.join(", ")));
        }
    }

    /// Whether a report says that an export could be put nowhere.
    pub(crate) fn told_of_loss(&self, sid: &Sid) -> bool {
        let reports = SessionReport::kept(&self.state, sid).unwrap();
        reports.iter().flat_map(|report| &report.problems).any(|problem| problem.code == "MP-AGT-044")
    }
}
