//! What a data subset would keep of a profile, rule by rule: the export itself, done for the sake of its figures.

mod tally;

use mp_dataset::{DataSet, EncodeError, FileChange, ProfileKind};
use mp_registry::{KeyPath, Registry};

use crate::{
    Applies, CompiledRules, DataSubset, ExportError, ExportInputs, Notes, RuleAction, RuleError, export,
    known_folder, memory::MemoryProfile,
};
use tally::{Tally, length};

/// What a data subset would keep of a profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trial {
    /// By rule: those about keys as the data subset has them, then those about folders.
    pub rules: Vec<RuleTrial>,
    /// Everything that is kept.
    pub kept: TrialCounts,
    /// Length of the data set file of all that is kept, in bytes.
    pub compressed_bytes: u64,
    /// What was left out, and why: as in the report of an export.
    pub notes: Notes,
}

/// What one rule does to a profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleTrial {
    /// The rule in a line, as in messages about it.
    pub rule: String,
    /// Whether it is about keys; otherwise about folders.
    pub of_registry: bool,
    /// Whether it keeps or leaves out.
    pub action: RuleAction,
    /// What it keeps.
    pub kept: TrialCounts,
    /// What it would keep, but that never travels, or is over a limit.
    pub refused: TrialCounts,
    /// What it leaves out, being an exclude rule.
    pub left_out: TrialCounts,
    /// Length of a data set file of what it keeps alone, in bytes; 0 when it keeps nothing.
    pub compressed_bytes: u64,
}

/// How much of a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TrialCounts {
    /// Keys.
    pub keys: usize,
    /// Values.
    pub values: usize,
    /// Bytes of values.
    pub value_bytes: u64,
    /// Files.
    pub files: usize,
    /// Bytes of files.
    pub file_bytes: u64,
}

impl TrialCounts {
    const KEY: Self = Self { keys: 1, values: 0, value_bytes: 0, files: 0, file_bytes: 0 };

    fn value(len: usize) -> Self {
        Self { values: 1, value_bytes: len as u64, ..Self::default() }
    }

    fn file(len: usize) -> Self {
        Self { files: 1, file_bytes: len as u64, ..Self::default() }
    }

    fn and(self, other: Self) -> Self {
        Self {
            keys: self.keys + other.keys,
            values: self.values + other.values,
            value_bytes: self.value_bytes + other.value_bytes,
            files: self.files + other.files,
            file_bytes: self.file_bytes + other.file_bytes,
        }
    }

    /// Values and files that are not among these others. Keys are not compared: one that is kept may have been made for
    /// the sake of what is below it.
    fn without(self, other: Self) -> Self {
        Self {
            keys: 0,
            values: self.values.saturating_sub(other.values),
            value_bytes: self.value_bytes.saturating_sub(other.value_bytes),
            files: self.files.saturating_sub(other.files),
            file_bytes: self.file_bytes.saturating_sub(other.file_bytes),
        }
    }
}

/// Why a data subset could not be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// A rule cannot be used as it is written.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The profile cannot be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// What is kept is more than a data set holds.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Exports what a data subset keeps of a profile as the Agent does, without a base and without defaults, and says what
/// became of each rule. The data subset is tried by itself: what of it another one owns in the farm is not asked.
///
/// # Errors
/// When a rule is wrong, the profile cannot be read, or what is kept is more than a data set holds.
pub fn try_subset(profile: &mut MemoryProfile, subset: &DataSubset) -> Result<Trial, TrialError> {
    let group = match &subset.applies {
        Applies::Global => None,
        Applies::Groups(groups) => groups.first(),
    };
    let rules = CompiledRules::compile(std::slice::from_ref(subset), group)?;
    let inputs = ExportInputs { has_group: group.is_some(), ..ExportInputs::default() };
    let exported = export(profile, &rules, &inputs)?;
    let set = exported.group.unwrap_or(exported.global);

    let mut tally = Tally::new(&rules);
    tally.source(profile);
    tally.exported_key(&set.registry, &mut KeyPath::root());
    tally.exported_files(&set.files);
    let rules = tally.told()?;
    let kept = rules.iter().fold(TrialCounts::default(), |sum, rule| sum.and(rule.kept));
    let compressed_bytes = if set.is_empty() { 0 } else { length(&set)? };
    Ok(Trial { rules, kept, compressed_bytes, notes: exported.report.notes })
}

impl MemoryProfile {
    /// A local profile that holds what these data sets say, each laid over those before it, and nothing else.
    #[must_use]
    pub fn of_data_sets<'a>(sets: impl IntoIterator<Item = &'a DataSet>) -> Self {
        let mut profile = Self { kind: ProfileKind::Local, ..Self::default() };
        for set in sets {
            let mut edits = set.registry.clone();
            // Here is no mandatory profile that holds the keys which are only passed through.
            edits.ensure_passed();
            // What cannot be applied, such as a link, was never in a profile.
            drop(profile.registry.apply(&edits));
            for entry in set.files.iter().filter(|entry| known_folder(&entry.path.folder).is_some()) {
                match &entry.change {
                    FileChange::Present(content) => profile.files.put(entry.path.clone(), content.clone()),
                    FileChange::Deleted => drop(profile.files.remove(&entry.path)),
                }
            }
        }
        profile
    }
}
