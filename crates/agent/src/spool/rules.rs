//! Which content counts when two sessions changed the same.

use std::collections::BTreeMap;

use mp_dataset::{Item, Side};
use mp_profile::{CompiledRules, DataSubset, Explanation, GroupName, OnConflict};
use serde::{Deserialize, Serialize};

/// What the data subsets of a session say about conflicts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ConflictRules {
    group: Option<GroupName>,
    /// All data subsets of the session, because of an item the deepest rule among all decides; none when all say the same.
    subsets: Vec<DataSubset>,
}

impl ConflictRules {
    /// The rules of a session of this plan.
    #[must_use]
    pub fn of(subsets: &[DataSubset], group: Option<&GroupName>) -> Self {
        match subsets.iter().all(|subset| subset.on_conflict == OnConflict::default()) {
            true => Self::default(),
            false => Self { group: group.cloned(), subsets: subsets.to_vec() },
        }
    }

    /// Whether the session that is stored later counts everywhere.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.subsets.is_empty()
    }

    /// Which side counts, item by item. What no data subset is about any more is as where none says anything.
    pub(super) fn preference(&self) -> impl Fn(Item<'_>) -> Side {
        let compiled = CompiledRules::compile(&self.subsets, self.group.as_ref()).unwrap_or_default();
        let rules: BTreeMap<_, _> =
            self.subsets.iter().map(|subset| (subset.name.clone(), subset.on_conflict)).collect();
        move |item| {
            let explanation = match item {
                Item::Key(path) => compiled.explain_key(path),
                Item::Value(path, name) => compiled.explain_value(path, name),
                Item::File(path) => compiled.explain_file(path),
            };
            let subset = match explanation {
                Explanation::Kept { subset, .. }
                | Explanation::Excluded { subset, .. }
                | Explanation::LeftOut { subset, .. } => subset,
                _ => return Side::Mine,
            };
            match rules.get(&subset) {
                Some(OnConflict::KeepTheirs) => Side::Theirs,
                // What is sent now is stored later than what is stored, by storage's own order.
                _ => Side::Mine,
            }
        }
    }
}
