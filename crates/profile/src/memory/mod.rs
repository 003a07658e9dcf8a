//! A session host in memory, for tests and demonstrations of what is built on the ports, and for trials of data subsets.

mod files;
mod host;

use mp_dataset::ProfileKind;
use mp_registry::{Key, MemoryRegistry, Registry};

pub use files::MemoryFiles;
pub use host::MemoryHost;

use crate::{HostError, ProfileFiles, SessionProfile};

/// A profile in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryProfile {
    /// Kind that it says it is of.
    pub kind: ProfileKind,
    /// The user's registry.
    pub registry: MemoryRegistry,
    /// The user's files.
    pub files: MemoryFiles,
    /// What was noted about this load of the hive.
    pub marker: Option<Vec<u8>>,
}

impl MemoryProfile {
    /// A mandatory profile with this registry and no files.
    #[must_use]
    pub fn mandatory(root: Key) -> Self {
        Self { kind: ProfileKind::Mandatory, registry: MemoryRegistry::new(root), ..Self::default() }
    }
}

impl SessionProfile for MemoryProfile {
    fn kind(&self) -> ProfileKind {
        self.kind
    }

    fn registry(&mut self) -> &mut dyn Registry {
        &mut self.registry
    }

    fn files(&mut self) -> &mut dyn ProfileFiles {
        &mut self.files
    }

    fn marker(&self) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.marker.clone())
    }

    fn set_marker(&mut self, marker: &[u8]) -> Result<(), HostError> {
        self.marker = Some(marker.to_vec());
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), HostError> {
        Ok(())
    }
}
