//! What a Storage Server tells the console of itself: `docs/reference/wire.md`, section 3.3.

use mp_profile::{Scope, Sid};
use serde::{Deserialize, Serialize};

/// Longest problem, in characters.
pub const MAX_PROBLEM: usize = 1_000;

/// Most users near their quota that are named.
pub const MAX_NEAR_QUOTA: usize = 100;

/// How a Storage Server's store is. What is not known, or has no end, is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct StorageStatus {
    /// Free space of the base folder's volume, in bytes, as far as the service may use it. `None` of an object store.
    pub free_bytes: Option<u64>,
    /// Size of that volume, in bytes.
    pub total_bytes: Option<u64>,
    /// What an object store keeps, in bytes: all versions, and what is in quarantine. `None` of a base folder.
    pub kept_bytes: Option<u64>,
    /// Why the store does not work; at most [`MAX_PROBLEM`] characters.
    pub problem: Option<String>,
    /// Users whose last upload took much of their quota, since the service was started; at most [`MAX_NEAR_QUOTA`].
    pub near_quota: Vec<NearQuota>,
}

/// A data set that takes much of its user's quota.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NearQuota {
    /// The scope.
    pub scope: Scope,
    /// The user.
    pub sid: Sid,
    /// Length of the current data set file, in bytes.
    pub used_bytes: u64,
    /// The quota, in bytes.
    pub limit_bytes: u64,
}

impl StorageStatus {
    /// Cuts off what is longer than the limits, and what no database keeps.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.problem = self.problem.map(|why| why.chars().filter(|c| *c != '\0').take(MAX_PROBLEM).collect());
        self.near_quota.truncate(MAX_NEAR_QUOTA);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_service_does_not_say_is_not_known() {
        let status: StorageStatus = serde_json::from_str(r#"{"free-bytes":5}"#).expect("it is JSON");
        assert_eq!(status, StorageStatus { free_bytes: Some(5), ..StorageStatus::default() });
    }

    #[test]
    fn what_is_too_long_is_cut_off() {
        let near = NearQuota {
            scope: Scope::Global,
            sid: "S-1-5-21-1-2-3-1001".parse().expect("a SID"),
            used_bytes: 9,
            limit_bytes: 10,
        };
        let status = StorageStatus {
            problem: Some(format!("\0{}", "ä".repeat(MAX_PROBLEM + 1))),
            near_quota: vec![near; MAX_NEAR_QUOTA + 1],
            ..StorageStatus::default()
        };
        let bounded = status.bounded();
        assert_eq!(bounded.problem, Some("ä".repeat(MAX_PROBLEM)));
        assert_eq!(bounded.near_quota.len(), MAX_NEAR_QUOTA);
    }
}
