//! How the stores of Storage Servers are, and when that needs somebody's attention.

use mp_protocol::storage_status;

use super::UnixMillis;

/// Space is low below a tenth of the volume,
const SHARE: u64 = 10;
/// but not while there is so much,
const ENOUGH: u64 = 10 * GIB;
/// and in any case below this.
const LITTLE: u64 = GIB;
const GIB: u64 = 1 << 30;

/// What a Storage Server told last of its store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StorageStatus {
    /// Its name.
    pub(crate) server: String,
    pub(crate) reported_at: UnixMillis,
    pub(crate) told: storage_status::StorageStatus,
    pub(crate) is_low: bool,
}

impl StorageStatus {
    /// Whether somebody should look at it.
    pub(crate) fn needs_attention(&self) -> bool {
        self.is_low || self.told.problem.is_some() || !self.told.near_quota.is_empty()
    }
}

/// Whether the space of a store is low. What was low is so until there is a quarter more than the limit, so that files that
/// come and go do not tell it again and again.
pub(crate) fn is_low(told: &storage_status::StorageStatus, was_low: bool) -> bool {
    let Some(free) = told.free_bytes else { return was_low && told.problem.is_some() };
    let share = told.total_bytes.map_or(LITTLE, |total| total / SHARE);
    let limit = share.clamp(LITTLE, ENOUGH);
    free < if was_low { limit / 4 * 5 } else { limit }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(free: u64, total: u64) -> storage_status::StorageStatus {
        storage_status::StorageStatus {
            free_bytes: Some(free),
            total_bytes: Some(total),
            ..storage_status::StorageStatus::default()
        }
    }

    #[test]
    fn space_is_low_by_share_and_by_size() {
        let low = |free: u64, total: u64| is_low(&told(free * GIB / 10, total * GIB), false);
        assert!(low(49, 50) && !low(51, 50), "a tenth of 50 GiB");
        assert!(low(99, 10_000) && !low(101, 10_000), "10 GiB are enough on any disk");
        assert!(low(9, 2) && !low(11, 2), "less than 1 GiB is little on any disk");
        assert!(!is_low(&storage_status::StorageStatus::default(), false), "an object store has no end");
    }

    #[test]
    fn what_was_low_stays_so_until_there_is_clearly_more() {
        let after = |free: u64| is_low(&told(free * GIB, 100 * GIB), true);
        assert!(after(12) && !after(13));
        let away = storage_status::StorageStatus { problem: Some("gone".to_owned()), ..told(1, 1) };
        let away = storage_status::StorageStatus { free_bytes: None, total_bytes: None, ..away };
        assert!(is_low(&away, true) && !is_low(&away, false), "nothing is known anew");
    }
}
