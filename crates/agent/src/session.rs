//! What the Agent does for one session event, from beginning to end.
//!
//! What may hold up a session: opening the profile, reading and writing it, and waiting for storage as long as the plan
//! allows. Nothing else does: the console is asked at the same time, and when it or storage does not answer, the session
//! goes on, the report says so, and what the session exports will replace nothing.

mod logoff;
mod logon;
mod record;

use std::sync::Arc;

use mp_profile::{
    Clock, CompiledRules, DataSubset, ExportError, GroupName, HostError, ImportError, SessionHost,
    SessionProfile, Sid, StoreError,
};

use crate::{
    connections::Connections,
    plan::CachedPlan,
    report::{Recorder, SessionReport},
    spool::{Delivery, Spool},
    state::{StateError, StateFolder},
};

/// The Agent of one session host.
pub struct Agent<'host> {
    state: StateFolder,
    spool: Spool,
    host: &'host dyn SessionHost,
    connections: Arc<dyn Connections>,
    clock: &'host dyn Clock,
}

impl<'host> Agent<'host> {
    /// An Agent that keeps its state in this folder.
    #[must_use]
    pub fn new(
        state: StateFolder,
        host: &'host dyn SessionHost,
        connections: Arc<dyn Connections>,
        clock: &'host dyn Clock,
    ) -> Self {
        let spool = Spool::new(state.spool());
        Self { state, spool, host, connections, clock }
    }

    /// Data sets that wait for storage.
    #[must_use]
    pub fn spool(&self) -> &Spool {
        &self.spool
    }
}

/// Why the Agent could do nothing at all for a session event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The Agent never got a plan.
    #[error(
        "MP-AGT-001 this Agent has no plan yet and the console gives none ({0}); check that it is enrolled and that the console can be reached"
    )]
    NoPlan(String),
    /// The plan's data subsets are not valid.
    #[error(
        "MP-AGT-002 the plan (revision {revision}) has a data subset that cannot be used: {text}; correct it in the console"
    )]
    Rules {
        /// Revision of the plan.
        revision: u64,
        /// Which rule, and why.
        text: String,
    },
    /// The user's profile cannot be opened or saved.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The import did not reach its end; what this session exports will replace nothing.
    #[error(
        "MP-AGT-003 the settings were not brought into the profile, and the session goes on without; nothing stored will be replaced"
    )]
    Import(#[from] ImportError),
    /// Nothing was exported.
    #[error("MP-AGT-004 the settings were not exported; what is stored stays as it is")]
    Export(#[from] ExportError),
    /// The user's registry cannot be read.
    #[error("MP-AGT-005 the user's registry cannot be read")]
    Registry(#[from] mp_registry::RegistryError),
    /// No Storage Server can be used.
    #[error(transparent)]
    Storage(StoreError),
    /// The Agent's own folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Agent<'_> {
    /// Lets the profile go and keeps the report.
    fn finish(
        &self,
        mut recorder: Recorder,
        profile: Box<dyn SessionProfile + '_>,
    ) -> Result<SessionReport, AgentError> {
        profile.close()?;
        recorder.step("release profile");
        recorder.report.save(&self.state)?;
        Ok(recorder.report)
    }

    /// Sends what waits in the spool, of one user or of all. Says of each entry what became of it.
    ///
    /// # Errors
    /// When the spool cannot be read, or there is no plan that says where to send it.
    pub fn send_spool(&self, only: Option<&Sid>) -> Result<Vec<Delivery>, AgentError> {
        let users = match only {
            Some(sid) => vec![sid.clone()],
            None => self.spool.users()?,
        };
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let plan =
            CachedPlan::load(&self.state)?.ok_or_else(|| AgentError::NoPlan("none is cached".to_owned()))?;
        let store = self.connections.storage(&plan.plan).map_err(AgentError::Storage)?;
        let mut results = Vec::new();
        for sid in users {
            let _lock = self.state.lock(&sid)?;
            results.extend(self.spool.send_user(&sid, store.as_ref()));
        }
        Ok(results)
    }
}

fn compile(
    subsets: &[DataSubset],
    group: Option<&GroupName>,
    revision: u64,
) -> Result<CompiledRules, AgentError> {
    CompiledRules::compile(subsets, group)
        .map_err(|error| AgentError::Rules { revision, text: error.to_string() })
}
