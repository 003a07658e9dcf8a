//! A session host with its service, stepped by a clock that only the test moves.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver},
    },
    time::Duration,
};

use mp_agent::{
    CachedPlan, PolicySettings, StateFolder,
    hosts::simulated::{ProfileLoader, SimulatedSessions},
    service::{HelperAnswer, HelperRequest, JobOrder, Ports, ServiceEvent, Station},
};
use mp_dataset::ProfileKind;
use mp_profile::{
    Clock, SessionId, Sid,
    machine::{JobEnd, Request, SessionChange},
    memory::{MemoryHost, MemoryProfile},
};
use mp_registry::{FileTime, Key, KeyPath, Value};
use tempfile::TempDir;

use crate::{
    console::FakeConsole,
    station::{APP, quick_folder},
};

pub(crate) struct FakeClock(Mutex<Duration>);

impl Clock for FakeClock {
    fn now(&self) -> FileTime {
        let ticks = u64::try_from(self.elapsed().as_nanos() / 100).unwrap();
        FileTime(0x01DC_5B00_0000_0000 + ticks)
    }

    fn elapsed(&self) -> Duration {
        let mut now = self.0.lock().unwrap();
        // No two looks see the same time.
        *now += Duration::from_micros(1);
        *now
    }
}

/// Loads a fresh copy of the mandatory profile, or of another kind.
pub(crate) struct Loader {
    pub(crate) host: Arc<MemoryHost>,
    pub(crate) kind: Mutex<ProfileKind>,
}

impl ProfileLoader for Loader {
    fn load(&self, sid: &Sid) -> Result<(), String> {
        let mut root = Key::new("");
        let app = root.ensure(&KeyPath::parse(APP));
        app.set_value(Value::sz("Theme", "light"));
        let mut profile = MemoryProfile::mandatory(root);
        profile.kind = *self.kind.lock().unwrap();
        self.host.load(sid.clone(), profile);
        Ok(())
    }

    fn unload(&self, sid: &Sid) -> Result<(), String> {
        self.host.unload(sid).map(drop).ok_or_else(|| "it is not loaded".to_owned())
    }
}

pub(crate) struct Host {
    pub(crate) loader: Arc<Loader>,
    pub(crate) sessions: SimulatedSessions,
    pub(crate) state: StateFolder,
    pub(crate) ports: Ports,
    clock: Arc<FakeClock>,
    pub(crate) station: Option<Station>,
    _folder: TempDir,
}

impl Host {
    pub(crate) fn new(name: &str, console: &Arc<FakeConsole>, plan: &CachedPlan) -> Self {
        let host = Arc::new(MemoryHost::new(name));
        let loader = Arc::new(Loader { host: Arc::clone(&host), kind: Mutex::new(ProfileKind::Mandatory) });
        let sessions = SimulatedSessions::new(Arc::clone(&loader) as Arc<dyn ProfileLoader>);
        let folder = quick_folder();
        let state = StateFolder::open(folder.path()).unwrap();
        plan.save(&state).unwrap();
        let clock = Arc::new(FakeClock(Mutex::default()));
        let ports = Ports {
            state: state.clone(),
            host,
            control: Arc::new(sessions.clone()),
            connections: Arc::<FakeConsole>::clone(console),
            clock: Arc::<FakeClock>::clone(&clock),
            settings: PolicySettings::default(),
        };
        let mut host = Self { loader, sessions, state, ports, clock, station: None, _folder: folder };
        host.start();
        host
    }

    pub(crate) fn start(&mut self) {
        self.station = Some(Station::start(self.ports.clone(), self.clock.elapsed()));
        self.work();
    }

    pub(crate) fn kill(&mut self) {
        self.station = None;
    }

    fn station(&mut self) -> (&mut Station, Duration) {
        (self.station.as_mut().unwrap(), self.clock.elapsed())
    }

    /// Runs all jobs that are due.
    pub(crate) fn work(&mut self) {
        loop {
            let (station, now) = self.station();
            station.poll(now);
            let orders = station.orders();
            if orders.is_empty() {
                return;
            }
            for order in orders {
                let end = order.run(&self.ports);
                let (station, now) = self.station();
                station.ended(&order, end, now);
            }
        }
    }

