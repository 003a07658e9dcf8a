//! A console that may be away or slow, and the ways of an Agent through it.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use mp_agent::{CachedPlan, Connections};
use mp_profile::{
    Applies, DataSetStore, DataSubset, FolderRule, GroupName, RegistryRule, RuleAction, Scope, StoreError,
};
use mp_protocol::{
    AgentPlan, AgentSettings, MachineId, StorageTarget, Waits,
    session_report::{BatchAnswer, RefusedReport, ReportBatch, SentReport},
};

use crate::store::FakeStore;

#[derive(Debug, Default)]
pub(crate) struct FakeConsole {
    pub(crate) store: FakeStore,
    pub(crate) answer: Mutex<Option<CachedPlan>>,
    pub(crate) slow: Mutex<Duration>,
    pub(crate) reports: Reports,
}

/// What the console does with session reports: it is away unless a test brings it back.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    pub(crate) answers: AtomicBool,
    /// Reports that it refuses, by their identity.
    pub(crate) refuses: Mutex<Vec<String>>,
    pub(crate) batches: Mutex<Vec<ReportBatch>>,
}

impl Reports {
    pub(crate) fn taken(&self) -> Vec<SentReport> {
        self.batches.lock().unwrap().iter().flat_map(|batch| batch.reports.clone()).collect()
    }
}

impl Connections for FakeConsole {
    fn newer_plan(&self, cached: Option<&CachedPlan>) -> Result<Option<CachedPlan>, String> {
        std::thread::sleep(*self.slow.lock().unwrap());
        match &*self.answer.lock().unwrap() {
            Some(plan) => Ok(Some(plan.clone()).filter(|plan| Some(plan) != cached)),
            None => Err("MP-NET-001 no usable answer from console:8443: connection refused".to_owned()),
        }
    }

    fn send_reports(&self, batch: &ReportBatch) -> Result<BatchAnswer, String> {
        if !self.reports.answers.load(Ordering::Relaxed) {
            return Err("MP-NET-001 no usable answer from console:8443: connection refused".to_owned());
        }
        self.reports.batches.lock().unwrap().push(batch.clone());
        let refuses = self.reports.refuses.lock().unwrap();
        let mut answer = BatchAnswer::default();
        for (index, report) in batch.reports.iter().enumerate() {
            match refuses.contains(&report.id) {
                true => answer.refused.push(RefusedReport { index, reason: "no".to_owned() }),
                false => answer.taken.push(report.id.clone()),
            }
        }
        Ok(answer)
    }

    fn storage(&self, plan: &AgentPlan) -> Result<Box<dyn DataSetStore>, StoreError> {
        match plan.storage {
            Some(_) => Ok(Box::new(self.store.clone())),
            None => Err(StoreError::Refused {
                server: "(none)".into(),
                text: "the plan names no storage server; choose one for the group in the console".into(),
            }),
        }
    }
}

pub(crate) fn group() -> Scope {
    Scope::Group("TS".parse().unwrap())
}

/// Keeps these keys and folders for the farm.
pub(crate) fn subset(name: &str, key: &str, folder: Option<(&str, &str)>) -> DataSubset {
    let registry = RegistryRule {
        action: RuleAction::Include,
        key: key.to_owned(),
        recursive: true,
        values: Vec::new(),
        delete_if_missing: false,
        allow_autorun: false,
    };
    let folder = folder.map(|(folder, path)| FolderRule {
        action: RuleAction::Include,
        folder: folder.to_owned(),
        path: path.to_owned(),
        recursive: true,
        masks: Vec::new(),
        max_file_bytes: None,
        delete_if_missing: false,
        allow_autorun: false,
    });
    DataSubset {
        registry: vec![registry],
        folders: folder.into_iter().collect(),
        ..DataSubset::new(name, Applies::Global)
    }
}

/// A plan that keeps `Software\App` and `RoamingAppData:App` for the farm, and `Software\Ledger` for the group.
pub(crate) fn plan(revision: u64) -> CachedPlan {
    let name: GroupName = "TS".parse().unwrap();
    let ledger = DataSubset {
        applies: Applies::Groups(vec![name.clone()]),
        ..subset("Ledger", "Software\\Ledger", None)
    };
    let plan = AgentPlan {
        revision,
        agent: MachineId::from_random([7; 16]),
        name: "TS01".into(),
        group: Some(name),
        storage: Some(StorageTarget { name: "STORE1".into(), host: "store1".into(), port: 8444 }),
        stores: Vec::new(),
        subsets: vec![subset("App", "Software\\App", Some(("RoamingAppData", "App"))), ledger],
        waits: Waits::default(),
        settings: AgentSettings::default(),
    };
    CachedPlan { etag: format!("\"p{revision}\""), plan }
}
