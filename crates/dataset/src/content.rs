use std::{cmp::Ordering, sync::Arc};

use mp_registry::{FileTime, KeyEdit, Name};

/// What one user's data subsets of one scope held at one time.
///
/// The registry part is a tree of edits below the user's root (`HKEY_CURRENT_USER`): what is set, and as *tombstones* what
/// the user deleted. The files are kept by folder and relative path, deletions likewise.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DataSet {
    /// Where it comes from.
    pub origin: Origin,
    /// Keys and values below the user's root.
    pub registry: KeyEdit,
    /// Files of special folders, sorted by [`FilePath::fold_cmp`], one entry per path.
    pub files: Vec<FileEntry>,
    /// Fields that a later version wrote and this one does not know; written back unchanged.
    pub unknown: UnknownFields,
}

/// Where a data set comes from. Informative: nothing is decided by it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// The user's SID as text; empty when unknown.
    pub sid: String,
    /// Name of the Agent Server that exported it.
    pub host: String,
    /// Version of the software that exported it.
    pub software: String,
    /// When it was exported, by the Agent Server's clock.
    pub exported: FileTime,
    /// Kind of profile it was exported from.
    pub profile: ProfileKind,
    /// Fields that a later version wrote and this one does not know.
    pub unknown: UnknownFields,
}

/// Kind of the profile that a session runs on (`ProfileList\<SID>\State`, `GetProfileType`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum ProfileKind {
    /// Not known, or of a kind that a later version added.
    #[default]
    Unknown,
    /// A mandatory profile.
    Mandatory,
    /// A local profile.
    Local,
    /// A roaming profile.
    Roaming,
    /// A temporary profile; never exported.
    Temporary,
}

impl ProfileKind {
    /// Its name in reports: `unknown`, `mandatory`, `local`, `roaming` or `temporary`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Mandatory => "mandatory",
            Self::Local => "local",
            Self::Roaming => "roaming",
            Self::Temporary => "temporary",
        }
    }
}

/// CBOR map entries that this version does not know, in the order read: key, and value as encoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UnknownFields(pub Vec<(u64, Vec<u8>)>);

/// A file's place: a special folder and a path below it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FilePath {
    /// Canonical name of the known folder (KNOWNFOLDERID), such as `RoamingAppData`, `Desktop`, `Favorites`.
    pub folder: String,
    /// Components below the folder; at least one. Not yet checked to be safe for a file system.
    pub components: Vec<Name>,
}

impl FilePath {
    /// Order of files in a data set: folder, then components as Windows compares names.
    #[must_use]
    pub fn fold_cmp(&self, other: &Self) -> Ordering {
        self.folder.cmp(&other.folder).then_with(|| {
            let pairs = self.components.iter().zip(&other.components);
            let first = pairs.map(|(a, b)| a.fold_cmp(b)).find(|order| order.is_ne());
            first.unwrap_or_else(|| self.components.len().cmp(&other.components.len()))
        })
    }
}

impl std::fmt::Display for FilePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.folder)?;
        for (index, component) in self.components.iter().enumerate() {
            write!(f, "{}{component}", if index == 0 { "" } else { "\\" })?;
        }
        Ok(())
    }
}

/// A file that is kept, or the tombstone of one that the user deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileEntry {
    /// Where it belongs.
    pub path: FilePath,
    /// What it holds.
    pub change: FileChange,
    /// Fields that a later version wrote and this one does not know.
    pub unknown: UnknownFields,
}

/// What a data set says about one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileChange {
    /// The file with its content.
    Present(FileContent),
    /// The user deleted the file.
    Deleted,
}

/// A file's content and the metadata that travel with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileContent {
    /// Last modification, to 100 ns.
    pub modified: FileTime,
    /// Hidden, system and read-only.
    pub attributes: FileAttributes,
    /// The bytes.
    pub bytes: Arc<[u8]>,
}

/// The file attributes that travel (winnt.h, "File Attribute Constants").
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FileAttributes(u32);

impl FileAttributes {
    /// `FILE_ATTRIBUTE_READONLY`
    pub const READ_ONLY: Self = Self(0x1);
    /// `FILE_ATTRIBUTE_HIDDEN`
    pub const HIDDEN: Self = Self(0x2);
    /// `FILE_ATTRIBUTE_SYSTEM`
    pub const SYSTEM: Self = Self(0x4);
    const TRAVELLING: u32 = 0x7;

    /// The travelling ones of a file's attribute bits; the others are dropped.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self(bits & Self::TRAVELLING)
    }

    /// The attribute bits.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `other` are set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl DataSet {
    /// Whether it holds nothing, not even tombstones.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.registry.is_noop() && self.files.is_empty()
    }

    /// The entry of a file, if there is one.
    #[must_use]
    pub fn file(&self, path: &FilePath) -> Option<&FileEntry> {
        let index = self.files.partition_point(|entry| entry.path.fold_cmp(path).is_lt());
        self.files.get(index).filter(|entry| entry.path.fold_cmp(path).is_eq())
    }

    /// Takes files in any order; of one path the last counts.
    pub fn replace_files(&mut self, mut files: Vec<FileEntry>) {
        files.sort_by(|a, b| a.path.fold_cmp(&b.path));
        files.reverse();
        files.dedup_by(|later, kept| later.path.fold_cmp(&kept.path).is_eq());
        files.reverse();
        self.files = files;
    }
}
