//! The rules of all data subsets that apply to one Agent Server, ready to decide about keys, values and files.

mod compile;
mod filter;
mod pattern;
mod selection;
mod tree;

use mp_dataset::FilePath;
use mp_registry::{KeyPath, Name};
use serde::{Deserialize, Serialize};

pub use compile::{RuleError, RuleProblem};
pub(crate) use filter::{FolderFilter, KeyFilter, ListRoot, Narrow, is_link_value, too_large, value_place};
pub use filter::{MAX_LIVE_BYTES, MAX_LIVE_ITEMS};
pub use selection::SubsetSelection;
pub use tree::Part;
pub(crate) use tree::{Decision, Leaves, Rule};

use crate::{DataSubset, GroupName, Lift, known_folders::place};
use tree::RuleTree;

/// The most bytes of a value that travels. Windows itself warns against values over 2 KB; 16 MiB is beyond anything seen.
pub const MAX_VALUE_BYTES: usize = 16 << 20;
/// The most bytes of a file that travels when its rule does not say.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 32 << 20;
/// The most bytes that all files of a data subset may have when it does not say.
pub const DEFAULT_MAX_TOTAL_BYTES: u64 = 128 << 20;

/// The rules of all data subsets that apply to one Agent Server.
///
/// In each data subset the deepest matching rule wins; of two equally deep ones, exclude wins. An exclude binds its own data
/// subset only: what one leaves out, another may keep. What several keep belongs to the one with the deepest rule, and of
/// equally deep ones to the group's, so that each key, value and file lands in exactly one data set. Built-in exclusions
/// ([`EXCLUSIONS`](crate::EXCLUSIONS)) come on top. Names compare as Windows compares them.
#[derive(Debug, Default)]
pub struct CompiledRules {
    pub(crate) keys: RuleTree,
    pub(crate) folders: RuleTree,
}

/// Why something is kept or left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "because")]
pub enum Explanation {
    /// A rule keeps it.
    Kept {
        /// In which data set.
        part: Part,
        /// Data subset.
        subset: String,
        /// The rule.
        rule: String,
    },
    /// A built-in exclusion leaves it out, which a rule that spells the place out could lift unless it is absolute; see
    /// [`Lift`].
    Excluded {
        /// Code of the exclusion.
        code: String,
        /// Why it is left out.
        reason: String,
        /// Whether no rule can lift it.
        absolute: bool,
        /// Data subset that would keep it.
        subset: String,
        /// The rule that would keep it.
        rule: String,
    },
    /// An exclude rule leaves it out.
    LeftOut {
        /// Data subset.
        subset: String,
        /// The rule.
        rule: String,
    },
    /// No rule is about it.
    NoRule,
}

impl From<Decision<'_>> for Explanation {
    fn from(decision: Decision<'_>) -> Self {
        match decision {
            Decision::Kept(rule) => Self::Kept {
                part: rule.owner.part,
                subset: rule.owner.subset.clone(),
                rule: rule.text.clone(),
            },
            Decision::Excluded(exclusion, rule) => Self::Excluded {
                code: exclusion.code.to_owned(),
                reason: exclusion.reason.to_owned(),
                absolute: exclusion.lift == Lift::Never,
                subset: rule.owner.subset.clone(),
                rule: rule.text.clone(),
            },
            Decision::LeftOut(rule) => {
                Self::LeftOut { subset: rule.owner.subset.clone(), rule: rule.text.clone() }
            }
            Decision::NoRule => Self::NoRule,
        }
    }
}

impl CompiledRules {
    /// Compiles those of the data subsets that apply to an Agent Server in `group`; all of them are checked.
    ///
    /// # Errors
    /// For the first rule that cannot be used as it is written.
    pub fn compile(subsets: &[DataSubset], group: Option<&GroupName>) -> Result<Self, RuleError> {
        compile::compile(subsets, group)
    }

    /// The same, but nothing is done about what belongs to other data subsets and parts than these, as if no rule were about
    /// it. What belongs to whom stays as it was.
    #[must_use]
    pub fn only(mut self, works: impl Fn(&str, Part) -> bool) -> Self {
        self.keys.narrow(&works);
        self.folders.narrow(&works);
        self
    }

    /// Why a key, as such, is kept or left out.
    #[must_use]
    pub fn explain_key(&self, path: &KeyPath) -> Explanation {
        self.key(path).into()
    }

    /// Why a value is kept or left out.
    #[must_use]
    pub fn explain_value(&self, path: &KeyPath, name: &Name) -> Explanation {
        self.value(path, name).into()
    }

    /// Why a file is kept or left out.
    #[must_use]
    pub fn explain_file(&self, path: &FilePath) -> Explanation {
        self.file(path).into()
    }

    /// Whether no rule keeps anything.
    #[must_use]
    pub fn keeps_nothing(&self) -> bool {
        !self.keys.rules().chain(self.folders.rules()).any(|rule| rule.keep)
    }

    pub(crate) fn key(&self, path: &KeyPath) -> Decision<'_> {
        self.keys.decide(path.names(), None)
    }

    /// What becomes of the values of a key.
    pub(crate) fn values<'path>(&self, path: &'path KeyPath) -> Leaves<'_, 'path> {
        self.keys.leaves(path.names())
    }

    pub(crate) fn value(&self, path: &KeyPath, name: &Name) -> Decision<'_> {
        self.keys.decide(path.names(), Some(name))
    }

    pub(crate) fn file(&self, path: &FilePath) -> Decision<'_> {
        let Some(place) = place(path) else { return Decision::NoRule };
        match place.split_last() {
            Some((name, folders)) if !path.components.is_empty() => self.folders.decide(folders, Some(name)),
            _ => Decision::NoRule,
        }
    }
}
