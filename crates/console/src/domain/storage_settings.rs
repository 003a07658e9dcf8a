//! How much Agents and users may take of a Storage Server, and which former versions it keeps, as the API and the configuration
//! file show them.

use mp_profile::Scope;
use mp_protocol::{ScopeRetention, StorageLimits, paths::MAX_DATA_SET};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::StorageServer;

/// Most former versions of a data set.
const MAX_VERSIONS: u32 = 1_000;
/// Longest age of former versions: a hundred years.
const MAX_DAYS: u32 = 36_500;
/// Most connections, and most requests per second: more than one service can have.
const MAX_RATE: u32 = 1_000_000;

/// Which former versions of users' data sets stay. The newest former version and pinned ones stay in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Retention {
    /// The newest so many.
    #[serde(default = "StorageServer::default_keep_versions")]
    #[schema(default = 5, minimum = 1, maximum = 1000)]
    pub(crate) keep_versions: u32,
    /// Those that were replaced within so many days; any age if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 36500)]
    pub(crate) keep_days: Option<u32>,
    /// The newest of so many bytes together, for each user; any size if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub(crate) keep_bytes: Option<u64>,
}

impl Retention {
    /// What a Storage Service is told of one scope.
    pub(super) fn told_of(self, scope: Scope) -> ScopeRetention {
        let Self { keep_versions, keep_days, keep_bytes } = self;
        ScopeRetention { scope, keep_versions, keep_days, keep_bytes }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// Which number is out of range, and what the range is.
    pub(super) fn check(self) -> Result<(), String> {
        if !(1..=MAX_VERSIONS).contains(&self.keep_versions) {
            return Err(format!("former versions to keep must be 1 to {MAX_VERSIONS}"));
        }
        if self.keep_days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
            return Err(format!("days to keep former versions must be 1 to {MAX_DAYS}"));
        }
        match self.keep_bytes {
            Some(bytes) => size("bytes of former versions to keep", bytes),
            None => Ok(()),
        }
    }
}

/// How much Agents and users may take of a Storage Server.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(
    remote = "StorageLimits",
    rename_all = "kebab-case",
    default = "StorageLimits::default",
    deny_unknown_fields
)]
#[schema(as = StorageLimits)]
pub(crate) struct StorageLimitsForm {
    /// Connections of everybody at the same time.
    #[schema(default = 4096, minimum = 1, maximum = 1_000_000)]
    connections: u32,
    /// Connections of one Agent at the same time.
    #[schema(default = 64, minimum = 1, maximum = 1_000_000)]
    agent_connections: u32,
    /// Requests per second of one Agent over a longer time; ten seconds' worth may come at once.
    #[schema(default = 200, minimum = 1, maximum = 1_000_000)]
    agent_requests_per_second: u32,
    /// Longest data set file that is taken, in bytes.
    #[schema(default = 134_217_792, minimum = 1, maximum = 134_217_792)]
    max_data_set_bytes: u64,
    /// What a user's current data set may take in each scope, in bytes; no quota if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null), minimum = 1)]
    quota_bytes: Option<u64>,
    /// From how much of the quota on storage warns, in percent.
    #[schema(default = 80, minimum = 1, maximum = 100)]
    quota_warning_percent: u8,
}

/// Checks the ranges.
///
/// # Errors
/// Which number is out of range, and what the range is.
pub(super) fn check(limits: &StorageLimits) -> Result<(), String> {
    for (name, value) in [
        ("connections", limits.connections),
        ("agent-connections", limits.agent_connections),
        ("agent-requests-per-second", limits.agent_requests_per_second),
    ] {
        if !(1..=MAX_RATE).contains(&value) {
            return Err(format!("{name} must be 1 to {MAX_RATE}, not {value}"));
        }
    }
    if !(1..=MAX_DATA_SET).contains(&limits.max_data_set_bytes) {
        return Err(format!(
            "max-data-set-bytes must be 1 to {MAX_DATA_SET}, not {}",
            limits.max_data_set_bytes
        ));
    }
    if !(1..=100).contains(&limits.quota_warning_percent) {
        return Err(format!("quota-warning-percent must be 1 to 100, not {}", limits.quota_warning_percent));
    }
    match limits.quota_bytes {
        Some(bytes) => size("quota-bytes", bytes),
        None => Ok(()),
    }
}

/// A number of bytes that every database can hold.
fn size(what: &str, bytes: u64) -> Result<(), String> {
    if bytes == 0 || i64::try_from(bytes).is_err() {
        return Err(format!("{what} must be 1 to {}, not {bytes}", i64::MAX));
    }
    Ok(())
}
