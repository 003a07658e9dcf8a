use mp_dataset::{Cover, FilePath, Selection};
use mp_registry::{KeyPath, Name};

use super::{CompiledRules, Decision};

/// What one data subset owns, by the rules of all of them.
#[derive(Debug)]
pub struct SubsetSelection<'a> {
    rules: &'a CompiledRules,
    subset: &'a str,
}

impl CompiledRules {
    /// What the data subset of this name owns of a data set.
    #[must_use]
    pub fn selection<'a>(&'a self, subset: &'a str) -> SubsetSelection<'a> {
        SubsetSelection { rules: self, subset }
    }
}

impl SubsetSelection<'_> {
    fn owns(&self, decision: Decision<'_>) -> bool {
        decision.kept().is_some_and(|rule| rule.owner.subset == self.subset)
    }
}

impl Selection for SubsetSelection<'_> {
    fn key(&self, path: &KeyPath) -> Cover {
        let keys = &self.rules.keys;
        if keys.covers(path.names(), |rule| rule.owner.subset == self.subset) {
            Cover::All
        } else if keys.is_open(path.names()) || keys.leads_on(path.names()) {
            Cover::Part
        } else {
            Cover::Nothing
        }
    }

    fn holds_key(&self, path: &KeyPath) -> bool {
        self.owns(self.rules.key(path))
    }

    fn value(&self, path: &KeyPath, name: &Name) -> bool {
        self.owns(self.rules.value(path, name))
    }

    fn file(&self, path: &FilePath) -> bool {
        self.owns(self.rules.file(path))
    }
}
