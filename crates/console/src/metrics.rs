//! What the console counts, in the text form of Prometheus. Labels hold nothing of users: no SID, no name of anybody.

mod stores;

use std::{fmt, sync::atomic::AtomicU64, time::Duration};

use mp_monitor::BOUNDS;
use mp_protocol::session_report::Outcome;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use crate::domain::{MachineCounts, StorageStatus};
use stores::Stores;

/// What lets people in, or refuses them.
const SIGN_INS: [&str; 4] = [
    "POST /api/v1/sessions",
    "POST /api/v1/sessions/browser",
    "POST /api/v1/sessions/openid-connect/return",
    "POST /api/v1/sessions/openid-connect/code",
];

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Operation {
    operation: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Answered {
    operation: String,
    status: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Labelled {
    result: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Chore {
    chore: &'static str,
    result: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Reports {
    kind: &'static str,
    result: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Sessions {
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Machines {
    role: &'static str,
    health: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Connections {
    state: &'static str,
}

/// What is looked up when somebody asks for the metrics.
#[derive(Clone, Debug)]
pub(crate) struct Looked {
    pub(crate) agents: MachineCounts,
    pub(crate) storage: MachineCounts,
    pub(crate) open_damage: i64,
    pub(crate) stores: Vec<StorageStatus>,
    pub(crate) waiting_deliveries: i64,
    pub(crate) revision: i64,
    /// Connections to the database that are open, and those of them that nobody uses.
    pub(crate) connections: (u32, usize),
    /// How long the database took to answer all of this.
    pub(crate) took: Duration,
}

/// The counters and gauges of one console.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Operation, Histogram>,
    sign_ins: Family<Labelled, Counter>,
    pub(crate) long_polls: Gauge,
    reports: Family<Reports, Counter>,
    sessions: Family<Sessions, Counter>,
    chores: Family<Chore, Counter>,
    chore_seconds: Histogram,
    deliveries: Family<Labelled, Counter>,
    waiting_deliveries: Gauge,
    machines: Family<Machines, Gauge>,
    open_damage: Gauge,
    stores: Stores,
    revision: Gauge<u64, AtomicU64>,
    database: Histogram,
    connections: Family<Connections, Gauge>,
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new() -> Self {
        let mut all = Self {
            registry: Registry::with_prefix("metaprofiles_console"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
            sign_ins: Family::default(),
            long_polls: Gauge::default(),
            reports: Family::default(),
            sessions: Family::default(),
            chores: Family::default(),
            chore_seconds: Histogram::new(BOUNDS),
            deliveries: Family::default(),
            waiting_deliveries: Gauge::default(),
            machines: Family::default(),
            open_damage: Gauge::default(),
            stores: Stores::default(),
            revision: Gauge::default(),
            database: Histogram::new(BOUNDS),
            connections: Family::default(),
        };
        all.register();
        all
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "build",
            "Version of the software",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register("requests", "Answered requests", self.requests.clone());
        let seconds =
            "Time from the head of a request to the head of its answer; a plan is waited for on purpose";
        registry.register_with_unit("request_duration", seconds, Unit::Seconds, self.seconds.clone());
        registry.register("sign_ins", "People who signed in, or were refused", self.sign_ins.clone());
        registry.register(
            "long_polls",
            "Machines that wait for a change of their plan",
            self.long_polls.clone(),
        );
        registry.register("reports", "Reports of machines, by kind and result", self.reports.clone());
        registry.register("session_reports", "Reports of users' sessions, by outcome", self.sessions.clone());
        registry.register("chores", "What the console does beside requests, by result", self.chores.clone());
        let chores = "Time of what the console does beside requests";
        registry.register_with_unit("chore_duration", chores, Unit::Seconds, self.chore_seconds.clone());
        let deliveries = "Requests to webhooks, by what came of them";
        registry.register("webhook_deliveries", deliveries, self.deliveries.clone());
        let waiting = "What waits to be told to webhooks";
        registry.register("webhook_deliveries_waiting", waiting, self.waiting_deliveries.clone());
        registry.register("machines", "Machines that joined, by role and health", self.machines.clone());
        let damage = "Damage of stored data that nobody has acknowledged";
        registry.register("storage_damage_open", damage, self.open_damage.clone());
        self.stores.register(registry);
        registry.register("farm_revision", "Revision of the farm", self.revision.clone());
        let database = "Time of the database for the figures of one look at these metrics";
        registry.register_with_unit("database_duration", database, Unit::Seconds, self.database.clone());
        let connections = "Connections to the database";
        registry.register("database_connections", connections, self.connections.clone());
    }

    /// Everything as text, in the form of OpenMetrics 1.0, which Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string fails only when a metric's own encoding does, and ours are plain numbers.
        let _ = text::encode(&mut out, &self.registry);
        out
    }

    /// `operation` is a method and a path template.
    pub(crate) fn answered(&self, operation: String, status: u16, took: Duration) {
        if SIGN_INS.contains(&operation.as_str()) {
            let result = if status < 300 { "in" } else { "refused" };
            self.sign_ins.get_or_create(&Labelled { result }).inc();
        }
        self.seconds.get_or_create(&Operation { operation: operation.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { operation, status }).inc();
    }

    pub(crate) fn took_reports(&self, kind: &'static str, taken: usize, refused: usize) {
        for (result, count) in [("taken", taken), ("refused", refused)] {
            self.reports
                .get_or_create(&Reports { kind, result })
                .inc_by(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    pub(crate) fn session(&self, outcome: Outcome) {
        self.sessions.get_or_create(&Sessions { outcome: outcome.word() }).inc();
    }

    pub(crate) fn chore(&self, chore: &'static str, done: bool, took: Duration) {
        let result = if done { "done" } else { "failed" };
        self.chores.get_or_create(&Chore { chore, result }).inc();
        self.chore_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn delivered(&self, result: &'static str) {
        self.deliveries.get_or_create(&Labelled { result }).inc();
    }

    pub(crate) fn looked(&self, looked: &Looked) {
        for (role, counts) in [("agent", looked.agents), ("storage", looked.storage)] {
            let MachineCounts { active, silent, .. } = counts;
            for (health, count) in [("in-contact", active - silent), ("silent", silent)] {
                self.machines.get_or_create(&Machines { role, health }).set(count);
            }
        }
        self.open_damage.set(looked.open_damage);
        self.stores.show(&looked.stores);
        self.waiting_deliveries.set(looked.waiting_deliveries);
        self.revision.set(u64::try_from(looked.revision).unwrap_or_default());
        self.database.observe(looked.took.as_secs_f64());
        let (open, idle) = looked.connections;
        let idle = i64::try_from(idle).unwrap_or(i64::MAX);
        self.connections.get_or_create(&Connections { state: "idle" }).set(idle);
        self.connections.get_or_create(&Connections { state: "used" }).set(i64::from(open) - idle);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
