//! The hosts, and the passing of time on them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use fastrand::Rng;
use mp_agent::CachedPlan;
use mp_profile::{Applies, DataSubset, ImportMode, RegistryRule, RuleAction, Scope, Sid};
use mp_protocol::{AgentPlan, AgentSettings, MachineId, StorageAway, StorageTarget, Waits};
use mp_storage::{
    Backend, MemoryBackend,
    backend::{Key, Read},
};

use crate::{
    host::Host,
    oracle::{APP, ITEMS, Ledger, Oracle, texts},
    store::{Line, decode},
};

pub(crate) struct Farm {
    pub(crate) rng: Rng,
    pub(crate) hosts: Vec<Host>,
    pub(crate) users: Vec<Sid>,
    pub(crate) oracle: Oracle,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    backend: Arc<MemoryBackend>,
    time: Arc<Mutex<Duration>>,
    texts: u64,
    /// Whether acknowledgements are lost on this day.
    pub(crate) deaf: bool,
}

fn plan(rng: &mut Rng) -> CachedPlan {
    let registry = RegistryRule {
        action: RuleAction::Include,
        key: APP.to_owned(),
        recursive: true,
        values: Vec::new(),
        delete_if_missing: false,
        allow_autorun: false,
    };
    let of =
        |values: [&str; 2]| RegistryRule { values: values.map(str::to_owned).to_vec(), ..registry.clone() };
    let subset =
        |name: &str, rule| DataSubset { registry: vec![rule], ..DataSubset::new(name, Applies::Global) };
    // A synchronous logon waits for the one and not for the other.
    let behind =
        DataSubset { import: ImportMode::Asynchronous, ..subset("Behind", of([ITEMS[2], ITEMS[3]])) };
    let settings = AgentSettings {
        mode: if rng.bool() { ImportMode::Synchronous } else { ImportMode::Asynchronous },
        merge_newer_on_connect: rng.bool(),
        storage_away: if rng.bool() { StorageAway::GoOn } else { StorageAway::CachedCopy },
        ..AgentSettings::default()
    };
    let plan = AgentPlan {
        revision: 1,
        agent: MachineId::from_random([7; 16]),
        name: "TS".into(),
        group: None,
        storage: Some(StorageTarget { name: "STORE1".into(), host: "store1".into(), port: 8444 }),
        subsets: vec![subset("App", of([ITEMS[0], ITEMS[1]])), behind],
        waits: Waits::default(),
        settings,
    };
    CachedPlan { etag: "\"p1\"".to_owned(), plan }
}

impl Farm {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (time, ledger, backend) = (Arc::default(), Arc::default(), Arc::default());
        let mut host = |name| {
            let line = Line::new(&backend, &ledger);
            let mut host = Host::new(name, &plan(&mut rng), line, &time);
            host.start();
            host
        };
        let hosts = vec![host("TS1"), host("TS2"), host("TS3")];
        let users = (1001..1003).map(|rid| format!("S-1-5-21-1-2-3-{rid}").parse().unwrap()).collect();
        let oracle = Oracle::default();
        Self { rng, hosts, users, oracle, ledger, backend, time, texts: 0, deaf: seed.is_multiple_of(4) }
    }

    /// Lets time pass. What is due happens in its order; jobs begin and end when chance wants it.
    pub(crate) fn pass(&mut self, span: Duration) {
        let until = *self.time.lock().unwrap() + span;
        loop {
            let mut next = until;
            for at in 0..self.hosts.len() {
                if let Some(due) = self.hosts[at].poll() {
                    next = next.min(due);
                }
                self.some_jobs(at);
            }
            let mut now = self.time.lock().unwrap();
            if next >= until && self.hosts.iter().all(|host| host.jobs.is_empty()) {
                *now = until;
                return;
            }
            // A job that has not ended takes some time.
            *now = next.max(*now + Duration::from_millis(200));
            if *now >= until {
                return;
            }
        }
    }

    pub(crate) fn some_jobs(&mut self, at: usize) {
        while !self.hosts[at].jobs.is_empty() && self.rng.u8(..) < 200 {
            let which = self.rng.usize(..self.hosts[at].jobs.len());
            self.hosts[at].run_job(which);
            self.account(at, true);
        }
    }

    /// Looks after the loads that went: what they held is in the spool or in storage. When the service was not there to
    /// export it, it may be lost.
    pub(crate) fn account(&mut self, at: usize, served: bool) {
        for load in self.hosts[at].unloaded() {
            let load = (at, load);
            let host = &self.hosts[at];
            let ledger = self.ledger.lock().unwrap();
            let safe = |text: &str| ledger.has(text) || host.spooled(text);
            if served {
                for write in self.oracle.last_of_load(load) {
                    assert!(safe(&write.text), "LOST at the unload of its hive: {write:?}");
                }
            } else {
                self.oracle.excuse(load, safe);
            }
        }
    }

    /// A user sets an item in a session whose load of the hive is decided.
    pub(crate) fn write(&mut self, at: usize, sid: &Sid, item: &'static str) {
        let Some(load) = self.hosts[at].load_of(sid).filter(|_| self.hosts[at].is_decided(sid)) else {
            return;
        };
        self.texts += 1;
        let text = format!("{item}-{}", self.texts);
        let saw = self.hosts[at].get(sid, item);
        println!("{:?} {}: {sid} writes {text} over {saw:?}", self.time.lock().unwrap(), self.hosts[at].name);
        self.hosts[at].set(sid, item, &text);
        self.oracle.write(sid, item, &text, saw, (at, load));
    }

    /// What storage has of a user now.
    pub(crate) fn current(&self, sid: &Sid) -> BTreeMap<&'static str, String> {
        match self.backend.read(&Key { scope: Scope::Global, sid: sid.clone() }, None).unwrap() {
            Read::Data(_, bytes) => texts(&decode(&bytes)),
            _ => BTreeMap::new(),
        }
    }
}
