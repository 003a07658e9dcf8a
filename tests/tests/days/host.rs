//! A session host: its sessions and profiles, the service, and the jobs that the day runs when it likes.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use mp_agent::{
    CachedPlan, PolicySettings, Spool, StateFolder,
    hosts::simulated::{ProfileLoader, SimulatedSessions},
    service::{JobOrder, Ports, ServiceEvent, Station},
};
use mp_profile::{
    Clock, SessionId, Sid,
    machine::SessionChange,
    memory::{MemoryHost, MemoryProfile},
};
use mp_registry::{FileTime, Key, KeyPath, Value};
use tempfile::TempDir;

use crate::{
    oracle::{APP, texts},
    store::{Line, decode},
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

/// Loads fresh copies of the mandatory profile, and says which loads went.
pub(crate) struct Profiles {
    pub(crate) host: Arc<MemoryHost>,
    loads: Mutex<Loads>,
}

#[derive(Default)]
struct Loads {
    last: u64,
    loaded: Vec<(Sid, u64)>,
    unloaded: Vec<u64>,
}

impl ProfileLoader for Profiles {
    fn load(&self, sid: &Sid) -> Result<(), String> {
        let mut root = Key::new("");
        root.ensure(&KeyPath::parse(APP)).set_value(Value::sz("Theme", "light"));
        self.host.load(sid.clone(), MemoryProfile::mandatory(root));
        let mut loads = self.loads.lock().unwrap();
        loads.last += 1;
        let load = loads.last;
        loads.loaded.push((sid.clone(), load));
        Ok(())
    }

    fn unload(&self, sid: &Sid) -> Result<(), String> {
        self.host.unload(sid);
        let mut loads = self.loads.lock().unwrap();
        let at = loads.loaded.iter().position(|(loaded, _)| loaded == sid).ok_or("it is not loaded")?;
        let (_, load) = loads.loaded.remove(at);
        loads.unloaded.push(load);
        Ok(())
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
    pub(crate) name: &'static str,
    ports: Ports,
    state: StateFolder,
    _folder: TempDir,
}

impl Host {
    pub(crate) fn new(
        name: &'static str,
        plan: &CachedPlan,
        line: Line,
        time: &Arc<Mutex<Duration>>,
    ) -> Self {
        let host = Arc::new(MemoryHost::new(name));
        let profiles = Arc::new(Profiles { host: Arc::clone(&host), loads: Mutex::default() });
        let sessions = SimulatedSessions::new(Arc::clone(&profiles) as Arc<dyn ProfileLoader>);
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
        let state = StateFolder::open(folder.path()).unwrap();
        plan.save(&state).unwrap();
        let clock = Arc::new(FarmClock { time: Arc::clone(time), skew: Mutex::default() });
        let ports = Ports {
            state: state.clone(),
            host,
            control: Arc::new(sessions.clone()),
            connections: Arc::new(line.clone()),
            clock: Arc::clone(&clock) as _,
            settings: PolicySettings::default(),
        };
        let (station, seats, jobs) = (None, Vec::new(), Vec::new());
        Self { profiles, sessions, line, clock, station, seats, jobs, name, ports, state, _folder: folder }
    }

    pub(crate) fn start(&mut self) {
        if self.station.is_none() {
            println!("{:?} {}: the service starts", self.clock.elapsed(), self.name);
            self.station = Some(Station::start(self.ports.clone(), self.clock.elapsed()));
        }
    }

    /// The service is killed. What it held stays held, and jobs that had not begun never will.
    pub(crate) fn kill(&mut self) {
        println!("{:?} {}: the service is killed", self.clock.elapsed(), self.name);
        self.station = None;
        self.jobs.clear();
    }

    /// The machine loses power and starts again: no session and no profile is left.
    pub(crate) fn power_cut(&mut self) {
        println!("{:?} {}: power is cut", self.clock.elapsed(), self.name);
        self.kill();
        for seat in std::mem::take(&mut self.seats) {
            self.sessions.end(seat.id).unwrap();
        }
        for (sid, _) in self.loaded() {
            self.sessions.unload_by_force(&sid).unwrap();
        }
    }

    pub(crate) fn tell(&mut self, event: ServiceEvent) {
        let now = self.clock.elapsed();
        match &event {
            ServiceEvent::Session { session, change } => {
                println!("{now:?} {}: {change:?} of session {session}", self.name)
            }
            ServiceEvent::Request(asked) => {
                println!("{now:?} {}: {:?} asked in session {}", self.name, asked.request, asked.session)
            }
            ServiceEvent::Stop { .. } => {}
        }
        if let Some(station) = &mut self.station {
            station.handle(event, now);
        }
    }

    pub(crate) fn session(&mut self, session: SessionId, change: SessionChange) {
        self.tell(ServiceEvent::Session { session, change });
    }

    /// Lets run out what has run out, takes the jobs, and says when to come again.
    pub(crate) fn poll(&mut self) -> Option<Duration> {
        let now = self.clock.elapsed();
        let station = self.station.as_mut()?;
        let due = station.poll(now);
        self.jobs.extend(station.orders());
        Some(due)
    }

    pub(crate) fn run_job(&mut self, which: usize) {
        let order = self.jobs.remove(which);
        let end = order.run(&self.ports);
        let now = self.clock.elapsed();
        println!("{now:?} {}: {:?} of {} ended: {end:?}", self.name, order.work, order.sid);
        if let Some(station) = &mut self.station {
            station.ended(&order, end, now);
        }
        self.poll();
    }

    pub(crate) fn chores(&self) {
        self.ports.do_chores();
    }

    pub(crate) fn loaded(&self) -> Vec<(Sid, u64)> {
        self.profiles.loads.lock().unwrap().loaded.clone()
    }

    pub(crate) fn load_of(&self, sid: &Sid) -> Option<u64> {
        self.loaded().into_iter().find(|(loaded, _)| loaded == sid).map(|(_, load)| load)
    }

    /// The loads that went since the last call.
    pub(crate) fn unloaded(&self) -> Vec<u64> {
        std::mem::take(&mut self.profiles.loads.lock().unwrap().unloaded)
    }

    /// Whether something was decided about the load, so that its user has a desktop to work on.
    pub(crate) fn is_decided(&self, sid: &Sid) -> bool {
        let marked = |profile: &mut MemoryProfile| {
            let marker = String::from_utf8(profile.marker.clone()?).ok()?;
            Some(!marker.contains("\"over\":true"))
        };
        self.profiles.host.with(sid, marked).flatten().unwrap_or(false)
    }

    pub(crate) fn get(&self, sid: &Sid, item: &str) -> Option<String> {
        let get = |profile: &mut MemoryProfile| {
            profile.registry.root.at(&KeyPath::parse(APP))?.value(&item.into())?.to_text()
        };
        self.profiles.host.with(sid, get).unwrap()
    }

    pub(crate) fn set(&self, sid: &Sid, item: &str, text: &str) {
        let set = |profile: &mut MemoryProfile| {
            profile.registry.root.ensure(&KeyPath::parse(APP)).set_value(Value::sz(item, text));
        };
        self.profiles.host.with(sid, set).unwrap();
    }

    /// Whether a text waits in the spool.
    pub(crate) fn spooled(&self, text: &str) -> bool {
        let spool = Spool::new(self.state.spool());
        spool.users().unwrap().iter().any(|sid| {
            let waiting = spool.of(sid).unwrap();
            assert!(waiting.damaged.is_empty(), "{:?}", waiting.damaged);
            waiting.entries.iter().any(|entry| {
                texts(&decode(&spool.read(entry).unwrap())).values().any(|spooled| spooled == text)
            })
        })
    }

    pub(crate) fn spool_is_empty(&self) -> bool {
        Spool::new(self.state.spool()).users().unwrap().is_empty()
    }
}
