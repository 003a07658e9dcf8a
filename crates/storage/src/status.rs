//! Telling the console how the store is: its space, whether it works, and who is near a quota.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use mp_protocol::{ConsoleClient, Identity, StoragePlan, paths, storage_status::StorageStatus};
use tokio::sync::watch;

use crate::{
    Health,
    again::{Again, Until},
    near_quota::NearQuotas,
    refusal::chain,
};

/// How often the console is told, even if nothing but the space has changed.
const EVERY: Duration = Duration::from_secs(60);
/// Between two looks whether there is something that cannot wait for that.
const LOOK: Duration = Duration::from_secs(2);

/// What is told, and from where.
pub(crate) struct Status {
    pub(crate) state_folder: PathBuf,
    pub(crate) health: Arc<Health>,
    pub(crate) near_quotas: Arc<NearQuotas>,
    pub(crate) plan: watch::Receiver<StoragePlan>,
}

/// Tells the console again and again.
pub(crate) fn tell(status: Status) -> Again {
    Again::start(move |until| status.tell(until))
}

impl Status {
    fn tell(&self, until: &Until) {
        let mut last: Option<(Instant, StorageStatus)> = None;
        let mut rest = Duration::ZERO;
        while !until.is_over_within(rest) {
            rest = LOOK;
            let Some(now) = self.now() else { continue };
            let due = last.as_ref().is_none_or(|(at, told)| at.elapsed() >= EVERY || is_news(told, &now));
            if !due {
                continue;
            }
            match self.send(&now) {
                Ok(()) => last = Some((Instant::now(), now)),
                Err(error) => {
                    tracing::info!(error, "The console is not told yet how the store is");
                    rest = EVERY;
                }
            }
        }
    }

    /// `None` while the store was not looked at yet.
    fn now(&self) -> Option<StorageStatus> {
        let near_quota = self.near_quotas.told(&self.plan.borrow().limits);
        Some(StorageStatus { near_quota, ..self.health.store_status()? }.bounded())
    }

    fn send(&self, status: &StorageStatus) -> Result<(), String> {
        let identity = Identity::load(&self.state_folder).map_err(|error| chain(&error))?;
        let console = ConsoleClient::new(&identity).map_err(|error| chain(&error))?;
        console.post(paths::STORAGE_STATUS, status).map_err(|error| chain(&error))
    }
}

/// Whether something is otherwise that somebody may have to act upon. Space is told by the minute.
fn is_news(told: &StorageStatus, now: &StorageStatus) -> bool {
    told.problem.is_some() != now.problem.is_some() || told.near_quota != now.near_quota
}
