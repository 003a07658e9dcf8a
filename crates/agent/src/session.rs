//! What the Agent does for one session event, from beginning to end.
//!
//! What may hold up a session: opening the profile, reading and writing it, and waiting for storage as long as the plan
//! allows. Nothing else does: the console is asked at the same time, and when it or storage does not answer, the session
//! goes on, the report says so, and what the session exports will replace nothing.

mod ahead;
mod base;
mod begun;
mod cache;
mod ending;
mod first_look;
mod late;
mod logoff;
mod logon;
mod newer;
mod parts;
mod place;
mod record;
mod send;
mod upload;
mod work;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use mp_profile::{
    Clock, CompiledRules, DataSubset, ExportError, GroupName, HostError, ImportError, RuleError, SessionHost,
    Sid, StoreError,
};

use crate::{
    connections::Connections,
    plan::CachedPlan,
    reports_queue::{DEFAULT_MAX_QUEUED, ReportsQueue, ReportsSent},
    settings::PolicySettings,
    spool::{Deliveries, Spool},
    state::{StateError, StateFolder},
};
pub use logoff::NOT_MERGED;

/// Code of what is left undone because Group Policy turned the Agent off.
const TURNED_OFF: &str = "MP-AGT-103";

/// The Agent of one session host.
pub struct Agent<'host> {
    state: StateFolder,
    spool: Spool,
    reports: ReportsQueue,
    host: &'host dyn SessionHost,
    connections: Arc<dyn Connections>,
    clock: &'host dyn Clock,
    settings: PolicySettings,
    given_up: GivenUp,
}

/// Says to work that is under way that nobody waits for it any more.
#[derive(Clone, Default, Debug)]
pub(crate) struct GivenUp(Arc<AtomicBool>);

impl GivenUp {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
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
        let reports = ReportsQueue::new(state.reports_out(), DEFAULT_MAX_QUEUED);
        Self {
            state,
            spool,
            reports,
            host,
            connections,
            clock,
            settings: PolicySettings::default(),
            given_up: GivenUp::default(),
        }
    }

    /// The same, with what Group Policy says of this machine.
    #[must_use]
    pub fn with_settings(mut self, settings: PolicySettings) -> Self {
        if let Some(limit) = settings.spool_limit {
            self.spool = self.spool.with_limit(limit);
        }
        self.settings = settings;
        self
    }

    /// The same, which begins to write nothing more once this is set.
    pub(crate) fn until(mut self, given_up: GivenUp) -> Self {
        self.given_up = given_up;
        self
    }

    /// To be asked when the profile was opened, since it may be another load's by then, and before it is written into.
    fn go_on(&self) -> Result<(), AgentError> {
        if self.given_up.0.load(Ordering::Acquire) { Err(AgentError::GivenUp) } else { Ok(()) }
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
    #[error("MP-AGT-002 the plan (revision {revision}) cannot be followed; correct it in the console")]
    Rules {
        /// Revision of the plan.
        revision: u64,
        /// Which rule, and why.
        #[source]
        source: RuleError,
    },
    /// The import did not reach its end; what this session exports will replace nothing.
    #[error(
        "MP-AGT-003 the settings were not brought into the profile, and the session goes on without; nothing stored will be replaced"
    )]
    Import(#[from] ImportError),
    /// It took so long that nobody waits for it any more.
    #[error("MP-AGT-009 the work was given up before it had begun to write")]
    GivenUp,
    /// Nothing was exported.
    #[error("MP-AGT-004 the settings were not exported; what is stored stays as it is")]
    Export(#[from] ExportError),
    /// The user's registry cannot be read.
    #[error("MP-AGT-005 the user's registry cannot be read")]
    Registry(#[from] mp_registry::RegistryError),
    /// The user's profile cannot be opened or saved.
    #[error("MP-AGT-006 the user's profile cannot be used")]
    Host(#[from] HostError),
    /// No Storage Server can be used.
    #[error("MP-AGT-007 the spool cannot be sent")]
    Storage(#[source] StoreError),
    /// Group Policy turned the Agent off.
    #[error(
        "MP-AGT-103 the Agent is turned off by Group Policy on this machine, so nothing is sent; what waits stays in the spool"
    )]
    TurnedOff,
    /// The Agent's own folder cannot be used.
    #[error("MP-AGT-008 the Agent's state folder cannot be used")]
    State(#[from] StateError),
    /// The console does not take the session reports.
    #[error("MP-AGT-054 the session reports wait, for the console does not take them: {0}")]
    Reports(String),
}

impl AgentError {
    /// The stable code with which the text begins.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPlan(_) => "MP-AGT-001",
            Self::Rules { .. } => "MP-AGT-002",
            Self::Import(_) => "MP-AGT-003",
            Self::GivenUp => "MP-AGT-009",
            Self::Export(_) => "MP-AGT-004",
            Self::Registry(_) => "MP-AGT-005",
            Self::Host(_) => "MP-AGT-006",
            Self::Storage(_) => "MP-AGT-007",
            Self::State(_) => "MP-AGT-008",
            Self::Reports(_) => "MP-AGT-054",
            Self::TurnedOff => TURNED_OFF,
        }
    }
}

impl Agent<'_> {
    /// Sends the reports that wait for the console. It may take as long as the network does: no session waits for it.
    ///
    /// # Errors
    /// When the console does not take them; they wait for the next call.
    pub fn send_reports(&self) -> Result<ReportsSent, AgentError> {
        let now = self.clock.now().to_system().unwrap_or(std::time::UNIX_EPOCH);
        self.reports.send(now, self.connections.as_ref())
    }

    /// Sends what waits in the spool, of one user or of all. Says of each entry what became of it.
    ///
    /// # Errors
    /// When the spool cannot be read, or there is no plan that says where to send it.
    pub fn send_spool(&self, only: Option<&Sid>) -> Result<Deliveries, AgentError> {
        if self.settings.turned_off {
            return Err(AgentError::TurnedOff);
        }
        let users = match only {
            Some(sid) => vec![sid.clone()],
            None => self.spool.users()?,
        };
        let mut all = Deliveries::default();
        if users.is_empty() {
            return Ok(all);
        }
        let plan = work::needed(CachedPlan::load(&self.state))?;
        let store = self.connections.storage(&plan.plan).map_err(AgentError::Storage)?;
        for sid in users {
            match self.lock(&sid, Some(&plan)) {
                Ok(_lock) => {
                    let sent = self.send_and_report(&sid, &plan, store.as_ref())?;
                    all.tried.extend(sent.tried);
                    all.damaged.extend(sent.damaged);
                }
                Err(AgentError::State(error)) => all.damaged.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}

fn compile(
    subsets: &[DataSubset],
    group: Option<&GroupName>,
    revision: u64,
) -> Result<CompiledRules, AgentError> {
    CompiledRules::compile(subsets, group).map_err(|source| AgentError::Rules { revision, source })
}
