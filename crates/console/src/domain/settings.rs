//! The settings of an Agent Server Group, as the API and the configuration file show them. Unlike the plan, which must be
//! readable by Agents of other versions, both refuse fields that they do not know.

use mp_profile::{ImportMode, OnConflict};
use mp_protocol::{AgentSettings, HoldProfile, StorageAway, Waits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the Agents of a group treat sessions and profiles.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(
    remote = "AgentSettings",
    rename_all = "kebab-case",
    default = "AgentSettings::default",
    deny_unknown_fields
)]
#[schema(as = AgentSettings)]
pub(crate) struct AgentSettingsForm {
    /// Whether logons wait for the import at all; a data subset can only ask not to be waited for.
    #[serde(with = "ImportModeForm")]
    #[schema(value_type = ImportModeForm, default = "synchronous")]
    mode: ImportMode,
    /// What a logon does when storage does not answer in time.
    #[serde(with = "StorageAwayForm")]
    #[schema(value_type = StorageAwayForm, default = "go-on")]
    storage_away: StorageAway,
    /// Whether an Agent keeps a profile loaded until its export is done.
    #[serde(with = "HoldProfileForm")]
    #[schema(value_type = HoldProfileForm, default = "auto")]
    hold_profile: HoldProfile,
    /// Whether a loaded mandatory hive gets an access list with which other users cannot open it.
    #[schema(default = true)]
    protect_hive: bool,
    /// How often a session with changes is exported while it goes on, in minutes, up to 1440; 0 for never.
    #[schema(default = 15, maximum = 1440)]
    checkpoint_minutes: u32,
    /// Whether local and roaming profiles, which take no import, are exported as a source for migration.
    #[schema(default = true)]
    capture_local_profiles: bool,
    /// Whether a session that is connected again merges what other sessions have stored meanwhile.
    #[schema(default = false)]
    merge_newer_on_connect: bool,
}

/// Whether a logon waits for an import.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(remote = "ImportMode", rename_all = "kebab-case")]
#[schema(as = ImportMode)]
pub(crate) enum ImportModeForm {
    /// The desktop appears after the import, or when the bound for it is over.
    Synchronous,
    /// The desktop appears at once; the import is done behind it.
    Asynchronous,
}

/// Which content stays where two sessions of a user changed the same in different ways; the other one is reported and kept in
/// the history.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(remote = "OnConflict", rename_all = "kebab-case")]
#[schema(as = OnConflict)]
pub(crate) enum OnConflictForm {
    /// That of the session whose export reaches storage later.
    NewestSessionWins,
    /// That which storage has already.
    KeepTheirs,
    /// That of the session that exports or merges now.
    KeepMine,
}

/// What a logon does when storage does not answer in time.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(remote = "StorageAway", rename_all = "kebab-case")]
#[schema(as = StorageAway)]
enum StorageAwayForm {
    /// It goes on with the mandatory profile.
    GoOn,
    /// It takes the data set that the host saw last.
    CachedCopy,
    /// It goes on, and the user is told.
    Message,
    /// The user is told, and logged off again.
    RefuseLogon,
}

/// Whether an Agent keeps a profile loaded until its export is done.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(remote = "HoldProfile", rename_all = "kebab-case")]
#[schema(as = HoldProfile)]
enum HoldProfileForm {
    /// When no logoff script will tell the Agent that the session ends.
    Auto,
    /// Only the logoff script exports.
    Never,
}

/// Bounds on every wait of a session, in milliseconds.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(remote = "Waits", rename_all = "kebab-case", default = "Waits::default", deny_unknown_fields)]
#[schema(as = Waits)]
pub(crate) struct WaitsForm {
    /// For a connection, TLS included.
    #[schema(default = 3_000, minimum = 100, maximum = 60_000)]
    connect_ms: u64,
    /// For the data sets at logon.
    #[schema(default = 10_000, minimum = 100, maximum = 600_000)]
    fetch_ms: u64,
    /// For storage's acknowledgement at logoff; past it the data set waits in the spool.
    #[schema(default = 5_000, minimum = 100, maximum = 600_000)]
    upload_ms: u64,
    /// For the whole logon; past it the session goes on without what is missing.
    #[schema(default = 20_000, minimum = 100, maximum = 600_000)]
    logon_ms: u64,
    /// For the logon script, after the session's event; past it the Agent begins by itself.
    #[schema(default = 30_000, minimum = 100, maximum = 600_000)]
    helper_grace_ms: u64,
    /// For the user's hive to be loaded after the session's event.
    #[schema(default = 10_000, minimum = 100, maximum = 600_000)]
    hive_ms: u64,
    /// For the whole logoff; past it what is in the spool is sent later.
    #[schema(default = 30_000, minimum = 100, maximum = 600_000)]
    logoff_ms: u64,
    /// For other work of the Agent for the same user to end.
    #[schema(default = 10_000, minimum = 100, maximum = 600_000)]
    lock_ms: u64,
}

/// Longest time between checkpoints: a day.
const MAX_CHECKPOINT_MINUTES: u32 = 1_440;
/// Shortest bound of a wait: below it nothing on a network is in time.
const MIN_WAIT_MS: u64 = 100;
/// Longest bound for a connection.
const MAX_CONNECT_MS: u64 = 60_000;
/// Longest bound of any other wait: Windows ends scripts of a logon after 600 seconds (policy "Specify maximum wait time for
/// Group Policy scripts").
const MAX_WAIT_MS: u64 = 600_000;

/// Checks the ranges.
///
/// # Errors
/// Which field is out of range, and what the range is.
pub(super) fn check(settings: &AgentSettings, waits: &Waits) -> Result<(), String> {
    if settings.checkpoint_minutes > MAX_CHECKPOINT_MINUTES {
        return Err(format!(
            "checkpoint-minutes must be 0 (never) to {MAX_CHECKPOINT_MINUTES}, not {}",
            settings.checkpoint_minutes
        ));
    }
    let Waits { connect_ms, fetch_ms, upload_ms, logon_ms, helper_grace_ms, hive_ms, logoff_ms, lock_ms } =
        *waits;
    for (name, value, most) in [
        ("connect-ms", connect_ms, MAX_CONNECT_MS),
        ("fetch-ms", fetch_ms, MAX_WAIT_MS),
        ("upload-ms", upload_ms, MAX_WAIT_MS),
        ("logon-ms", logon_ms, MAX_WAIT_MS),
        ("helper-grace-ms", helper_grace_ms, MAX_WAIT_MS),
        ("hive-ms", hive_ms, MAX_WAIT_MS),
        ("logoff-ms", logoff_ms, MAX_WAIT_MS),
        ("lock-ms", lock_ms, MAX_WAIT_MS),
    ] {
        if !(MIN_WAIT_MS..=most).contains(&value) {
            return Err(format!("the wait {name} must be {MIN_WAIT_MS} to {most} milliseconds, not {value}"));
        }
    }
    Ok(())
}
