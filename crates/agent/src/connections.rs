//! How the Agent reaches the console and storage: a port, so that a farm without a network can be tested.

use std::{sync::Arc, time::Duration};

use mp_profile::{DataSetStore, StoreError, VersionTag};
use mp_protocol::{
    AgentPlan,
    client::{ConsoleClient, PlanAnswer, StorageClient},
    identity::Identity,
    paths,
    session_report::{BatchAnswer, ReportBatch},
    tls::{self, ServerKind},
};

use crate::{plan::CachedPlan, settings::PolicySettings};

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

    /// Brings session reports to the console.
    ///
    /// # Errors
    /// When the console does not answer in time, or refuses; the reports are to be sent again later.
    fn send_reports(&self, batch: &ReportBatch) -> Result<BatchAnswer, String>;
}

/// The real ways, over mutual TLS with this machine's identity.
pub struct EnrolledMachine {
    identity: Arc<Identity>,
    settings: PolicySettings,
}

impl EnrolledMachine {
    /// With the identity that the machine got when it enrolled.
    #[must_use]
    pub fn new(identity: Arc<Identity>) -> Self {
        Self { identity, settings: PolicySettings::default() }
    }

    /// The same, with what Group Policy says of waits.
    #[must_use]
    pub fn with_settings(mut self, settings: PolicySettings) -> Self {
        self.settings = settings;
        self
    }
}

impl Connections for EnrolledMachine {
    fn newer_plan(&self, cached: Option<&CachedPlan>) -> Result<Option<CachedPlan>, String> {
        let console = ConsoleClient::new(&self.identity).map_err(|error| error.to_string())?;
        let held = cached.map(|cached| VersionTag(cached.etag.clone()));
        match console.plan(held.as_ref(), Duration::ZERO).map_err(|error| error.to_string())? {
            PlanAnswer::NotModified => Ok(None),
            PlanAnswer::Plan(plan, VersionTag(etag)) => Ok(Some(CachedPlan { etag, plan })),
        }
    }

    fn storage(&self, plan: &AgentPlan) -> Result<Box<dyn DataSetStore>, StoreError> {
        let refused = |server: &str, text: String| StoreError::Refused { server: server.to_owned(), text };
        let target = plan.storage.as_ref().ok_or_else(|| {
            refused(
                "(none)",
                "the plan names no storage server; choose one for the group in the console".to_owned(),
            )
        })?;
        let tls = tls::machine_client(&self.identity, ServerKind::Storage)
            .map_err(|error| refused(&target.host, error.to_string()))?;
        Ok(Box::new(StorageClient::new(tls, target, self.settings.waits(plan.waits))))
    }

    fn send_reports(&self, batch: &ReportBatch) -> Result<BatchAnswer, String> {
        let console = ConsoleClient::new(&self.identity).map_err(|error| error.to_string())?;
        console.post(paths::SESSION_REPORTS, batch).map_err(|error| error.to_string())
    }
}
