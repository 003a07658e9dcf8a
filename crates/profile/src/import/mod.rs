//! From data sets into a live profile.

mod files;
mod registry;

use mp_dataset::ProfileKind;
use mp_registry::RegistryError;
use serde::{Deserialize, Serialize};

use crate::{CompiledRules, Notes, Seen, SessionProfile, Sets, Unapplied, sets::SortedSets};

/// What an import did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Imported {
    /// Counts and notes.
    pub report: ImportReport,
    /// What could not be written; the export of this session must be given it.
    pub unapplied: Unapplied,
}

impl Imported {
    /// Adds what another import of the same session did.
    pub fn append(&mut self, other: Self) {
        let (all, more) = (&mut self.report, other.report);
        all.keys_created += more.keys_created;
        all.values_written += more.values_written;
        all.keys_deleted += more.keys_deleted;
        all.values_deleted += more.values_deleted;
        all.files_written += more.files_written;
        all.file_bytes_written += more.file_bytes_written;
        all.files_unchanged += more.files_unchanged;
        all.files_deleted += more.files_deleted;
        all.notes.append(more.notes);
        self.unapplied.append(other.unapplied);
    }
}

/// What an import wrote, and what it refused and why.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ImportReport {
    /// Keys that were not there.
    pub keys_created: usize,
    /// Values that were not there or different.
    pub values_written: usize,
    /// Keys deleted, each with all below it counted as one.
    pub keys_deleted: usize,
    /// Values deleted.
    pub values_deleted: usize,
    /// Files that were not there or different.
    pub files_written: usize,
    /// Bytes of the files written.
    pub file_bytes_written: u64,
    /// Files that were already as wanted.
    pub files_unchanged: usize,
    /// Files deleted.
    pub files_deleted: usize,
    /// What was refused or failed.
    pub notes: Notes,
}

/// Why nothing was imported, or not everything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Nothing is ever written into profiles of this kind.
    #[error("nothing is imported into a profile of kind {0:?}")]
    NeverInto(ProfileKind),
    /// The user's registry could not be read or written as a whole.
    #[error("the import was not finished")]
    Registry(#[from] RegistryError),
}

/// Writes the data sets into a live profile, as far as the current rules keep what they hold.
///
/// Only what differs is written. Tombstones delete, but never what the rules leave out. Of an item that both data sets hold
/// the one counts that owns it now; so the group's wins wherever a group's rule is as deep as a global one. A second import
/// writes nothing.
///
/// # Errors
/// When the profile is temporary or of unknown kind, or its registry cannot be used as a whole. Then the stored data sets
/// must not be replaced by an export of this session.
pub fn import(
    profile: &mut dyn SessionProfile,
    rules: &CompiledRules,
    sets: &Sets<'_>,
) -> Result<Imported, ImportError> {
    bring_in(profile, rules, sets, None)
}

/// The same right after the profile was looked at: what was seen of its registry is not read again.
///
/// `rules` keep nothing that those did not by which `seen` was read, and nothing was written into the profile since. What the
/// notes of `seen` say is not said again.
///
/// # Errors
/// As [`import`].
pub fn import_seen(
    profile: &mut dyn SessionProfile,
    rules: &CompiledRules,
    sets: &Sets<'_>,
    seen: &Seen,
) -> Result<Imported, ImportError> {
    bring_in(profile, rules, sets, Some(seen))
}

fn bring_in(
    profile: &mut dyn SessionProfile,
    rules: &CompiledRules,
    sets: &Sets<'_>,
    seen: Option<&Seen>,
) -> Result<Imported, ImportError> {
    let kind = profile.kind();
    if matches!(kind, ProfileKind::Temporary | ProfileKind::Unknown) {
        return Err(ImportError::NeverInto(kind));
    }
    let mut imported = Imported::default();
    let wanted = SortedSets::of(sets, rules, &mut imported.report.notes);
    registry::write(profile.registry(), rules, wanted.registry, seen, &mut imported)?;
    files::write(profile.files(), rules, wanted.files, &mut imported);
    Ok(imported)
}
