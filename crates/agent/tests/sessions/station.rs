//! A session host with its Agent, and what a user does on it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use mp_agent::{Agent, AgentError, CachedPlan, Outcome, SessionReport, Spool, StateFolder};
use mp_dataset::{DataSet, FileAttributes, FileContent, FilePath, ProfileKind};
use mp_profile::{
    Clock, Scope, SessionHost, Sid,
    memory::{MemoryHost, MemoryProfile},
};
use mp_registry::{FileTime, Key, KeyPath, Value, ValueEdit};
use tempfile::TempDir;

use crate::{
    console::{FakeConsole, plan},
    store::FakeStore,
};

pub(crate) fn sid() -> Sid {
    user(1001)
}

pub(crate) fn user(number: u32) -> Sid {
    format!("S-1-5-21-1-2-3-{number}").parse().unwrap()
}

pub(crate) const APP: &str = "Software\\App";
pub(crate) const LEDGER: &str = "Software\\Ledger";

/// A clock by which no two moments are the same.
#[derive(Default)]
pub(crate) struct Ticks(AtomicU64);

impl Clock for Ticks {
    fn now(&self) -> FileTime {
        FileTime(0x01DC_5B00_0000_0000 + self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

pub(crate) struct Station {
    pub(crate) host: MemoryHost,
    pub(crate) console: Arc<FakeConsole>,
    pub(crate) state: StateFolder,
    pub(crate) folder: TempDir,
    clock: Ticks,
}

impl Station {
    /// A session host that has the plan already, and whose console is away.
    pub(crate) fn new(name: &str, console: &Arc<FakeConsole>) -> Self {
        let station = Self::without_plan(name, console);
        station.follow(&plan(1));
        station
    }

    pub(crate) fn without_plan(name: &str, console: &Arc<FakeConsole>) -> Self {
        let folder = quick_folder();
        let state = StateFolder::open(folder.path()).unwrap();
        let (console, clock) = (Arc::clone(console), Ticks::default());
        Self { host: MemoryHost::new(name), console, state, folder, clock }
    }

    pub(crate) fn follow(&self, plan: &CachedPlan) {
        plan.save(&self.state).unwrap();
    }

    pub(crate) fn store(&self) -> &FakeStore {
        &self.console.store
    }

    pub(crate) fn spool(&self) -> Spool {
        Spool::new(self.state.spool())
    }

    pub(crate) fn agent<T>(&self, work: impl FnOnce(&Agent<'_>) -> T) -> T {
        self.agent_on(&self.host, work)
    }

    pub(crate) fn agent_on<T>(&self, host: &dyn SessionHost, work: impl FnOnce(&Agent<'_>) -> T) -> T {
        let console: Arc<FakeConsole> = Arc::clone(&self.console);
        work(&Agent::new(self.state.clone(), host, console, &self.clock))
    }

    /// An Agent that is set up otherwise.
    pub(crate) fn agent_with<T>(
        &self,
        set_up: impl for<'a> FnOnce(Agent<'a>) -> Agent<'a>,
        work: impl FnOnce(&Agent<'_>) -> T,
    ) -> T {
        let console: Arc<FakeConsole> = Arc::clone(&self.console);
        work(&set_up(Agent::new(self.state.clone(), &self.host, console, &self.clock)))
    }

    /// Windows loads a fresh copy of the mandatory profile.
    pub(crate) fn load(&self, sid: &Sid) {
        let mut root = Key::new("");
        let app = root.ensure(&KeyPath::parse(APP));
        app.set_value(Value::sz("Theme", "light"));
        app.set_value(Value::sz("Font", "small"));
        let mut profile = MemoryProfile::mandatory(root);
        profile.files.put(path("default.ini"), content("default"));
        self.host.load(sid.clone(), profile);
    }

    pub(crate) fn load_kind(&self, sid: &Sid, kind: ProfileKind) {
        self.load(sid);
        self.host.with(sid, |profile| profile.kind = kind).unwrap();
    }

    pub(crate) fn try_logon(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        self.agent(|agent| agent.logon(sid))
    }

    /// Windows loads the profile, and the Agent works.
    pub(crate) fn logon(&self, sid: &Sid) -> SessionReport {
        self.load(sid);
        self.try_logon(sid).unwrap()
    }

    pub(crate) fn try_logoff(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        self.agent(|agent| agent.logoff(sid))
    }

    /// The Agent works, and Windows unloads the profile.
    pub(crate) fn logoff(&self, sid: &Sid) -> SessionReport {
        let report = self.try_logoff(sid).unwrap();
        self.host.unload(sid).unwrap();
        report
    }

    /// A whole session in which the user sets one value; says how logon and logoff ended.
    pub(crate) fn session(&self, sid: &Sid, key: &str, name: &str, text: &str) -> (Outcome, Outcome) {
        let logon = self.logon(sid).outcome;
        self.set(sid, key, name, text);
        (logon, self.logoff(sid).outcome)
    }

    pub(crate) fn set(&self, sid: &Sid, key: &str, name: &str, text: &str) {
        let set = |profile: &mut MemoryProfile| {
            profile.registry.root.ensure(&KeyPath::parse(key)).set_value(Value::sz(name, text));
        };
        self.host.with(sid, set).unwrap();
    }

    pub(crate) fn unset(&self, sid: &Sid, key: &str, name: &str) {
        let unset = |profile: &mut MemoryProfile| {
            profile.registry.root.at_mut(&KeyPath::parse(key)).unwrap().remove_value(&name.into()).unwrap();
        };
        self.host.with(sid, unset).unwrap();
    }

    pub(crate) fn get(&self, sid: &Sid, key: &str, name: &str) -> Option<String> {
        let get = |profile: &mut MemoryProfile| {
            profile.registry.root.at(&KeyPath::parse(key))?.value(&name.into())?.to_text()
        };
        self.host.with(sid, get).unwrap()
    }

    /// Entries of the user in the spool.
    pub(crate) fn waiting(&self, sid: &Sid) -> usize {
        self.spool().of(sid).unwrap().entries.len()
    }

    pub(crate) fn spool_file(&self, sid: &Sid, name: &str) -> PathBuf {
        self.state.spool().join(sid.as_str()).join(name)
    }
}

/// A folder in memory where the system has one: the tests flush to the disk thousands of times.
pub(crate) fn quick_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

pub(crate) fn path(name: &str) -> FilePath {
    FilePath { folder: "RoamingAppData".into(), components: vec!["App".into(), name.into()] }
}

pub(crate) fn content(text: &str) -> FileContent {
    FileContent {
        modified: FileTime(0x01DC_0000_0000_0000),
        attributes: FileAttributes::default(),
        bytes: text.as_bytes().into(),
    }
}

/// What a data set says about a value: its text, or `None` for a tombstone or nothing.
pub(crate) fn value_in(set: &DataSet, key: &str, name: &str) -> Option<String> {
    match set.registry.at(&KeyPath::parse(key))?.value(&name.into())? {
        ValueEdit::Set(value) => value.to_text(),
        ValueEdit::Delete(_) => None,
    }
}

/// A value in what is stored now.
pub(crate) fn stored(store: &FakeStore, scope: &Scope, sid: &Sid, key: &str, name: &str) -> Option<String> {
    let (_, bytes) = store.current(scope, sid)?;
    value_in(&crate::store::decode(&bytes), key, name)
}
