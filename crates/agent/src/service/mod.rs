//! The Agent as a service: what happens on a session host becomes work of the Agent, per user and in order.
//!
//! An [`Actor`](actor::Actor) runs one user's [`SessionMachine`](mp_profile::machine::SessionMachine): it keeps its timers,
//! does what takes no time, and hands out what does as [`JobOrder`]s. [`Station`] steps the actors of a host from one thread
//! and by anybody's clock, so that a simulated farm can replay a day. [`AgentService`] gives each actor a thread while it takes a
//! step, and each job another one; a user for whom nothing happens has none. Both run the same actors.

mod actor;
mod chores;
mod directory;
mod incidents;
mod jobs;
mod plan;
mod station;
mod threads;

use std::sync::Arc;

use mp_profile::{Clock, SessionControl, SessionHost, SessionId, Sid, machine};
use mp_protocol::StorageAway;

use crate::{Agent, Connections, PolicySettings, StateFolder};
pub use incidents::Noted;
pub use jobs::JobOrder;
pub use station::Station;
pub use threads::AgentService;

/// What users are told that their message is from.
pub const PRODUCT: &str = "MetaProfiles";
/// What a user is told whose settings are missing, where the plan says [`StorageAway::Message`].
pub const WITHOUT_SETTINGS: &str =
    "Your settings cannot be reached. You can work; what you change now may not be kept.";
/// What a user is told whose logon is refused, where the plan says [`StorageAway::RefuseLogon`].
pub const REFUSED: &str = "Your settings cannot be reached, so you are logged off again. Please try later, or call your administrator.";

/// What the service stands on.
#[derive(Clone)]
pub struct Ports {
    /// The Agent's folder.
    pub state: StateFolder,
    /// The users' profiles.
    pub host: Arc<dyn SessionHost + Send + Sync>,
    /// The users' sessions.
    pub control: Arc<dyn SessionControl>,
    /// The ways to console and storage.
    pub connections: Arc<dyn Connections>,
    /// The clock. Its `elapsed` is the time in which the service waits.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// What Group Policy says.
    pub settings: PolicySettings,
}

impl Ports {
    /// The Agent that does the work.
    pub(crate) fn agent(&self) -> Agent<'_> {
        Agent::new(self.state.clone(), &*self.host, Arc::clone(&self.connections), &*self.clock)
            .with_settings(self.settings.clone())
    }
}

/// Something that the service is told. Telling it never blocks.
pub enum ServiceEvent {
    /// The host told of a change of a session.
    Session {
        /// The session.
        session: SessionId,
        /// What happened.
        change: machine::SessionChange,
    },
    /// A program in a session asks for something.
    Request(HelperRequest),
    /// The service stops, or the machine shuts down.
    Stop {
        /// Whether the machine shuts down.
        shutdown: bool,
    },
}

/// What a program in a session asks for. Who asks is told by the host, never by the program.
pub struct HelperRequest {
    /// The user.
    pub sid: Sid,
    /// The session.
    pub session: SessionId,
    /// Its logon, when the host could tell.
    pub logon: Option<u64>,
    /// What it asks for.
    pub request: machine::Request,
    /// Takes the answer, once.
    pub reply: Reply,
}

/// Takes the answer to a request. It must not block.
pub type Reply = Box<dyn FnOnce(HelperAnswer) + Send>;

/// Answer to a program in a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HelperAnswer {
    /// What became of the request.
    pub answer: machine::Answer,
    /// When the settings are not in the profile: what the plan says a logon does then.
    pub storage_away: Option<StorageAway>,
}

/// What the service knows of one user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserStatus {
    /// The user.
    pub sid: Sid,
    /// Where the user's sessions stand.
    pub state: machine::State,
    /// What is known of the load of the hive.
    pub load: machine::Load,
    /// The sessions that go on.
    pub sessions: Vec<SessionId>,
    /// What is being done.
    pub job: Option<machine::Job>,
    /// Whether the profile is kept loaded.
    pub held: bool,
    /// What went wrong since the user was first seen, latest last.
    pub incidents: Vec<Noted>,
}
