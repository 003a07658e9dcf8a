use mp_dataset::FilePath;
use mp_registry::{KeyPath, Name, RegistryError};
use serde::{Deserialize, Serialize};

use crate::sets::{PlaceKey, file_key};

/// What an import wanted to write and could not.
///
/// The live profile then shows the default there and not the user's choice, so the export must not take it for the user's
/// will: where it still is the default, the data set keeps what it had. The Agent hands it from the import to the export of
/// the same session.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Raw", into = "Raw")]
pub struct Unapplied {
    pub(crate) keys: Vec<KeyPath>,
    pub(crate) values: Vec<(KeyPath, Name)>,
    pub(crate) files: Vec<FilePath>,
}

impl Unapplied {
    /// Whether everything was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.values.is_empty() && self.files.is_empty()
    }

    /// Adds what another import of the same session could not write.
    pub fn append(&mut self, other: Self) {
        self.keys.extend(other.keys);
        self.values.extend(other.values);
        self.files.extend(other.files);
    }

    pub(crate) fn add_registry(&mut self, problem: &RegistryError) {
        match &problem.value {
            Some(name) => self.values.push((problem.path.clone(), name.clone())),
            None => self.keys.push(problem.path.clone()),
        }
    }

    pub(crate) fn has_key(&self, path: &KeyPath) -> bool {
        self.keys.iter().any(|key| path.starts_with(key))
    }

    pub(crate) fn has_value(&self, path: &KeyPath, name: &Name) -> bool {
        let same = |key: &KeyPath| key.depth() == path.depth() && key.starts_with(path);
        self.has_key(path) || self.values.iter().any(|(key, value)| value.same(name) && same(key))
    }

    pub(crate) fn file_keys(&self) -> impl Iterator<Item = PlaceKey> {
        self.files.iter().filter_map(file_key)
    }
}

/// The serialised form: names as UTF-16 code units, because they need not be valid text.
#[derive(Serialize, Deserialize)]
struct Raw {
    keys: Vec<RawPath>,
    values: Vec<(RawPath, Vec<u16>)>,
    files: Vec<(String, RawPath)>,
}

type RawPath = Vec<Vec<u16>>;

fn raw(names: &[Name]) -> RawPath {
    names.iter().map(|name| name.units().to_vec()).collect()
}

fn names<C: FromIterator<Name>>(raw: RawPath) -> C {
    raw.into_iter().map(Name::from_units).collect()
}

impl From<Unapplied> for Raw {
    fn from(unapplied: Unapplied) -> Self {
        let value = |(key, name): (KeyPath, Name)| (raw(key.names()), name.units().to_vec());
        Self {
            keys: unapplied.keys.iter().map(|key| raw(key.names())).collect(),
            values: unapplied.values.into_iter().map(value).collect(),
            files: unapplied.files.into_iter().map(|path| (path.folder, raw(&path.components))).collect(),
        }
    }
}

impl From<Raw> for Unapplied {
    fn from(raw: Raw) -> Self {
        let file =
            |(folder, components): (String, RawPath)| FilePath { folder, components: names(components) };
        Self {
            keys: raw.keys.into_iter().map(names).collect(),
            values: raw.values.into_iter().map(|(key, name)| (names(key), Name::from_units(name))).collect(),
            files: raw.files.into_iter().map(file).collect(),
        }
    }
}
