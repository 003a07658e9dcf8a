use serde::{Deserialize, Serialize};

use crate::paths::MAX_DATA_SET;

/// How much Agents and users may take of a Storage Service. What a plan does not say is as in [`StorageLimits::default`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct StorageLimits {
    /// Connections of everybody at the same time.
    pub connections: u32,
    /// Connections of one Agent at the same time.
    pub agent_connections: u32,
    /// Requests per second of one Agent over a longer time; ten seconds' worth may come at once.
    pub agent_requests_per_second: u32,
    /// Longest data set file that is taken, in bytes; never more than [`MAX_DATA_SET`].
    pub max_data_set_bytes: u64,
    /// What a user's current data set may take in each scope, in bytes; no quota when `None`.
    pub quota_bytes: Option<u64>,
    /// From how much of the quota on storage warns, in percent.
    pub quota_warning_percent: u8,
}

impl Default for StorageLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            agent_connections: 64,
            agent_requests_per_second: 200,
            max_data_set_bytes: MAX_DATA_SET,
            quota_bytes: None,
            quota_warning_percent: 80,
        }
    }
}

impl StorageLimits {
    /// From how many bytes on storage warns of the quota.
    #[must_use]
    pub fn quota_warning_bytes(&self) -> Option<u64> {
        self.quota_bytes.map(|quota| quota / 100 * u64::from(self.quota_warning_percent.min(100)))
    }
}
