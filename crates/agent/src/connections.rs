//! How the Agent reaches the console and storage: a port, so that a farm without a network can be tested.

use std::sync::Arc;

use mp_profile::{DataSetStore, StoreError};
use mp_protocol::{AgentPlan, ConsoleClient, MachineIdentity, PlanAnswer, StorageClient, Waits};

use crate::plan::CachedPlan;

/// The Agent's ways to the other parts of the farm.
pub trait Connections: Send + Sync {
    /// Asks the console for a plan newer than the cached one; `None` when the cached one is the newest.
    ///
    /// # Errors
    /// When the console does not answer in time, or refuses; the text says what to do next.
    fn newer_plan(&self, cached: Option<&CachedPlan>) -> Result<Option<CachedPlan>, String>;

    /// The store of this plan's Storage Server.
    ///
    /// # Errors
    /// When the plan names none, or it cannot be used.
    fn storage(&self, plan: &AgentPlan) -> Result<Box<dyn DataSetStore>, StoreError>;
}

/// The real ways, over mutual TLS with this machine's identity.
pub struct EnrolledMachine {
    identity: Arc<MachineIdentity>,
}

impl EnrolledMachine {
    /// With the identity that the machine got when it enrolled.
    #[must_use]
    pub fn new(identity: Arc<MachineIdentity>) -> Self {
        Self { identity }
    }
}
