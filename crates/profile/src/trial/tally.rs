use std::ptr;

use mp_dataset::{DataSet, EncodeError, FileChange, FileEntry, encode};
use mp_registry::{Key, KeyAction, KeyEdit, KeyPath, ValueEdit};

use super::{RuleTrial, TrialCounts};
use crate::{
    CompiledRules, RuleAction,
    memory::MemoryProfile,
    rules::{Decision, Rule},
};

/// What was found of each rule.
pub(super) struct Tally<'a> {
    rules: &'a CompiledRules,
    found: Vec<Found<'a>>,
}

struct Found<'a> {
    rule: &'a Rule,
    of_registry: bool,
    /// What the rule keeps of the profile, if nothing else is in its way.
    meant: TrialCounts,
    /// What a built-in exclusion takes from it.
    excluded: TrialCounts,
    left_out: TrialCounts,
    kept: TrialCounts,
    /// What it keeps, alone.
    set: DataSet,
}

impl<'a> Found<'a> {
    fn new(rule: &'a Rule, of_registry: bool) -> Self {
        let none = TrialCounts::default();
        let set = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
        Self { rule, of_registry, meant: none, excluded: none, left_out: none, kept: none, set }
    }

    fn told(self) -> Result<RuleTrial, EncodeError> {
        let over_a_limit = self.meant.without(self.kept);
        Ok(RuleTrial {
            rule: self.rule.text.clone(),
            of_registry: self.of_registry,
            action: if self.rule.keep { RuleAction::Include } else { RuleAction::Exclude },
            kept: self.kept,
            refused: self.excluded.and(over_a_limit),
            left_out: self.left_out,
            compressed_bytes: if self.set.is_empty() { 0 } else { length(&self.set)? },
        })
    }
}

/// How long the file of a data set is, in bytes.
pub(super) fn length(set: &DataSet) -> Result<u64, EncodeError> {
    encode(set, &mut std::io::sink()).map(|info| info.len)
}

impl<'a> Tally<'a> {
    pub(super) fn new(rules: &'a CompiledRules) -> Self {
        let of_keys = rules.keys.rules().map(|rule| Found::new(rule, true));
        let of_folders = rules.folders.rules().map(|rule| Found::new(rule, false));
        Self { rules, found: of_keys.chain(of_folders).collect() }
    }

    /// Counts what is in the profile, by the rule that is about it.
    pub(super) fn source(&mut self, profile: &MemoryProfile) {
        self.source_key(&profile.registry.root, &mut KeyPath::root());
        for (path, content) in profile.files.iter() {
            self.meant(self.rules.file(path), TrialCounts::file(content.bytes.len()));
        }
    }

    fn source_key(&mut self, key: &Key, path: &mut KeyPath) {
        // Links never travel, and are never followed.
        if key.link {
            return;
        }
        let rules = self.rules;
        let of_values = rules.values(path);
        for value in key.values() {
            self.meant(of_values.decide(&value.name), TrialCounts::value(value.data.len()));
        }
        for below in key.subkeys() {
            path.push(below.name.clone());
            // A key that is kept may be there for the sake of others: the export knows.
            match rules.key(path) {
                Decision::Kept(_) => {}
                decision => self.meant(decision, TrialCounts::KEY),
            }
            self.source_key(below, path);
            path.pop();
        }
    }

    fn meant(&mut self, decision: Decision<'_>, counts: TrialCounts) {
        let rule = match decision {
            Decision::Kept(rule) | Decision::Excluded(_, rule) | Decision::LeftOut(rule) => rule,
            Decision::NoRule => return,
        };
        let Some(found) = self.of(rule) else { return };
        let sum = match decision {
            Decision::Excluded(..) => &mut found.excluded,
            Decision::LeftOut(_) => &mut found.left_out,
            _ => &mut found.meant,
        };
        *sum = sum.and(counts);
    }

    fn of(&mut self, rule: &Rule) -> Option<&mut Found<'a>> {
        self.found.iter_mut().find(|found| ptr::eq(found.rule, rule))
    }

    /// Counts what the export took of the registry.
    pub(super) fn exported_key(&mut self, edit: &KeyEdit, path: &mut KeyPath) {
        let rules = self.rules;
        if edit.action == KeyAction::Ensure
            && let Some(found) = rules.key(path).kept().and_then(|rule| self.of(rule))
        {
            found.kept = found.kept.and(TrialCounts::KEY);
            found.set.registry.at_or_pass(path).action = KeyAction::Ensure;
        }
        for set in edit.values() {
            let ValueEdit::Set(value) = set else { continue };
            if let Some(found) = rules.value(path, &value.name).kept().and_then(|rule| self.of(rule)) {
                found.kept = found.kept.and(TrialCounts::value(value.data.len()));
                found.set.registry.at_or_pass(path).edit_value(set.clone());
            }
        }
        for below in edit.subkeys() {
            path.push(below.name.clone());
            self.exported_key(below, path);
            path.pop();
        }
    }

    /// Counts the files that the export took.
    pub(super) fn exported_files(&mut self, files: &[FileEntry]) {
        let rules = self.rules;
        for entry in files {
            let FileChange::Present(content) = &entry.change else { continue };
            if let Some(found) = rules.file(&entry.path).kept().and_then(|rule| self.of(rule)) {
                found.kept = found.kept.and(TrialCounts::file(content.bytes.len()));
                found.set.files.push(entry.clone());
            }
        }
    }

    pub(super) fn told(self) -> Result<Vec<RuleTrial>, EncodeError> {
        self.found.into_iter().map(Found::told).collect()
    }
}
