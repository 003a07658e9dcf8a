//! What may be done to the farm, by whom. Handlers call these operations and nothing below them.
//!
//! Who may call one is in its parameters: an [`Administrator`] comes only out of a session that is not over, a [`Peer`] only out
//! of a verified certificate.

mod configuration;
mod contents;
mod data_sets;
mod directory;
mod directory_people;
mod enrolment;
mod failure_log;
mod found;
mod hashing;
mod join_tokens;
mod limiter;
mod machines;
mod openid;
mod openid_people;
mod outsiders;
mod overview;
mod people;
mod plans;
mod quarantine;
mod restore;
mod retention;
mod second_factor;
mod sessions;
mod sign_in;
mod storage_damage;
mod storage_moves;
mod storage_status;
mod trials;
mod user_sessions;
mod watched;
mod webhooks;

use std::sync::Arc;

use tokio::sync::{Mutex, Notify, Semaphore, watch};

pub(crate) use configuration::{Expected, Tagged};
pub(crate) use contents::Compared;
pub(crate) use data_sets::{ListedDataSet, Target, Versions, version_state};
pub(crate) use directory::KnownDirectory;
pub(crate) use hashing::is_password;
pub(crate) use join_tokens::TokenTarget;
pub(crate) use openid::{KnownOpenid, OpenidAnswer};
pub(crate) use openid_people::{Answered, SIGN_IN_SECONDS, SentBack};
pub(crate) use overview::HOURS as OVERVIEW_HOURS;
pub(crate) use people::NewAccount;
pub(crate) use plans::Answer;
pub(crate) use quarantine::ComparedUpload;
pub(crate) use restore::{Restoration, RestoreRequest};
pub(crate) use second_factor::{Enrolment, SecondFactorState};
pub(crate) use sessions::Administrator;
pub(crate) use sign_in::{Credentials, NewSession};
pub(crate) use storage_moves::Followed;
pub(crate) use trials::{Source, Tried, TriedOn};

use crate::{
    authority::Authority,
    config::WallClock,
    domain::{Farm, Kept, Refusal, UnixMillis},
    metrics::Metrics,
    repository::{Database, Ids, Write},
    secret::Secret,
    storage::StorageServers,
};
use failure_log::FailureLog;
use found::Found;
use limiter::Limiter;
use openid::Discovered;
use webhooks::Tellers;

/// How many passwords are hashed at a time: each takes 19 MiB.
const HASHES_AT_A_TIME: usize = 2;

/// How many sample hives or users' data are tried at a time: each may take some hundred megabytes.
const TRIALS_AT_A_TIME: usize = 2;

/// The console's operations and what they need.
pub(crate) struct Core {
    pub(crate) database: Database,
    pub(crate) authority: Authority,
    clock: WallClock,
    /// How long it is kept what the console was told, as long as nobody says otherwise.
    started_with: Kept,
    /// Told when somebody does.
    trimming: Notify,
    /// The last revision of the farm that was committed.
    changed: watch::Sender<i64>,
    /// The farm as it was read last; of use as long as its revision is the last one.
    farm: Mutex<Option<Arc<Farm>>>,
    limiter: Limiter,
    failures: FailureLog,
    found: Found,
    discovered: Discovered,
    hashing: Arc<Semaphore>,
    storage: StorageServers,
    /// Turns of those who try data subsets and read sample hives.
    pub(crate) trials: Arc<Semaphore>,
    tellers: Tellers,
    pub(crate) metrics: Metrics,
    /// When this console began to work.
    started: UnixMillis,
}

impl Core {
    pub(crate) async fn new(
        database: Database,
        authority: Authority,
        clock: WallClock,
        started_with: Kept,
    ) -> Result<Self, Refusal> {
        let (revision, started) = (database.revision().await?, clock.now());
        Ok(Self {
            database,
            authority,
            clock,
            started_with,
            trimming: Notify::new(),
            metrics: Metrics::new(),
            changed: watch::Sender::new(revision),
            farm: Mutex::new(None),
            limiter: Limiter::default(),
            failures: FailureLog::default(),
            found: Found::default(),
            discovered: Discovered::default(),
            hashing: Arc::new(Semaphore::new(HASHES_AT_A_TIME)),
            storage: StorageServers::new(),
            trials: Arc::new(Semaphore::new(TRIALS_AT_A_TIME)),
            tellers: Tellers::default(),
            started,
        })
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Makes the administrator `admin` when there is nobody. Gives his password if it was made up here.
    pub(crate) async fn bootstrap(&self, password: Option<&Secret>) -> Result<Option<Secret>, Refusal> {
        if self.database.has_accounts().await? {
            return Ok(None);
        }
        let (password, made_up) = match password {
            Some(password) => (password.clone(), false),
            None => (crate::secret::new_password()?, true),
        };
        self.create_first_account("admin", &password).await?;
        Ok(made_up.then_some(password))
    }

    /// Tells of the revisions of the farm.
    pub(crate) fn changes(&self) -> watch::Receiver<i64> {
        self.changed.subscribe()
    }

    async fn write(&self) -> Result<Write<'_>, Refusal> {
        self.database.write(&self.changed, self.now()).await
    }

    /// Learns what other consoles have changed, if there are any, so that those who wait here are woken.
    pub(crate) async fn follow_others(&self) -> Result<(), Refusal> {
        if self.database.is_shared() {
            let revision = self.database.revision().await?;
            self.changed.send_if_modified(|known| {
                let newer = *known < revision;
                *known = (*known).max(revision);
                newer
            });
        }
        Ok(())
    }

    /// The farm at its last revision. It is read once per revision, however many ask.
    async fn farm(&self) -> Result<Arc<Farm>, Refusal> {
        let mut cached = self.farm.lock().await;
        let last = *self.changed.borrow();
        match cached.as_ref() {
            Some(farm) if farm.revision >= last => Ok(Arc::clone(farm)),
            _ => {
                let (farm, _): (Farm, Ids) = self.database.farm().await?;
                let farm = Arc::new(farm);
                *cached = Some(Arc::clone(&farm));
                Ok(farm)
            }
        }
    }
}
