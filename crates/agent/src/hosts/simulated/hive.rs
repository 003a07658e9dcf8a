use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use mp_hive::{ReadOptions, Version, WriteOptions};
use mp_registry::{
    Applied, FileTime, Key, KeyEdit, KeyListing, KeyPath, MemoryRegistry, Name, Registry, RegistryError,
    TreeFilter, TreeRead, Value,
};

use super::error::SimulationError;

/// The hive of a mandatory profile.
pub(super) const MANDATORY: &str = "NTUSER.MAN";
/// The hive of any other profile.
const ORDINARY: &str = "NTUSER.DAT";

/// A user's registry, read from the profile's hive and saved back if it was changed.
#[derive(Debug)]
pub(super) struct LiveHive {
    path: PathBuf,
    version: Version,
    file_name: Name,
    registry: MemoryRegistry,
    changed: bool,
}

impl LiveHive {
    /// Reads the hive of a profile folder, its logs applied.
    pub(super) fn open(folder: &Path) -> Result<Self, SimulationError> {
        let found = [MANDATORY, ORDINARY].into_iter().map(|name| folder.join(name));
        let path = found
            .into_iter()
            .find(|path| path.symlink_metadata().is_ok_and(|found| found.is_file()))
            .ok_or_else(|| SimulationError::NoHive(folder.to_owned()))?;
        let hive = mp_hive::open(&path, ReadOptions::default())?.hive;
        let version = if hive.info.minor_version <= 3 { Version::V1_3 } else { Version::V1_5 };
        let registry = MemoryRegistry::new(hive.root);
        Ok(Self { path, version, file_name: hive.info.file_name, registry, changed: false })
    }

    pub(super) fn root(&self) -> &Key {
        &self.registry.root
    }

    /// Saves what was changed.
    pub(super) fn save(&mut self) -> Result<(), SimulationError> {
        if self.changed {
            let options = WriteOptions {
                version: self.version,
                file_name: self.file_name.clone(),
                time: FileTime::from_system(SystemTime::now()),
                security: None,
            };
            write(&self.path, &self.registry.root, &options)?;
            self.changed = false;
        }
        Ok(())
    }
}

/// Makes a hive that holds this registry.
pub(super) fn create(path: &Path, registry: &Key) -> Result<(), SimulationError> {
    let time = FileTime::from_system(SystemTime::now());
    write(path, registry, &WriteOptions { time, ..WriteOptions::default() })
}

fn write(path: &Path, registry: &Key, options: &WriteOptions) -> Result<(), SimulationError> {
    let bytes = mp_hive::write(registry, options)
        .map_err(|source| SimulationError::MakeHive { path: path.to_owned(), source })?;
    Ok(mp_hive::save(path, &bytes)?)
}

impl Registry for LiveHive {
    fn list(&self, path: &KeyPath) -> Result<Option<KeyListing>, RegistryError> {
        self.registry.list(path)
    }

    fn value(&self, path: &KeyPath, name: &Name) -> Result<Option<Value>, RegistryError> {
        self.registry.value(path, name)
    }

    fn read_tree(&self, path: &KeyPath, filter: &mut dyn TreeFilter) -> Result<TreeRead, RegistryError> {
        self.registry.read_tree(path, filter)
    }

    fn apply(&mut self, edits: &KeyEdit) -> Result<Applied, RegistryError> {
        self.changed |= !edits.is_noop();
        self.registry.apply(edits)
    }
}
