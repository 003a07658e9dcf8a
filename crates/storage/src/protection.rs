//! What keeps one Agent, or a stranger, from taking what the others need.

mod connections;
mod ended;
mod patience;
mod rate;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use mp_protocol::StorageLimits;
use tokio::sync::Semaphore;

pub(crate) use connections::{Connection, Connections, WithConnection};
pub(crate) use ended::Ended;
pub use patience::Patience;
use rate::Rate;

use crate::{Code, Refusal};

/// Bytes that one permit of memory for bodies stands for.
pub(crate) const PERMIT: usize = 64 * 1024;
/// Bytes of bodies of one Agent that are in memory at the same time; the longest body fits.
const AGENT_BODY_MEMORY: usize = 192 * 1024 * 1024;
/// Requests of one Agent that are worked on at the same time; more wait.
const AGENT_REQUESTS: usize = 16;

/// What one Agent has taken at the moment.
#[derive(Debug)]
pub(crate) struct AgentShare {
    connections: AtomicU32,
    rate: Mutex<Rate>,
    pub(crate) body_memory: Arc<Semaphore>,
    pub(crate) requests: Arc<Semaphore>,
}

/// The shares of all Agents that came. They are few: TLS lets in machines of the farm alone, and only listed ones get here.
#[derive(Default, Debug)]
pub(crate) struct Shares(Mutex<HashMap<String, Arc<AgentShare>>>);

impl Shares {
    pub(crate) fn of(&self, holder: &str) -> Arc<AgentShare> {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(holder) {
            return Arc::clone(share);
        }
        let share = Arc::new(AgentShare {
            connections: AtomicU32::new(0),
            rate: Mutex::new(Rate::new(Instant::now())),
            body_memory: Arc::new(Semaphore::new(AGENT_BODY_MEMORY / PERMIT)),
            requests: Arc::new(Semaphore::new(AGENT_REQUESTS)),
        });
        shares.insert(holder.to_owned(), Arc::clone(&share));
        share
    }
}

impl AgentShare {
    /// Counts a request on a connection.
    ///
    /// # Errors
    /// When the Agent has too many connections, or sends too many requests.
    pub(crate) fn admit(
        self: &Arc<Self>,
        connection: &Connection,
        limits: &StorageLimits,
    ) -> Result<(), Refusal> {
        if !connection.belongs_to(self, limits.agent_connections) {
            return Err(Refusal::new(
                Code::TooManyConnections,
                format!(
                    "this agent server has {} connections already; close one, or raise the limit in the plan",
                    limits.agent_connections
                ),
            ));
        }
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        if rate.take(Instant::now(), limits.agent_requests_per_second) {
            Ok(())
        } else {
            Err(Refusal::new(
                Code::TooManyRequests,
                format!(
                    "this agent server sends more than {} requests per second; send it again later",
                    limits.agent_requests_per_second
                ),
            ))
        }
    }

    fn take_connection(&self, most: u32) -> bool {
        let one_more = |taken: u32| (taken < most).then_some(taken + 1);
        self.connections.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).is_ok()
    }

    fn give_connection_back(&self) {
        self.connections.fetch_sub(1, Ordering::AcqRel);
    }
}
