//! A session host with its Agent, on a small farm.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use mp_agent::{
    Agent, CachedPlan, Connections, EnrolledMachine, SessionReport, StateFolder,
    hosts::simulated::SimulatedHost,
};
use mp_dataset::{FileAttributes, FileContent, FilePath};
use mp_farm::SmallFarm;
use mp_profile::{Clock, SessionHost, SessionProfile, Sid};
use mp_registry::{FileTime, Key, KeyAction, KeyEdit, KeyPath, Value, ValueEdit};
use tempfile::TempDir;

pub(crate) const CONFIGURATION: &str = r"
[[agent-server-group]]
name = 'Accounting'

[[agent-server-group]]
name = 'Office'

[[data-subset]]
name = 'Desktop and input'
applies = 'global'

[[data-subset.registry]]
key = 'Control Panel'

[[data-subset]]
name = 'Microsoft'
applies = 'global'

[[data-subset.registry]]
key = 'Software\Microsoft\Office'

[[data-subset.registry]]
key = 'Software\Microsoft\Windows\CurrentVersion'

[[data-subset.folders]]
folder = 'RoamingAppData'
path = 'Microsoft\Signatures'

[[data-subset]]
name = 'Ledger'
applies = { groups = ['Accounting'] }

[[data-subset.registry]]
key = 'Software\Contoso\Ledger'

[[data-subset.folders]]
folder = 'RoamingAppData'
path = 'Contoso\Ledger'
masks = ['*.json']
";

pub(crate) fn sid() -> Sid {
    "S-1-5-21-3623811015-3361044348-30300820-1013".parse().unwrap()
}

pub(crate) fn start(folder: &TempDir) -> SmallFarm {
    SmallFarm::start(folder.path(), CONFIGURATION).unwrap()
}

pub(crate) struct Station {
    pub(crate) host: SimulatedHost,
    pub(crate) state: StateFolder,
    pub(crate) machine: Arc<EnrolledMachine>,
}

struct SystemClock(Instant);

impl Clock for SystemClock {
    fn now(&self) -> FileTime {
        FileTime::from_system(SystemTime::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Station {
    pub(crate) fn new(farm: &SmallFarm, folder: &TempDir, name: &str, group: &str, template: &Key) -> Self {
        let folder: &Path = folder.path();
        let host = SimulatedHost::at(&folder.join(name), name).unwrap();
        let folders = folder.join(format!("{name}-mandatory"));
        let signatures = folders.join("AppData/Roaming/Microsoft/Signatures");
        fs::create_dir_all(&signatures).unwrap();
        fs::write(signatures.join("Template.htm"), "<p>Your name here</p>").unwrap();
        host.create_mandatory(template, Some(&folders)).unwrap();
        let state = folder.join(format!("{name}-agent"));
        let (state, machine) = farm.enrol_agent(&state, name, Some(group)).unwrap();
        Self { host, state, machine }
    }

    pub(crate) fn agent<T>(&self, work: impl FnOnce(&Agent<'_>) -> T) -> T {
        let clock = SystemClock(Instant::now());
        let machine: Arc<EnrolledMachine> = Arc::clone(&self.machine);
        work(&Agent::new(self.state.clone(), &self.host, machine, &clock))
    }

    pub(crate) fn plan(&self) -> CachedPlan {
        CachedPlan::load(&self.state).unwrap().unwrap()
    }

    /// Asks the console for a newer plan, as the service does once a minute.
    pub(crate) fn newer_plan(&self) -> CachedPlan {
        if let Some(newer) = self.machine.newer_plan(Some(&self.plan())).unwrap() {
            newer.save(&self.state).unwrap();
        }
        self.plan()
    }

    /// Windows loads a fresh copy of the mandatory profile, then the Agent works.
    pub(crate) fn logon(&self) -> SessionReport {
        self.host.logon_mandatory(&sid(), "ada").unwrap();
        self.agent(|agent| agent.logon(&sid())).unwrap()
    }

    /// The Agent works, then Windows unloads the profile.
    pub(crate) fn logoff(&self) -> SessionReport {
        let report = self.agent(|agent| agent.logoff(&sid())).unwrap();
        self.host.logoff(&sid()).unwrap();
        report
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut dyn SessionProfile) -> T) -> T {
        let mut profile = self.host.open(&sid()).unwrap();
        let done = act(profile.as_mut());
        profile.close().unwrap();
        done
    }

    pub(crate) fn set(&self, key: &str, value: Value) {
        self.edit(key, ValueEdit::Set(value));
    }

    pub(crate) fn unset(&self, key: &str, name: &str) {
        self.edit(key, ValueEdit::Delete(name.into()));
    }

    fn edit(&self, key: &str, edit: ValueEdit) {
        let mut edits = KeyEdit::root();
        let path = KeyPath::parse(key);
        let at = path.names().iter().fold(&mut edits, |at, name| at.subkey_or(name, KeyAction::Ensure));
        at.edit_value(edit);
        let applied = self.with(|profile| profile.registry().apply(&edits)).unwrap();
        assert!(applied.problems.is_empty(), "{applied:?}");
    }

    pub(crate) fn value(&self, key: &str, name: impl Into<mp_registry::Name>) -> Option<Value> {
        self.with(|profile| profile.registry().value(&KeyPath::parse(key), &name.into())).unwrap()
    }

    pub(crate) fn text(&self, key: &str, name: &str) -> Option<String> {
        self.value(key, name)?.to_text()
    }

    pub(crate) fn write(&self, file: &str, content: &FileContent) {
        self.with(|profile| profile.files().write(&path(file), content)).unwrap();
    }

    pub(crate) fn delete(&self, file: &str) {
        assert!(self.with(|profile| profile.files().delete(&path(file))).unwrap());
    }

    pub(crate) fn file(&self, file: &str) -> Option<FileContent> {
        self.with(|profile| profile.files().read(&path(file), 1 << 20)).ok()
    }
}

fn path(file: &str) -> FilePath {
    FilePath { folder: "RoamingAppData".into(), components: KeyPath::parse(file).names().to_vec() }
}

pub(crate) fn content(text: &str, attributes: FileAttributes) -> FileContent {
    FileContent { modified: FileTime(0x01DC_5B00_1234_5678), attributes, bytes: text.as_bytes().into() }
}
