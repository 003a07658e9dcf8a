//! Looking at every byte while the service runs, slowly enough that nobody notices.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use mp_durable::Readers;
use mp_profile::Sid;
use mp_protocol::damage::DamageFound;
use serde::{Deserialize, Serialize};

use super::DamageLog;
use crate::{
    Backend,
    again::{Again, Until},
    backend::{BackendError, Key},
    refusal::chain,
    store::now,
};

/// File in the state folder that says when the last look ended, or when the service began to count.
const FILE: &str = "look.json";
/// Users that are asked for at a time.
const PAGE: usize = 500;
/// How many times as long as it reads it rests.
const REST: u32 = 9;
/// Before it is tried again what could not be read at all.
const AGAIN: Duration = Duration::from_secs(60 * 60);

/// What is needed to look at everything now and then.
pub(crate) struct Look {
    pub(crate) state_folder: PathBuf,
    pub(crate) backend: Weak<dyn Backend>,
    pub(crate) damage: Arc<DamageLog>,
    /// From the end of a look to the next one.
    pub(crate) every: Duration,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Ended {
    /// Milliseconds since 1970.
    ended: u64,
}

/// How a look ended.
enum End {
    Whole(u64),
    /// The service ends.
    Broken,
}

/// Begins to look at everything as often as told, for the first time when the service has run for so long.
pub(crate) fn look_over(look: Look) -> Again {
    Again::start(move |until| {
        while !until.is_over_within(look.due()) {
            match look.at_everything(until) {
                Ok(End::Whole(data_sets)) => {
                    tracing::info!(data_sets, "Every byte of the store was looked at");
                    look.remember();
                }
                Ok(End::Broken) => return,
                Err(error) => {
                    tracing::warn!(
                        error = chain(&error),
                        "The store cannot be looked over; it is tried again"
                    );
                    until.is_over_within(AGAIN);
                }
            }
        }
    })
}

impl Look {
    /// How long until the next one.
    fn due(&self) -> Duration {
        let text = fs::read(self.state_folder.join(FILE)).unwrap_or_default();
        let Ok(Ended { ended }) = serde_json::from_slice(&text) else {
            self.remember();
            return self.every;
        };
        let since = Duration::from_millis(now().saturating_sub(ended));
        self.every.saturating_sub(since)
    }

    fn remember(&self) {
        let text = serde_json::to_vec(&Ended { ended: now() }).unwrap_or_default();
        if let Err(error) = mp_durable::replace(&self.state_folder.join(FILE), &text, Readers::AsFolder) {
            tracing::warn!(%error, "When the store was looked over cannot be noted");
        }
    }

    fn at_everything(&self, until: &Until) -> Result<End, BackendError> {
        let mut data_sets = 0;
        let Some(scopes) = self.backend.upgrade().map(|backend| backend.scopes()) else {
            return Ok(End::Broken);
        };
        for scope in scopes? {
            let mut after: Option<Sid> = None;
            loop {
                let Some(users) =
                    self.backend.upgrade().map(|backend| backend.users(&scope, after.as_ref(), PAGE))
                else {
                    return Ok(End::Broken);
                };
                let users = users?;
                let more = users.len() == PAGE;
                after = users.last().cloned();
                for sid in users {
                    let Some(backend) = self.backend.upgrade() else { return Ok(End::Broken) };
                    let begun = Instant::now();
                    self.at(&*backend, &Key { scope: scope.clone(), sid })?;
                    drop(backend);
                    data_sets += 1;
                    if until.is_over_within(begun.elapsed() * REST) {
                        return Ok(End::Broken);
                    }
                }
                if !more {
                    break;
                }
            }
        }
        Ok(End::Whole(data_sets))
    }

    /// Looks without keeping anybody out; what seems damaged is looked at once more, and repaired.
    fn at(&self, backend: &dyn Backend, key: &Key) -> Result<(), BackendError> {
        match backend.inspect(key, None) {
            // That it cannot be opened for want of its key is told when it is asked for.
            Err(BackendError::Key { .. }) => Ok(()),
            Ok(inspection) if inspection.damage.is_empty() => Ok(()),
            Ok(_) => {
                let inspection = backend.inspect(key, Some(now()))?;
                self.damage.note(key, &inspection, DamageFound::Look, now());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
