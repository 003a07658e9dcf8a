//! What the plan says of the course of sessions.

use std::time::Duration;

use mp_profile::{ImportMode, machine::Timing};
use mp_protocol::{StorageAway, Waits};

use crate::{CachedPlan, PolicySettings, plan::subsets_here};

/// Between two looks for a hive that is not loaded yet.
const HIVE_POLL: Duration = Duration::from_millis(500);

/// The bounds of a user's machine. Before the first plan they are those of an empty one.
pub(super) fn timing(plan: Option<&CachedPlan>, policies: &PolicySettings) -> Timing {
    let waits = policies.waits(plan.map_or_else(Waits::default, |cached| cached.plan.waits));
    let settings = policies.over(plan.map(|cached| &cached.plan));
    let milliseconds = Duration::from_millis;
    let synchronous = match plan {
        Some(cached) => {
            let waits_for = |subset| settings.import_of(subset) == ImportMode::Synchronous;
            subsets_here(&cached.plan).any(waits_for)
        }
        None => settings.mode == ImportMode::Synchronous,
    };
    let polls = milliseconds(waits.hive_ms).as_millis() / HIVE_POLL.as_millis();
    Timing {
        synchronous,
        job: hang(&waits),
        grace: milliseconds(waits.helper_grace_ms).max(Duration::from_millis(1)),
        logon: milliseconds(waits.logon_ms).max(Duration::from_millis(1)),
        logoff: milliseconds(waits.logoff_ms).max(Duration::from_millis(1)),
        hive_poll: HIVE_POLL,
        hive_polls: u32::try_from(polls).unwrap_or(u32::MAX).max(1),
        refuses: settings.storage_away == StorageAway::RefuseLogon,
        merge_newer: settings.merge_newer_on_connect,
        checkpoint: match settings.checkpoint_minutes {
            0 => None,
            minutes => Some(Duration::from_secs(u64::from(minutes) * 60)),
        },
        ..Timing::default()
    }
}

/// How many times all that a job may wait for, one after the other, makes a job that hangs: exports and imports also take
/// the time that they need.
const HANG: u32 = 4;
/// Less than this is no sign of anything.
const SHORTEST_HANG: Duration = Duration::from_secs(60);

/// After how long a job counts as hanging.
fn hang(waits: &Waits) -> Duration {
    let all =
        [waits.connect_ms, waits.fetch_ms, waits.upload_ms, waits.logon_ms, waits.logoff_ms, waits.lock_ms];
    let all = all.into_iter().fold(0_u64, u64::saturating_add);
    Duration::from_millis(all).saturating_mul(HANG).max(SHORTEST_HANG)
}
