//! Short ways to say what tests need.

use mp_dataset::{FileAttributes, FileContent, FilePath};
use mp_profile::{
    Applies, Baseline, CompiledRules, DataSubset, ExportInputs, Exported, FolderRule, Imported, RegistryRule,
    RuleAction, Seen, Sets, export, import, import_seen, memory::MemoryProfile,
};
use mp_registry::{FileTime, Key, KeyPath, Name, Value};

pub(crate) fn subset(name: &str, registry: &[RegistryRule], folders: &[FolderRule]) -> DataSubset {
    DataSubset {
        registry: registry.to_vec(),
        folders: folders.to_vec(),
        ..DataSubset::new(name, Applies::Global)
    }
}

pub(crate) fn for_group(mut subset: DataSubset, group: &str) -> DataSubset {
    subset.applies = Applies::Groups(vec![group.parse().unwrap()]);
    subset
}

pub(crate) fn key(path: &str) -> RegistryRule {
    RegistryRule {
        action: RuleAction::Include,
        key: path.to_owned(),
        recursive: true,
        values: Vec::new(),
        delete_if_missing: false,
        allow_autorun: false,
    }
}

pub(crate) fn not_key(path: &str) -> RegistryRule {
    RegistryRule { action: RuleAction::Exclude, ..key(path) }
}

pub(crate) fn values(path: &str, names: &[&str]) -> RegistryRule {
    RegistryRule { values: names.iter().map(|&name| name.to_owned()).collect(), ..key(path) }
}

pub(crate) fn folder(name: &str, path: &str) -> FolderRule {
    FolderRule {
        action: RuleAction::Include,
        folder: name.to_owned(),
        path: path.to_owned(),
        recursive: true,
        masks: Vec::new(),
        max_file_bytes: None,
        delete_if_missing: false,
        allow_autorun: false,
    }
}

/// The rule, with permission to keep what starts programs.
pub(crate) fn allowed(rule: RegistryRule) -> RegistryRule {
    RegistryRule { allow_autorun: true, ..rule }
}

pub(crate) fn rules(subsets: &[DataSubset]) -> CompiledRules {
    CompiledRules::compile(subsets, Some(&"TS".parse().unwrap())).unwrap()
}

/// A tree from lines `path: value = text`, or `path` alone for a key.
pub(crate) fn tree(lines: &[&str]) -> Key {
    let mut root = Key::new("");
    for line in lines {
        match line.split_once(": ") {
            None => _ = root.ensure(&KeyPath::parse(line)),
            Some((path, value)) => {
                let (name, text) = value.split_once(" = ").unwrap();
                root.ensure(&KeyPath::parse(path)).set_value(Value::sz(name, text));
            }
        }
    }
    root
}

/// The lines of [`tree`] again: all values, and keys that hold nothing.
pub(crate) fn lines(root: &Key) -> Vec<String> {
    fn add(key: &Key, path: &mut KeyPath, lines: &mut Vec<String>) {
        if key.values().is_empty() && key.subkeys().is_empty() && path.depth() > 0 {
            lines.push(path.to_string());
        }
        for value in key.values() {
            lines.push(format!("{path}: {} = {}", value.name, value.to_text().unwrap()));
        }
        for below in key.subkeys() {
            path.push(below.name.clone());
            add(below, path, lines);
            path.pop();
        }
    }
    let mut lines = Vec::new();
    add(root, &mut KeyPath::root(), &mut lines);
    lines
}

pub(crate) fn file(text: &str) -> FilePath {
    let (folder, path) = text.split_once(':').unwrap();
    FilePath { folder: folder.to_owned(), components: path.split('\\').map(Name::from).collect() }
}

pub(crate) fn content(text: &str, time: u64) -> FileContent {
    FileContent {
        modified: FileTime(time),
        attributes: FileAttributes::default(),
        bytes: text.as_bytes().into(),
    }
}

/// A user's way through one session: logon on a fresh profile, work, logoff.
pub(crate) struct Session<'a> {
    pub(crate) rules: &'a CompiledRules,
    pub(crate) profile: MemoryProfile,
    pub(crate) baseline: Baseline,
    pub(crate) imported: Imported,
    base: Option<&'a Exported>,
}

impl<'a> Session<'a> {
    pub(crate) fn logon(
        rules: &'a CompiledRules,
        mandatory: &MemoryProfile,
        stored: Option<&'a Exported>,
    ) -> Self {
        let (mut profile, mut anew) = (mandatory.clone(), mandatory.clone());
        let seen = Seen::read(&mut profile, rules).unwrap();
        let baseline = Baseline::from_data_set(seen.baseline.to_data_set()).unwrap();
        let imported = import_seen(&mut profile, rules, &sets(stored), &seen).unwrap();
        assert_eq!(import(&mut anew, rules, &sets(stored)).unwrap(), imported);
        assert_eq!(anew.registry, profile.registry, "an import that looks for itself does the same");
        Self { rules, profile, baseline, imported, base: stored }
    }

    pub(crate) fn logoff(&mut self) -> Exported {
        let inputs = ExportInputs {
            has_group: true,
            base: sets(self.base),
            baseline: Some(&self.baseline),
            unapplied: Some(&self.imported.unapplied),
            ..ExportInputs::default()
        };
        export(&mut self.profile, self.rules, &inputs).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        lines(&self.profile.registry.root)
    }
}

pub(crate) fn sets(stored: Option<&Exported>) -> Sets<'_> {
    Sets {
        global: stored.map(|stored| &stored.global),
        group: stored.and_then(|stored| stored.group.as_ref()),
    }
}

pub(crate) fn mandatory(lines: &[&str]) -> MemoryProfile {
    MemoryProfile::mandatory(tree(lines))
}

pub(crate) fn set(profile: &mut MemoryProfile, path: &str, name: &str, text: &str) {
    profile.registry.root.ensure(&KeyPath::parse(path)).set_value(Value::sz(name, text));
}

pub(crate) fn unset(profile: &mut MemoryProfile, path: &str, name: &str) {
    profile.registry.root.at_mut(&KeyPath::parse(path)).unwrap().remove_value(&name.into()).unwrap();
}

pub(crate) fn drop_key(profile: &mut MemoryProfile, parent: &str, name: &str) {
    profile.registry.root.at_mut(&KeyPath::parse(parent)).unwrap().remove_subkey(&name.into()).unwrap();
}
