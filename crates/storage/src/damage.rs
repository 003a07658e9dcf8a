//! What is done when stored data are not what was stored: it is logged, counted, and told to the console.

mod look;
mod queue;
mod report;
mod tell;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use mp_protocol::damage::DamageFound;

pub(crate) use look::{Look, look_over};
pub use queue::DamageQueue;
pub use report::damage_reports;
pub(crate) use tell::tell;

use crate::{
    Metrics,
    backend::{Damage, Damaged, Inspection, Key, Remedy},
};

/// So much damage is remembered as told. What is forgotten is told once more, which the console knows for the same.
const REMEMBERED: usize = 10_000;

/// Where damage is told.
#[derive(Debug, Default)]
pub struct DamageLog {
    queue: Option<DamageQueue>,
    metrics: Option<Arc<Metrics>>,
    /// The rank of the remedy that was told last, by the identity of the report.
    told: Mutex<HashMap<String, u8>>,
}

impl DamageLog {
    /// One that leaves reports for the console in a queue, and counts.
    #[must_use]
    pub fn new(queue: DamageQueue, metrics: Arc<Metrics>) -> Self {
        Self { queue: Some(queue), metrics: Some(metrics), told: Mutex::default() }
    }

    /// Tells what an inspection found, each damage once and again when more was done about it. What cannot be queued stands in
    /// the log alone.
    pub fn note(&self, key: &Key, inspection: &Inspection, found: DamageFound, at: u64) {
        for damage in &inspection.damage {
            write_to_log(key, damage);
        }
        for report in damage_reports(key, inspection, found, at) {
            if !self.is_news(&report.id, report.remedy.rank()) {
                continue;
            }
            if let Some(metrics) = &self.metrics {
                metrics.damaged(report.remedy);
            }
            let Some(queue) = &self.queue else { continue };
            if let Err(error) = queue.add(&report) {
                tracing::error!(
                    sid = %key.sid, scope = %key.scope, %error,
                    "MP-STO-124 The console is not told of damage: its queue cannot be written"
                );
                self.forget(&report.id);
            }
        }
    }

    fn is_news(&self, id: &str, rank: u8) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(id).is_some_and(|known| *known >= rank) {
            return false;
        }
        if told.len() >= REMEMBERED {
            told.clear();
        }
        told.insert(id.to_owned(), rank);
        true
    }

    fn forget(&self, id: &str) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Says in the log what is damaged.
fn write_to_log(key: &Key, damage: &Damage) {
    let (scope, sid, why) = (&key.scope, &key.sid, &damage.why);
    match (&damage.what, damage.remedy) {
        (Damaged::Current(number), Remedy::FellBack { from, to }) => tracing::error!(
            %scope, %sid, number, from, to, why,
            "MP-STO-120 The current version is damaged; a former one stands in for it, older settings for newer ones"
        ),
        (Damaged::Current(number), _) => tracing::error!(
            %scope, %sid, number, why,
            "MP-STO-121 The current version is damaged, and no former one is intact; restore it from a backup"
        ),
        (Damaged::Former(number), _) => tracing::error!(
            %scope, %sid, number, why, "MP-STO-122 A former version is damaged"
        ),
        (Damaged::Quarantined(id), _) => tracing::error!(
            %scope, %sid, id, why, "MP-STO-122 A data set in quarantine is damaged"
        ),
    }
}
