//! From a live profile to data sets.

mod files;
mod registry;

pub(crate) use files::max_bytes;

use mp_dataset::{DataSet, Origin, ProfileKind};
use mp_registry::{EditCounts, RegistryError};
use serde::{Deserialize, Serialize};

use crate::{
    Baseline, CompiledRules, Notes, Part, SessionProfile, Sets, Unapplied,
    edits::{index, overlay, settle},
    live::{LiveFiles, LiveRegistry},
    sets::SortedSets,
};

/// Up to this length, in bytes, a file is always read, even if length and time are those of the base.
///
/// Larger ones are taken for unchanged then, as tools that synchronise folders do. A few programs keep a file's time when
/// they write it; settings are small, and reading them costs less than losing one.
pub const ALWAYS_READ: u64 = 1 << 20;

/// What an export starts from.
#[derive(Clone, Debug, Default)]
pub struct ExportInputs<'a> {
    /// Who and where, written into the data sets. Its kind of profile is set by the export.
    pub origin: Origin,
    /// Whether the Agent Server is in a group and a group-specific data set is to be made.
    pub has_group: bool,
    /// The data sets that were imported at logon; `None` where storage said with authority that there was none.
    pub base: Sets<'a>,
    /// The defaults at logon; without them the export is a full picture of what the rules keep.
    pub baseline: Option<&'a Baseline>,
    /// What the import of this session could not write.
    pub unapplied: Option<&'a Unapplied>,
}

/// What an export made.
#[derive(Debug)]
pub struct Exported {
    /// The global data set.
    pub global: DataSet,
    /// The group-specific data set, if the Agent Server is in a group.
    pub group: Option<DataSet>,
    /// What is in them, and what was left out and why.
    pub report: ExportReport,
}

/// What an export found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ExportReport {
    /// What is in the global data set.
    pub global: PartCounts,
    /// What is in the group-specific data set.
    pub group: PartCounts,
    /// What was left out or kept from before, and why.
    pub notes: Notes,
}

/// What is in a data set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PartCounts {
    /// Keys that must exist.
    pub keys: usize,
    /// Values.
    pub values: usize,
    /// Bytes of values.
    pub value_bytes: usize,
    /// Deleted keys.
    pub deleted_keys: usize,
    /// Deleted values.
    pub deleted_values: usize,
    /// Files.
    pub files: usize,
    /// Bytes of files.
    pub file_bytes: u64,
    /// Deleted files.
    pub deleted_files: usize,
    /// Files that could not be read now and keep their earlier content.
    pub stale_files: usize,
    /// Files that no rule of this Agent Server is about, carried on unchanged.
    pub carried_files: usize,
}

impl PartCounts {
    fn add_registry(&mut self, counts: EditCounts) {
        self.keys = counts.keys;
        self.values = counts.values;
        self.value_bytes = counts.data_bytes;
        self.deleted_keys = counts.deleted_keys;
        self.deleted_values = counts.deleted_values;
    }
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Profiles of this kind are never exported.
    #[error("a profile of kind {0:?} is never exported; what is in it must not replace what is stored")]
    NeverFrom(ProfileKind),
    /// The user's registry could not be read.
    #[error("nothing was exported")]
    Registry(#[from] RegistryError),
}

/// Makes data sets of what the rules keep.
///
/// A data set holds what differs from the defaults at logon, and everything that the base held
/// (`docs/adr/0002-what-a-data-set-holds.md`). What the base or the defaults held and the profile no longer has becomes a
/// tombstone. What cannot be read keeps its state in the base. What the base holds and no rule is about is carried on.
///
/// # Errors
/// When the profile is temporary or of unknown kind, or its registry cannot be read as a whole. Then nothing may replace
/// what is stored.
pub fn export(
    profile: &mut dyn SessionProfile,
    rules: &CompiledRules,
    inputs: &ExportInputs<'_>,
) -> Result<Exported, ExportError> {
    let kind = profile.kind();
    if matches!(kind, ProfileKind::Temporary | ProfileKind::Unknown) {
        return Err(ExportError::NeverFrom(kind));
    }
    let mut report = ExportReport::default();
    let base = SortedSets::of(&inputs.base, rules, &mut Notes::default());
    let live = LiveRegistry::read(profile, rules, &mut report.notes)?;
    let listed = LiveFiles::list(profile.files(), rules, &mut report.notes);

    let mut make = |part: Part| {
        let before = inputs.base.get(part);
        let mut origin = inputs.origin.clone();
        origin.profile = kind;
        if let Some(before) = before {
            origin.unknown.clone_from(&before.origin.unknown);
        }
        let mut set = DataSet {
            origin,
            unknown: before.map(|before| before.unknown.clone()).unwrap_or_default(),
            ..DataSet::default()
        };
        let picture = registry::Picture { rules, part, live: &live, registry: profile.registry(), inputs };
        let carried = base.carried_registry[index(part)].clone();
        set.registry = settle(overlay(carried, picture.make(&base.registry[index(part)])));
        let counts = match part {
            Part::Global => &mut report.global,
            Part::Group => &mut report.group,
        };
        counts.add_registry(set.registry.counts());
        let picture = files::Picture { rules, part, live: &listed, inputs };
        let carried = base.carried_files[index(part)].clone();
        counts.carried_files = carried.len();
        let mut files = picture.make(profile.files(), &base.files[index(part)], counts, &mut report.notes);
        files.extend(carried);
        set.replace_files(files);
        set
    };
    let global = make(Part::Global);
    let group = inputs.has_group.then(|| make(Part::Group));
    Ok(Exported { global, group, report })
}
