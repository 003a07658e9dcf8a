//! What the Agent does for one session event, from beginning to end.
//!
//! What may hold up a session: opening the profile, reading and writing it, and waiting for storage as long as the plan
//! allows. Nothing else does: the console is asked at the same time, and when it or storage does not answer, the session
//! goes on, the report says so, and what the session exports will replace nothing.

mod logoff;
mod logon;
mod record;

use std::sync::Arc;

use mp_profile::{Clock, HostError, SessionHost};

use crate::{
    connections::Connections,
    spool::Spool,
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
    #[error("MP-AGT-001 this Agent has no plan yet and the console gives none ({0}); check that it is enrolled and that the console can be reached")]
    NoPlan(String),
    /// The plan's data subsets are not valid.
    #[error("MP-AGT-002 the plan (revision {revision}) has a data subset that cannot be used: {text}; correct it in the console")]
    Rules {
        /// Revision of the plan.
        revision: u64,
        /// Which rule, and why.
        text: String,
    },
    /// The user's profile cannot be opened or saved.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The Agent's own folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}
