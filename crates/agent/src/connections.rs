//! How the Agent reaches the console and storage: a port, so that a farm without a network can be tested.

use std::{sync::Arc, time::Duration};

use mp_profile::{DataSetStore, Scope, StoreError, VersionTag};
use mp_protocol::{
    AgentPlan, StorageTarget, Waits,
    client::{ConsoleClient, PlanAnswer, StorageClient},
    identity::Identity,
    paths,
    session_report::{BatchAnswer, ReportBatch},
    tls::{self, ServerKind},
};

use crate::{
    failover::{AwayServers, FailoverStore, Member},
    plan::CachedPlan,
    settings::PolicySettings,
};

/// The Agent's ways to the other parts of the farm.
pub trait Connections: Send + Sync {
    /// Asks the console for a plan newer than the cached one; `None` when the cached one is the newest.
    ///
    /// # Errors
    /// When the console does not answer in time, or refuses; the text says what to do next.
    fn newer_plan(&self, cached: Option<&CachedPlan>) -> Result<Option<CachedPlan>, String>;

    /// The store of this plan's Storage Servers.
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
    away: AwayServers,
}

/// What one of several Storage Servers gets of the waits.
fn share(waits: Waits, servers: usize) -> Waits {
    let servers = u64::try_from(servers).unwrap_or(1).max(1);
    let (fetch_ms, upload_ms) = (waits.fetch_ms / servers, waits.upload_ms / servers);
    Waits { connect_ms: waits.connect_ms.min(fetch_ms).min(upload_ms), fetch_ms, upload_ms, ..waits }
}

impl EnrolledMachine {
    /// With the identity that the machine got when it enrolled.
    #[must_use]
    pub fn new(identity: Arc<Identity>) -> Self {
        Self { identity, settings: PolicySettings::default(), away: AwayServers::default() }
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

    /// Each Storage Server gets its share of the plan's waits, so that all together keep to them.
    fn storage(&self, plan: &AgentPlan) -> Result<Box<dyn DataSetStore>, StoreError> {
        let refused = |server: &str, text: String| StoreError::Refused { server: server.to_owned(), text };
        let targets: Vec<(Scope, &[StorageTarget])> =
            plan.scopes().into_iter().map(|scope| (scope.clone(), plan.targets(&scope))).collect();
        let Some(most) = targets.iter().map(|(_, targets)| targets.len()).max().filter(|most| *most > 0)
        else {
            let text = "the plan names no storage server; choose one for the group in the console";
            return Err(refused("(none)", text.to_owned()));
        };
        let waits = share(self.settings.waits(plan.waits), most);
        let tls = tls::machine_client(&self.identity, ServerKind::Storage)
            .map_err(|error| refused("(all)", error.to_string()))?;
        // One way to each, whichever scopes it keeps: connections are shared.
        let mut ways: Vec<(&StorageTarget, Member)> = Vec::new();
        let mut member = |target| {
            if let Some((_, member)) = ways.iter().find(|(known, _)| *known == target) {
                return member.clone();
            }
            let client = StorageClient::new(Arc::clone(&tls), target, waits);
            let server = format!("{} ({})", target.name, client.server());
            let member = Member { server, store: Arc::new(client) };
            ways.push((target, member.clone()));
            member
        };
        let scopes =
            targets.into_iter().map(|(scope, targets)| (scope, targets.iter().map(&mut member).collect()));
        Ok(Box::new(FailoverStore::new(scopes.collect(), self.away.clone())))
    }

    fn send_reports(&self, batch: &ReportBatch) -> Result<BatchAnswer, String> {
        let console = ConsoleClient::new(&self.identity).map_err(|error| error.to_string())?;
        console.post(paths::SESSION_REPORTS, batch).map_err(|error| error.to_string())
    }
}
