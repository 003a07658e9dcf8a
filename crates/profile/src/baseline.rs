use mp_dataset::{DataSet, FileChange, FileContent, FileEntry, FilePath, UnknownFields};
use mp_registry::{KeyAction, KeyEdit, RegistryError, ValueEdit};

use crate::{
    CompiledRules, FoundFile, SessionProfile,
    live::{LiveFiles, LiveRegistry},
    report::Notes,
    sets::{PlaceKey, file_key},
};

/// What the kept places held at logon before the import: the mandatory profile's defaults.
///
/// The Agent keeps it on disk from logon to logoff, as a data set file; so it converts to a [`DataSet`] and back. Content
/// of files is not part of it: in the data set form, a file's bytes are its length as eight bytes, little-endian.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Baseline {
    pub(crate) registry: KeyEdit,
    files: std::collections::BTreeMap<PlaceKey, FoundFile>,
}

/// A profile as it was found, for an import that follows at once ([`import_seen`](crate::import_seen)).
#[derive(Debug)]
pub struct Seen {
    /// The picture of it.
    pub baseline: Baseline,
    /// What could not be read, or never travels.
    pub notes: Notes,
    pub(crate) registry: LiveRegistry,
}

impl Seen {
    /// Looks at what the rules keep. Of files it takes name, length, time and attributes.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn read(profile: &mut dyn SessionProfile, rules: &CompiledRules) -> Result<Self, RegistryError> {
        let mut notes = Notes::default();
        let live = LiveRegistry::read(profile, rules, &mut notes)?;
        let registry = live.root.as_ref().map_or_else(KeyEdit::root, KeyEdit::write);
        let listed = LiveFiles::list(profile.files(), rules, &mut notes);
        let files = listed.files.into_iter().map(|(key, (found, _))| (key, found)).collect();
        Ok(Self { baseline: Baseline { registry, files }, notes, registry: live })
    }
}

/// A data set is not the form of a baseline.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidBaseline {
    /// It holds deletions, which a picture cannot.
    #[error("the baseline holds a deletion, but it is a picture of what was there")]
    Deletion,
    /// A file's bytes are not its length.
    #[error(
        "the baseline's entry of file \"{path}\" has {found} bytes, expected the file's length in 8 bytes"
    )]
    FileLength {
        /// The file.
        path: String,
        /// Bytes found.
        found: usize,
    },
    /// A file's folder is not a known one.
    #[error("the baseline names the special folder of \"{0}\", which is not a known one")]
    UnknownFolder(String),
}

impl Baseline {
    /// Takes the picture of what the rules keep. Of files it takes name, length, time and attributes.
    ///
    /// # Errors
    /// When the registry cannot be read. Then there is no baseline, and the export is a full picture.
    pub fn snapshot(
        profile: &mut dyn SessionProfile,
        rules: &CompiledRules,
    ) -> Result<(Self, Notes), RegistryError> {
        Seen::read(profile, rules).map(|seen| (seen.baseline, seen.notes))
    }

    pub(crate) fn file(&self, key: &PlaceKey) -> Option<&FoundFile> {
        self.files.get(key)
    }

    pub(crate) fn set_file(&mut self, key: PlaceKey, found: Option<FoundFile>) {
        match found {
            Some(found) => drop(self.files.insert(key, found)),
            None => drop(self.files.remove(&key)),
        }
    }

    pub(crate) fn same_files(&self, other: &Self) -> bool {
        self.files == other.files
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&PlaceKey, &FilePath)> {
        self.files.iter().map(|(key, found)| (key, &found.path))
    }

    /// The form in which it is kept on disk.
    #[must_use]
    pub fn to_data_set(&self) -> DataSet {
        let entry = |found: &FoundFile| FileEntry {
            path: found.path.clone(),
            change: FileChange::Present(FileContent {
                modified: found.modified,
                attributes: found.attributes,
                bytes: found.len.to_le_bytes().as_slice().into(),
            }),
            unknown: UnknownFields::default(),
        };
        let mut set = DataSet { registry: self.registry.clone(), ..DataSet::default() };
        set.replace_files(self.files.values().map(entry).collect());
        set
    }

    /// Reads the form in which it is kept on disk.
    ///
    /// # Errors
    /// When the data set was not made by [`Baseline::to_data_set`].
    pub fn from_data_set(set: DataSet) -> Result<Self, InvalidBaseline> {
        if has_deletion(&set.registry) {
            return Err(InvalidBaseline::Deletion);
        }
        let mut files = std::collections::BTreeMap::new();
        for entry in set.files {
            let FileChange::Present(content) = entry.change else { return Err(InvalidBaseline::Deletion) };
            let len = <[u8; 8]>::try_from(&*content.bytes).map_err(|_| InvalidBaseline::FileLength {
                path: entry.path.to_string(),
                found: content.bytes.len(),
            })?;
            let key = file_key(&entry.path)
                .ok_or_else(|| InvalidBaseline::UnknownFolder(entry.path.to_string()))?;
            let found = FoundFile {
                path: entry.path,
                len: u64::from_le_bytes(len),
                modified: content.modified,
                attributes: content.attributes,
            };
            files.insert(key, found);
        }
        Ok(Self { registry: set.registry, files })
    }
}

fn has_deletion(edit: &KeyEdit) -> bool {
    matches!(edit.action, KeyAction::Delete | KeyAction::Replace)
        || edit.values().iter().any(|value| matches!(value, ValueEdit::Delete(_)))
        || edit.subkeys().iter().any(has_deletion)
}

/// Whether a file still is what it was, by length, time and attributes.
pub(crate) fn unchanged(found: &FoundFile, before: &FoundFile) -> bool {
    (found.len, found.modified, found.attributes) == (before.len, before.modified, before.attributes)
}
