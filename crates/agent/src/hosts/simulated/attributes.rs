use std::{collections::BTreeMap, fs, io, path::PathBuf};

use mp_dataset::FileAttributes;

use super::error::{Doing, SimulationError};

/// File attributes of one profile, by path below the profile folder. Files without attributes are not listed.
///
/// They are kept beside the profile, because the file systems under the simulation need not know them.
#[derive(Debug)]
pub(super) struct Attributes {
    file: PathBuf,
    by_path: BTreeMap<String, u32>,
}

impl Attributes {
    /// Those in `file`; none when there is no such file.
    pub(super) fn load(file: PathBuf) -> Result<Self, SimulationError> {
        let by_path = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|source| SimulationError::Json { path: file.clone(), source })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).doing("read", &file),
        };
        Ok(Self { file, by_path })
    }

    pub(super) fn get(&self, path: &str) -> FileAttributes {
        FileAttributes::from_bits(self.by_path.get(path).copied().unwrap_or(0))
    }

    /// Keeps a file's attributes, on disk at once.
    pub(super) fn set(&mut self, path: String, attributes: FileAttributes) -> Result<(), SimulationError> {
        if self.get(&path) == attributes {
            return Ok(());
        }
        if attributes == FileAttributes::default() {
            self.by_path.remove(&path);
        } else {
            self.by_path.insert(path, attributes.bits());
        }
        let text = serde_json::to_vec_pretty(&self.by_path)
            .map_err(|source| SimulationError::Json { path: self.file.clone(), source })?;
        Ok(mp_hive::save(&self.file, &text)?)
    }
}
