//! What Storage Servers tell of their stores.

use mp_profile::Scope;
use mp_protocol::{MachineRole, storage_status};

use super::{Administrator, Core};
use crate::domain::{Peer, Refusal, StorageStatus};

impl Core {
    /// A Storage Server tells how its store is.
    pub(crate) async fn take_storage_status(
        &self,
        peer: &Peer,
        told: storage_status::StorageStatus,
    ) -> Result<(), Refusal> {
        if peer.role != MachineRole::Storage {
            return Err(Refusal::StorageAlone);
        }
        let now = self.now();
        let farm = self.farm().await?;
        let machine = farm.authenticate(peer, now)?;
        let server = machine.storage_server.as_deref().unwrap_or(&machine.name);
        self.database.keep_storage_status(&machine.id, server, told.bounded(), now).await
    }

    /// What all Storage Servers told last. Whoever is held to groups sees the users of these alone.
    pub(crate) async fn storage_status(&self, caller: &Administrator) -> Result<Vec<StorageStatus>, Refusal> {
        let mut all = self.database.storage_status().await?;
        if let Some(groups) = caller.groups() {
            for status in &mut all {
                status
                    .told
                    .near_quota
                    .retain(|near| matches!(&near.scope, Scope::Group(name) if groups.contains(name)));
            }
        }
        Ok(all)
    }
}
