//! What the service counts, in the text form of Prometheus. Labels hold nothing of users: no SID, no name of a file.

use std::{fmt, sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use mp_monitor::BOUNDS;
use mp_protocol::damage::DamageRemedy;

use crate::{Code, Probed, Space, protection::Ended};

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
struct Refused {
    code: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Damage {
    remedy: &'static str,
}

/// One answered request, as it is counted.
pub(crate) struct Answer<'a> {
    /// Method and path template, such as `PUT /v1/data-sets/{scope}/{sid}`; few in number.
    pub(crate) operation: &'a str,
    pub(crate) status: u16,
    pub(crate) code: Option<Code>,
    pub(crate) received: Option<u64>,
    pub(crate) sent: Option<u64>,
    pub(crate) took: Duration,
}

/// The counters and gauges of one Storage Service.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Operation, Histogram>,
    received: Family<Operation, Counter>,
    sent: Family<Operation, Counter>,
    refusals: Family<Refused, Counter>,
    conflicts: Counter,
    quarantines: Counter,
    ended: Family<Refused, Counter>,
    over_warning: Counter,
    damage: Family<Damage, Counter>,
    delta_saved: Counter,
    delta_saved_sending: Counter,
    pub(crate) connections: Gauge,
    pub(crate) body_bytes: Gauge,
    flush: Histogram,
    free: Gauge<u64, AtomicU64>,
    total: Gauge<u64, AtomicU64>,
    kept: Gauge<u64, AtomicU64>,
    ready: Gauge,
    certificate_expiry: Gauge,
    plan_revision: Gauge<u64, AtomicU64>,
}

impl Metrics {
    /// All at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut all = Self {
            registry: Registry::with_prefix("metaprofiles_storage"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
            received: Family::default(),
            sent: Family::default(),
            refusals: Family::default(),
            conflicts: Counter::default(),
            quarantines: Counter::default(),
            ended: Family::default(),
            over_warning: Counter::default(),
            damage: Family::default(),
            delta_saved: Counter::default(),
            delta_saved_sending: Counter::default(),
            connections: Gauge::default(),
            body_bytes: Gauge::default(),
            flush: Histogram::new(BOUNDS),
            free: Gauge::default(),
            total: Gauge::default(),
            kept: Gauge::default(),
            ready: Gauge::default(),
            certificate_expiry: Gauge::default(),
            plan_revision: Gauge::default(),
        };
        all.register();
        all
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Version of the software", build);
        registry.register("requests", "Answered requests", self.requests.clone());
        let seconds = "Time from the head of a request to the head of its answer";
        registry.register_with_unit("request_duration", seconds, Unit::Seconds, self.seconds.clone());
        registry.register_with_unit("received", "Bodies of requests", Unit::Bytes, self.received.clone());
        registry.register_with_unit("sent", "Bodies of answers", Unit::Bytes, self.sent.clone());
        registry.register("refusals", "Refused requests, by code", self.refusals.clone());
        let conflicts = "Uploads whose base was no longer current; the Agent merges and sends again";
        registry.register("conflicts", conflicts, self.conflicts.clone());
        registry.register("quarantines", "Data sets set aside", self.quarantines.clone());
        let over = "Uploads that were stored beyond the warning mark of the quota";
        registry.register("quota_warnings", over, self.over_warning.clone());
        let damage = "Damage that was found, by what was done about it";
        registry.register("damage", damage, self.damage.clone());
        let saved = "Bytes of uploads that were not sent, because they came as deltas";
        registry.register_with_unit("delta_saved", saved, Unit::Bytes, self.delta_saved.clone());
        let saved = "Bytes of answers that were not sent, because they went out as deltas";
        let counter = self.delta_saved_sending.clone();
        registry.register_with_unit("delta_saved_sending", saved, Unit::Bytes, counter);
        registry.register("connections", "Connections there are", self.connections.clone());
        let ended = "Connections that were not taken, or ended before their time, by code";
        registry.register("connections_ended", ended, self.ended.clone());
        let bodies = "Memory set aside for bodies being received or sent";
        registry.register_with_unit("body_memory", bodies, Unit::Bytes, self.body_bytes.clone());
        let flush = "Writing and flushing a small file in the base folder";
        registry.register_with_unit("flush_duration", flush, Unit::Seconds, self.flush.clone());
        for (name, text, gauge) in [
            ("free", "Free space of the base folder's disk", &self.free),
            ("total", "Size of the base folder's disk", &self.total),
            ("kept", "What an object store keeps", &self.kept),
        ] {
            registry.register_with_unit(name, text, Unit::Bytes, gauge.clone());
        }
        registry.register("ready", "1 when the service answers as it should", self.ready.clone());
        registry.register(
            "certificate_expiry_timestamp",
            "End of the certificate's validity, in seconds since 1970",
            self.certificate_expiry.clone(),
        );
        registry.register("plan_revision", "Revision of the plan in force", self.plan_revision.clone());
    }

    /// Everything as text, in the form of OpenMetrics 1.0, which Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string fails only when a metric's own encoding does, and ours are plain numbers.
        let _ = text::encode(&mut out, &self.registry);
        out
    }

    pub(crate) fn answered(&self, answer: &Answer<'_>) {
        let operation = || Operation { operation: answer.operation.to_owned() };
        let labels = Answered { operation: answer.operation.to_owned(), status: answer.status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&operation()).observe(answer.took.as_secs_f64());
        for (family, bytes) in [(&self.received, answer.received), (&self.sent, answer.sent)] {
            if let Some(bytes @ 1..) = bytes {
                family.get_or_create(&operation()).inc_by(bytes);
            }
        }
        if let Some(code) = answer.code {
            self.refusals.get_or_create(&Refused { code: code.text() }).inc();
            if code == Code::Conflict {
                self.conflicts.inc();
            }
        }
        if answer.status == 201 && answer.operation.ends_with("/quarantine") {
            self.quarantines.inc();
        }
    }

    pub(crate) fn ended(&self, why: Ended) {
        self.ended.get_or_create(&Refused { code: why.code().to_owned() }).inc();
    }

    pub(crate) fn near_quota(&self) {
        self.over_warning.inc();
    }

    pub(crate) fn damaged(&self, remedy: DamageRemedy) {
        let remedy = match remedy {
            DamageRemedy::None => "none",
            DamageRemedy::SetAside => "set-aside",
            DamageRemedy::NothingIntact => "nothing-intact",
            DamageRemedy::FellBack { .. } => "fell-back",
        };
        self.damage.get_or_create(&Damage { remedy }).inc();
    }

    pub(crate) fn delta_received(&self, saved: usize) {
        self.delta_saved.inc_by(u64::try_from(saved).unwrap_or(u64::MAX));
    }

    pub(crate) fn delta_sent(&self, saved: usize) {
        self.delta_saved_sending.inc_by(u64::try_from(saved).unwrap_or(u64::MAX));
    }

    pub(crate) fn probed(&self, probed: &Probed) {
        self.flush.observe(probed.flush.as_secs_f64());
        let Space { free, total, kept } = probed.space;
        for (gauge, known) in [(&self.free, free), (&self.total, total), (&self.kept, kept)] {
            if let Some(bytes) = known {
                gauge.set(bytes);
            }
        }
    }

    pub(crate) fn ready(&self, ready: bool) {
        self.ready.set(i64::from(ready));
    }

    pub(crate) fn certificate_until(&self, seconds: u64) {
        self.certificate_expiry.set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }

    pub(crate) fn plan(&self, revision: u64) {
        self.plan_revision.set(revision);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
