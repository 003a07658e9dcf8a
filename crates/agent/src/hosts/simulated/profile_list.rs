use std::{collections::BTreeMap, fs, io, path::Path};

use mp_dataset::ProfileKind;
use mp_profile::Sid;
use serde::{Deserialize, Serialize};

use super::error::{Doing, SimulationError};

const FILE: &str = "ProfileList.json";

/// Who has a profile on the host; the counterpart of `HKLM\…\ProfileList`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileList {
    pub(super) profiles: BTreeMap<Sid, Listed>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    /// Name of the folder below `Users`.
    pub(super) user: String,
    pub(super) kind: Kind,
    pub(super) loaded: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Unknown,
    Mandatory,
    Local,
    Roaming,
    Temporary,
}

impl From<ProfileKind> for Kind {
    fn from(kind: ProfileKind) -> Self {
        match kind {
            ProfileKind::Unknown => Self::Unknown,
            ProfileKind::Mandatory => Self::Mandatory,
            ProfileKind::Local => Self::Local,
            ProfileKind::Roaming => Self::Roaming,
            ProfileKind::Temporary => Self::Temporary,
        }
    }
}

impl From<Kind> for ProfileKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Unknown => Self::Unknown,
            Kind::Mandatory => Self::Mandatory,
            Kind::Local => Self::Local,
            Kind::Roaming => Self::Roaming,
            Kind::Temporary => Self::Temporary,
        }
    }
}

impl ProfileList {
    /// The list; empty when there is no file yet.
    pub(super) fn load(root: &Path) -> Result<Self, SimulationError> {
        let path = root.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|source| SimulationError::Json { path, source })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).doing("read", &path),
        }
    }

    pub(super) fn save(&self, root: &Path) -> Result<(), SimulationError> {
        let path = root.join(FILE);
        let text = serde_json::to_vec_pretty(self)
            .map_err(|source| SimulationError::Json { path: path.clone(), source })?;
        Ok(mp_hive::save(&path, &text)?)
    }
}