    /// Lets time pass; everything that is due in it happens in its order.
    pub(crate) fn pass(&mut self, span: Duration) {
        let until = self.clock.elapsed() + span;
        loop {
            self.work();
            let (station, now) = self.station();
            let due = station.poll(now);
            if due >= until {
                *self.clock.0.lock().unwrap() = until;
                return self.work();
            }
            *self.clock.0.lock().unwrap() = due.max(now);
        }
    }

    pub(crate) fn tell(&mut self, session: SessionId, change: SessionChange) {
        let (station, now) = self.station();
        station.handle(ServiceEvent::Session { session, change }, now);
        self.work();
    }

    /// Runs the jobs that are due now, and not those that follow.
    pub(crate) fn work_once(&mut self) {
        let (station, now) = self.station();
        station.poll(now);
        for order in station.orders() {
            let end = order.run(&self.ports);
            let (station, now) = self.station();
            station.ended(&order, end, now);
        }
    }

    /// The jobs that are due now, which whoever takes them runs or lets hang.
    pub(crate) fn orders(&mut self) -> Vec<JobOrder> {
        let (station, now) = self.station();
        station.poll(now);
        station.orders()
    }

    /// A job that hung ends after all.
    pub(crate) fn wake(&mut self, order: &JobOrder) -> JobEnd {
        let end = order.run(&self.ports);
        let (station, now) = self.station();
        station.ended(order, end, now);
        end
    }

    pub(crate) fn ask(&mut self, sid: &Sid, session: SessionId, request: Request) -> Receiver<HelperAnswer> {
        let receiver = self.begin_to_ask(sid, session, request);
        self.work();
        receiver
    }

    pub(crate) fn begin_to_ask(
        &mut self,
        sid: &Sid,
        session: SessionId,
        request: Request,
    ) -> Receiver<HelperAnswer> {
        let (sender, receiver) = mpsc::channel();
        let reply = Box::new(move |answer| sender.send(answer).unwrap());
        let asked = HelperRequest { sid: sid.clone(), session, logon: None, request, reply };
        let (station, now) = self.station();
        station.handle(ServiceEvent::Request(asked), now);
        receiver
    }

    pub(crate) fn log_on(&mut self, sid: &Sid) -> SessionId {
        let session = self.sessions.log_on(sid, self.clock.now()).unwrap();
        self.tell(session, SessionChange::Logon);
        session
    }

    /// A logoff without script: the session ends some time after its event.
    pub(crate) fn log_off(&mut self, session: SessionId) {
        self.tell(session, SessionChange::Logoff);
        self.pass(Duration::from_secs(2));
        self.sessions.end(session).unwrap();
        self.pass(Duration::from_secs(5));
    }

    pub(crate) fn stop(&mut self) {
        let (station, now) = self.station();
        station.handle(ServiceEvent::Stop { shutdown: false }, now);
        self.work();
        assert!(self.station.take().unwrap().is_stopped());
    }

    pub(crate) fn set(&self, sid: &Sid, name: &str, text: &str) {
        self.set_in(sid, APP, name, text);
    }

    pub(crate) fn get(&self, sid: &Sid, name: &str) -> Option<String> {
        self.get_in(sid, APP, name)
    }

    pub(crate) fn delete(&self, sid: &Sid, name: &str) {
        let delete = |profile: &mut MemoryProfile| {
            profile.registry.root.ensure(&KeyPath::parse(APP)).remove_value(&name.into());
        };
        self.loader.host.with(sid, delete).unwrap();
    }

    pub(crate) fn set_in(&self, sid: &Sid, key: &str, name: &str, text: &str) {
        let set = |profile: &mut MemoryProfile| {
            profile.registry.root.ensure(&KeyPath::parse(key)).set_value(Value::sz(name, text));
        };
        self.loader.host.with(sid, set).unwrap();
    }

    pub(crate) fn get_in(&self, sid: &Sid, key: &str, name: &str) -> Option<String> {
        let get = |profile: &mut MemoryProfile| {
            profile.registry.root.at(&KeyPath::parse(key))?.value(&name.into())?.to_text()
        };
        self.loader.host.with(sid, get).unwrap()
    }
}
