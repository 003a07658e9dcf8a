//! What a synchronous logon waits for, and what follows behind the desktop.

use std::collections::BTreeSet;

use mp_profile::{Applies, DataSubset, GroupName, ImportMode, Scope};
use mp_protocol::{AgentPlan, AgentSettings};

use crate::plan::subsets_here;

/// The first part of an import that comes in two.
pub(super) struct Awaited {
    subsets: BTreeSet<String>,
    /// Where their data are. The other scopes are asked for afterwards.
    pub(super) scopes: Vec<Scope>,
}

impl Awaited {
    /// What the logon waits for; `None` when there is nothing else, or nothing at all: then all comes in one part.
    pub(super) fn of(plan: &AgentPlan, settings: &AgentSettings) -> Option<Self> {
        let here: Vec<&DataSubset> = subsets_here(plan).collect();
        let waits = |subset: &DataSubset| settings.import_of(subset) == ImportMode::Synchronous;
        // What deletes what it does not know must not come when the session has begun to make things.
        let awaited = |subset: &&&DataSubset| waits(subset) || deletes_unknown(subset);
        let first: Vec<&&DataSubset> = here.iter().filter(awaited).collect();
        if first.len() == here.len() || !here.iter().any(|subset| waits(subset)) {
            return None;
        }
        let is_global = |subset: &&&DataSubset| subset.applies == Applies::Global;
        let holds = |scope: &Scope| first.iter().any(|subset| is_global(subset) == (*scope == Scope::Global));
        let mut scopes = scopes(plan.group.as_ref());
        scopes.retain(holds);
        Some(Self { subsets: first.iter().map(|subset| subset.name.clone()).collect(), scopes })
    }

    pub(super) fn has(&self, subset: &str) -> bool {
        self.subsets.contains(subset)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.subsets.iter().cloned().collect()
    }
}

/// The scopes of an Agent Server in this group.
pub(super) fn scopes(group: Option<&GroupName>) -> Vec<Scope> {
    std::iter::once(Scope::Global).chain(group.cloned().map(Scope::Group)).collect()
}

fn deletes_unknown(subset: &DataSubset) -> bool {
    subset.registry.iter().any(|rule| rule.delete_if_missing)
        || subset.folders.iter().any(|rule| rule.delete_if_missing)
}
