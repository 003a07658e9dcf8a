use mp_profile::{DataSubset, ImportMode};
use serde::{Deserialize, Serialize};

/// What an Agent Server Group says of how its Agents treat sessions and profiles. Each field that an older console does not
/// send has its default.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct AgentSettings {
    /// Whether logons wait for the import at all.
    pub mode: ImportMode,
    /// What a logon does when storage does not answer in time.
    pub storage_away: StorageAway,
    /// Whether the Agent keeps a user's profile loaded until its export is done.
    pub hold_profile: HoldProfile,
    /// Whether a loaded mandatory hive gets an access list with which other users cannot open it.
    pub protect_hive: bool,
    /// How often a session with changes is exported while it goes on, in minutes; 0 for never.
    pub checkpoint_minutes: u32,
    /// Whether local and roaming profiles, which take no import, are exported as a source for migration. Such an export
    /// becomes a user's first data set, or is kept beside the stored one, and replaces nothing.
    pub capture_local_profiles: bool,
    /// Whether a session that is connected again merges what other sessions have stored meanwhile.
    pub merge_newer_on_connect: bool,
}

impl AgentSettings {
    /// Minutes between checkpoints when the administrator says nothing.
    pub const DEFAULT_CHECKPOINT_MINUTES: u32 = 15;

    /// Whether a logon waits for this data subset: only when the group's logons wait at all, and the data subset asks for it.
    #[must_use]
    pub fn import_of(&self, subset: &DataSubset) -> ImportMode {
        match (self.mode, subset.import) {
            (ImportMode::Synchronous, ImportMode::Synchronous) => ImportMode::Synchronous,
            _ => ImportMode::Asynchronous,
        }
    }
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            mode: ImportMode::Synchronous,
            storage_away: StorageAway::GoOn,
            hold_profile: HoldProfile::Auto,
            protect_hive: true,
            checkpoint_minutes: Self::DEFAULT_CHECKPOINT_MINUTES,
            // A farm fills its storage before it turns to mandatory profiles; since a capture replaces nothing, it cannot harm.
            capture_local_profiles: true,
            merge_newer_on_connect: false,
        }
    }
}

/// What a logon does when storage does not answer in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageAway {
    /// The session goes on with the mandatory profile. Its export replaces nothing until it was merged with what is stored.
    #[default]
    GoOn,
    /// The session gets the data set that this host saw last. Its export replaces nothing until storage confirms that
    /// version.
    CachedCopy,
    /// As `GoOn`, and the user is told in the session.
    Message,
    /// The user is told, and logged off again.
    RefuseLogon,
}

/// Whether the Agent keeps a profile loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldProfile {
    /// When no logoff script will tell the Agent that the session ends.
    #[default]
    Auto,
    /// Never; only the logoff script exports then.
    Never,
}

/// Bounds on every wait of a session, in milliseconds. Each field that an older console does not send has its default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Waits {
    /// For a connection, TLS included.
    pub connect_ms: u64,
    /// For the data sets at logon, connection included.
    pub fetch_ms: u64,
    /// For storage's acknowledgement at logoff, connection included; past it the data set stays in the spool.
    pub upload_ms: u64,
    /// For the whole logon, from the event to the end of the import; past it the session goes on without what is missing.
    pub logon_ms: u64,
    /// After the session's event, for the logon script that does the import; past it the Agent begins by itself.
    pub helper_grace_ms: u64,
    /// For the user's hive to be loaded after the session's event.
    pub hive_ms: u64,
    /// For the whole logoff; past it what is in the spool is sent later.
    pub logoff_ms: u64,
    /// For other work of the Agent for the same user to end.
    pub lock_ms: u64,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            connect_ms: 3_000,
            fetch_ms: 10_000,
            upload_ms: 5_000,
            logon_ms: 20_000,
            helper_grace_ms: 30_000,
            hive_ms: 10_000,
            logoff_ms: 30_000,
            lock_ms: 10_000,
        }
    }
}
