//! Whether the service can do its work, and why not.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mp_monitor::Watched;
use mp_protocol::{MachineCertificate, storage_status::StorageStatus};
use serde::{Deserialize, Serialize};

use crate::Metrics;

/// What a small durable write into the store showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probed {
    /// How long it took until it was flushed, or answered.
    pub flush: Duration,
    /// Its space.
    pub space: Space,
}

/// The space of a store, in bytes. What is not known, or has no end, is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Space {
    /// What the service may use still of the base folder's volume.
    pub free: Option<u64>,
    /// The size of that volume.
    pub total: Option<u64>,
    /// What an object store keeps.
    pub kept: Option<u64>,
}

/// What the service knows of itself. Cheap to ask: nothing is done for an answer.
#[derive(Debug)]
pub struct Health {
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Clone, Debug)]
struct State {
    stopping: bool,
    revision: Option<u64>,
    certificate: MachineCertificate,
    /// `None` until it was looked at.
    store: Option<Result<Probed, String>>,
}

/// The answer to `/readyz`, and of `metaprofiles storage status --json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HealthReport {
    /// Whether every check is fine.
    pub ready: bool,
    /// Version of the software.
    pub version: String,
    /// What was looked at.
    pub checks: Vec<HealthCheck>,
    /// Revision of the plan in force.
    pub plan_revision: Option<u64>,
    /// End of the certificate's validity, in seconds since 1970.
    pub certificate_expires: u64,
    /// Free space of the store's disk, in bytes.
    pub free_bytes: Option<u64>,
    /// Size of that disk, in bytes.
    #[serde(default)]
    pub total_bytes: Option<u64>,
    /// What an object store keeps, in bytes, to about a quarter of an hour.
    #[serde(default)]
    pub kept_bytes: Option<u64>,
    /// How long a small durable write took when it was last tried, in microseconds.
    pub flush_micros: Option<u64>,
    /// Connections there are.
    pub connections: i64,
}

/// One thing that must be so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HealthCheck {
    /// `serving`, `plan`, `certificate` or `store`.
    pub name: String,
    /// Whether it is.
    pub ok: bool,
    /// What was found.
    pub text: String,
}

impl Health {
    /// Of a service that has its certificate and nothing else yet.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, certificate: MachineCertificate) -> Self {
        metrics.certificate_until(seconds(certificate.not_after));
        Self {
            metrics,
            state: Mutex::new(State { stopping: false, revision: None, certificate, store: None }),
        }
    }

    /// The service is about to stop and should get no new work.
    pub(crate) fn stopping(&self) {
        self.change(|state| state.stopping = true);
    }

    pub(crate) fn plan(&self, revision: u64) {
        self.metrics.plan(revision);
        self.change(|state| state.revision = Some(revision));
    }

    pub(crate) fn certificate(&self, certificate: MachineCertificate) {
        self.metrics.certificate_until(seconds(certificate.not_after));
        self.change(|state| state.certificate = certificate);
    }

    pub(crate) fn store(&self, probed: Result<Probed, String>) {
        if let Ok(probed) = &probed {
            self.metrics.probed(probed);
        }
        self.change(|state| state.store = Some(probed));
    }

    /// What the console is told of the store; `None` until it was looked at.
    pub(crate) fn store_status(&self) -> Option<StorageStatus> {
        let found = self.state.lock().unwrap_or_else(PoisonError::into_inner).store.clone()?;
        Some(match found {
            Ok(Probed { space: Space { free, total, kept }, .. }) => StorageStatus {
                free_bytes: free,
                total_bytes: total,
                kept_bytes: kept,
                ..StorageStatus::default()
            },
            Err(problem) => StorageStatus { problem: Some(problem), ..StorageStatus::default() },
        })
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        // For the gauge; nobody asked.
        let _ = self.report(SystemTime::now());
    }

    /// How it is at a time.
    #[must_use]
    pub fn report(&self, now: SystemTime) -> HealthReport {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let checks = vec![
            match state.stopping {
                true => check("serving", false, "the service is stopping"),
                false => check("serving", true, "the service is running"),
            },
            match state.revision {
                Some(revision) => check("plan", true, format!("plan {revision} is in force")),
                None => check("plan", false, "the console has not given a plan yet"),
            },
            match state.certificate.is_valid_at(now) {
                true => check("certificate", true, "the certificate is valid"),
                false => check(
                    "certificate",
                    false,
                    "the certificate is not valid now; check the clock, or enrol this machine again",
                ),
            },
            match &state.store {
                Some(Ok(_)) => check("store", true, "the store is there and writable"),
                Some(Err(why)) => check("store", false, why.clone()),
                None => check("store", false, "not open yet"),
            },
        ];
        let probed = state.store.as_ref().and_then(|found| found.as_ref().ok());
        let space = probed.map(|probed| probed.space).unwrap_or_default();
        let ready = checks.iter().all(|check| check.ok);
        self.metrics.ready(ready);
        HealthReport {
            ready,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            checks,
            plan_revision: state.revision,
            certificate_expires: seconds(state.certificate.not_after),
            free_bytes: space.free,
            total_bytes: space.total,
            kept_bytes: space.kept,
            flush_micros: probed.map(|probed| u64::try_from(probed.flush.as_micros()).unwrap_or(u64::MAX)),
            connections: self.metrics.connections.get(),
        }
    }
}

impl Watched for Health {
    async fn ready(&self) -> (bool, serde_json::Value) {
        let report = self.report(SystemTime::now());
        (report.ready, serde_json::to_value(report).unwrap_or_default())
    }

    async fn metrics(&self) -> String {
        // What depends on the time alone, such as an expired certificate, is looked at now.
        let _ = self.report(SystemTime::now());
        self.metrics.text()
    }
}

fn check(name: &str, ok: bool, text: impl Into<String>) -> HealthCheck {
    HealthCheck { name: name.to_owned(), ok, text: text.into() }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
