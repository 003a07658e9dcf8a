//! A console that may be away or slow, and the ways of an Agent through it.

use std::{sync::Mutex, time::Duration};

use mp_agent::{CachedPlan, Connections};
use mp_profile::{
    Applies, DataSetStore, DataSubset, FolderRule, GroupName, RegistryRule, RuleAction, Scope, StoreError,
};
use mp_protocol::{AgentPlan, AgentSettings, MachineId, StorageTarget, Waits};

use crate::store::FakeStore;

#[derive(Debug, Default)]
pub(crate) struct FakeConsole {
    pub(crate) store: FakeStore,
    pub(crate) answer: Mutex<Option<CachedPlan>>,
    pub(crate) slow: Mutex<Duration>,
}

impl Connections for FakeConsole {
    fn newer_plan(&self, cached: Option<&CachedPlan>) -> Result<Option<CachedPlan>, String> {
        std::thread::sleep(*self.slow.lock().unwrap());
        match &*self.answer.lock().unwrap() {
            Some(plan) => Ok(Some(plan.clone()).filter(|plan| Some(plan) != cached)),
            None => Err("MP-NET-001 no usable answer from console:8443: connection refused".to_owned()),
        }
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
        subsets: vec![subset("App", "Software\\App", Some(("RoamingAppData", "App"))), ledger],
        waits: Waits::default(),
        settings: AgentSettings::default(),
    };
    CachedPlan { etag: format!("\"p{revision}\""), plan }
}
