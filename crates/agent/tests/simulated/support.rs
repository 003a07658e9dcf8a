use mp_agent::hosts::simulated::SimulatedHost;
use mp_dataset::{FileAttributes, FileContent, FilePath};
use mp_profile::{
    Applies, Baseline, CompiledRules, DataSubset, ExportInputs, Exported, FolderRule, Imported, RegistryRule,
    RuleAction, SessionHost, SessionProfile, Sets, Sid, export, import,
};
use mp_registry::{FileTime, Key, Name};
use tempfile::TempDir;

/// 2026-01-01 and 123.4567 ms: a time that only 100 ns steps can hold.
pub(crate) const TIME: FileTime = FileTime(134_116_992_001_234_567);

pub(crate) fn sid() -> Sid {
    "S-1-5-21-1-2-3-1001".parse().unwrap()
}

pub(crate) struct Machine {
    pub(crate) host: SimulatedHost,
    pub(crate) root: TempDir,
}

impl Machine {
    /// A machine with this registry as its mandatory profile, and the user logged on.
    pub(crate) fn with(registry: &Key) -> Self {
        let root = TempDir::new().unwrap();
        let host = SimulatedHost::at(root.path(), "TS01").unwrap();
        host.create_mandatory(registry, None).unwrap();
        host.logon_mandatory(&sid(), "alice").unwrap();
        Self { host, root }
    }

    pub(crate) fn open(&self) -> Box<dyn SessionProfile + '_> {
        SessionHost::open(&self.host, &sid()).unwrap()
    }

    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.host.profile_folder(&sid()).unwrap().unwrap()
    }
}

pub(crate) fn rules(keys: &[&str], folders: &[(&str, &str)]) -> CompiledRules {
    let key = |key: &&str| RegistryRule {
        action: RuleAction::Include,
        key: (*key).to_owned(),
        recursive: true,
        values: Vec::new(),
        delete_if_missing: false,
        allow_autorun: false,
    };
    let folder = |(folder, path): &(&str, &str)| FolderRule {
        action: RuleAction::Include,
        folder: (*folder).to_owned(),
        path: (*path).to_owned(),
        recursive: true,
        masks: Vec::new(),
        max_file_bytes: None,
        delete_if_missing: false,
        allow_autorun: false,
    };
    let subset = DataSubset {
        registry: keys.iter().map(key).collect(),
        folders: folders.iter().map(folder).collect(),
        ..DataSubset::new("all", Applies::Global)
    };
    CompiledRules::compile(&[subset], None).unwrap()
}

pub(crate) fn file(text: &str) -> FilePath {
    let (folder, path) = text.split_once(':').unwrap();
    FilePath { folder: folder.to_owned(), components: path.split('\\').map(Name::from).collect() }
}

pub(crate) fn content(text: &str, attributes: FileAttributes) -> FileContent {
    FileContent { modified: TIME, attributes, bytes: text.as_bytes().into() }
}

pub(crate) fn sets(stored: Option<&Exported>) -> Sets<'_> {
    Sets { global: stored.map(|stored| &stored.global), group: None }
}

/// One session: logon with import, `work`, logoff with export.
pub(crate) fn session(
    machine: &Machine,
    rules: &CompiledRules,
    stored: Option<&Exported>,
    work: impl FnOnce(&mut dyn SessionProfile),
) -> (Imported, Exported) {
    machine.host.logon_mandatory(&sid(), "alice").unwrap();
    let mut profile = machine.open();
    let (baseline, _) = Baseline::snapshot(&mut *profile, rules).unwrap();
    let imported = import(&mut *profile, rules, &sets(stored)).unwrap();
    profile.close().unwrap();

    let mut profile = machine.open();
    work(&mut *profile);
    profile.close().unwrap();

    let mut profile = machine.open();
    let inputs = ExportInputs {
        base: sets(stored),
        baseline: Some(&baseline),
        unapplied: Some(&imported.unapplied),
        ..ExportInputs::default()
    };
    let exported = export(&mut *profile, rules, &inputs).unwrap();
    profile.close().unwrap();
    machine.host.logoff(&sid()).unwrap();
    (imported, exported)
}
