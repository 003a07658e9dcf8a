//! The Agent: what runs on a session host. It brings a user's data sets into the profile at logon, and takes them out of it
//! at logoff.
//!
//! [`Agent`] does the work of one session event; the session host and the ways to console and storage stand behind ports.
//! The state folder ([`StateFolder`]) is all that it keeps: identity, plan, sessions, spool, reports.

mod chain;
mod connections;
mod failover;
pub mod group_policy;
pub mod hosts;
mod log_file;
pub mod pipe_protocol;
mod plan;
pub mod recording;
mod renewal;
mod report;
mod reports_queue;
pub mod service;
mod session;
mod settings;
mod spool;
mod state;

pub use connections::{Connections, EnrolledMachine};
pub use failover::{AWAY, AwayServers, FailoverStore, Member};
pub use log_file::{KEPT_LOGS, LogFile, MAX_LOG};
pub use plan::CachedPlan;
pub use renewal::{Renewal, renew_certificate};
pub use report::{
    DataSetReport, Outcome, OverrideReport, OverrideReports, Problem, SessionEvent, SessionReport,
    SessionTimeline, StepReport,
};
pub use reports_queue::{DEFAULT_MAX_QUEUED, ReportsQueue, ReportsSent};
pub use session::{Agent, AgentError, NOT_MERGED};
pub use settings::{LogLevel, POLICY_KEY, PolicySettings};
pub use spool::{
    CONFLICT, ConflictRules, DEFAULT_LIMIT, Deliveries, Delivery, Intent, NOT_FIRST, NewEntry, OVERRIDDEN,
    Room, SendError, Sent, Spool, SpoolEntry, Waiting,
};
pub use state::{Removed, SessionLock, StateError, StateFolder};
