//! The options by which a group says how its Agents treat sessions and profiles.

use mp_profile::ImportMode;
use serde_json::{Value, json};

/// Options of a group; those that are not given leave what is there.
#[derive(clap::Args)]
pub(super) struct AgentSettings {
    /// Whether logons wait for the import at all
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// What a logon does when storage does not answer in time
    #[arg(long, value_enum)]
    storage_away: Option<StorageAway>,
    /// Whether the Agent keeps a profile loaded until its export is done
    #[arg(long, value_enum)]
    hold_profile: Option<HoldProfile>,
    /// Keep other users out of a loaded mandatory hive
    #[arg(long, value_name = "true|false")]
    protect_hive: Option<bool>,
    /// How often a session with changes is exported while it goes on; 0 for never
    #[arg(long, value_name = "MINUTES")]
    checkpoint_minutes: Option<u32>,
    /// Export local and roaming profiles as a source for migration
    #[arg(long, value_name = "true|false")]
    capture_local_profiles: Option<bool>,
    /// Merge what other sessions stored when a session is connected again
    #[arg(long, value_name = "true|false")]
    merge_newer_on_connect: Option<bool>,
    /// The bound of a wait, such as fetch=10000; several times for several. The waits are connect, fetch, upload, logon,
    /// helper-grace, hive, logoff, lock
    #[arg(long, value_name = "NAME=MILLISECONDS", value_parser = wait)]
    wait: Vec<(String, u64)>,
}

/// Whether a logon waits, as a word of the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Mode {
    Synchronous,
    Asynchronous,
}

impl From<Mode> for ImportMode {
    fn from(word: Mode) -> Self {
        match word {
            Mode::Synchronous => Self::Synchronous,
            Mode::Asynchronous => Self::Asynchronous,
        }
    }
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum StorageAway {
    GoOn,
    CachedCopy,
    Message,
    RefuseLogon,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum HoldProfile {
    Auto,
    Never,
}

const WAITS: [&str; 8] = ["connect", "fetch", "upload", "logon", "helper-grace", "hive", "logoff", "lock"];

fn wait(text: &str) -> Result<(String, u64), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=MILLISECONDS, such as fetch=10000")?;
    if !WAITS.contains(&name) {
        return Err(format!("there is no wait \"{name}\"; they are {}", WAITS.join(", ")));
    }
    let value = value.parse().map_err(|_| format!("\"{value}\" is no number of milliseconds"))?;
    Ok((format!("{name}-ms"), value))
}

impl AgentSettings {
    pub(super) fn put_into(&self, group: &mut Value) {
        let settings = [
            ("mode", self.mode.map(word)),
            ("storage-away", self.storage_away.map(word)),
            ("hold-profile", self.hold_profile.map(word)),
            ("protect-hive", self.protect_hive.map(Value::from)),
            ("checkpoint-minutes", self.checkpoint_minutes.map(Value::from)),
            ("capture-local-profiles", self.capture_local_profiles.map(Value::from)),
            ("merge-newer-on-connect", self.merge_newer_on_connect.map(Value::from)),
        ];
        for (name, value) in settings {
            if let Some(value) = value {
                group["settings"][name] = value;
            }
        }
        for (name, value) in &self.wait {
            group["waits"][name] = json!(value);
        }
    }
}

/// The console knows these by the same words.
fn word<T: clap::ValueEnum>(value: T) -> Value {
    value.to_possible_value().map_or(Value::Null, |value| Value::from(value.get_name()))
}
