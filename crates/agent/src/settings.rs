//! What Group Policy says of the Agent on this machine: the values below [`POLICY_KEY`] in `HKEY_LOCAL_MACHINE`, which
//! `policy-templates/metaprofiles.admx` writes. `docs/reference/settings.md` says which source wins over which.
//!
//! A value that is not as it should be is told as a problem, and counts as not there.

mod value;

use std::{path::PathBuf, time::Duration};

use mp_profile::ImportMode;
use mp_protocol::{AgentPlan, AgentSettings, HoldProfile, StorageAway, Waits};
use mp_registry::{KeyPath, Name, Registry, Value};

use crate::report::Problem;

/// The key below `HKEY_LOCAL_MACHINE`.
pub const POLICY_KEY: &str = r"Software\Policies\MetaProfiles\Agent";

/// Code of a value that cannot be used.
const WRONG_VALUE: &str = "MP-AGT-100";
/// Code of a value that nobody reads.
const UNKNOWN_VALUE: &str = "MP-AGT-101";
/// Code of policies that cannot be read.
const NOT_READ: &str = "MP-AGT-102";

/// The settings by Group Policy; `None` where it says nothing.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PolicySettings {
    /// The Agent does nothing for sessions (`TurnOff`).
    pub turned_off: bool,
    /// Address of the console with which `enrol` joins the farm (`ConsoleAddress`).
    pub console_address: Option<String>,
    /// The state folder (`StateFolder`): an absolute path on a local drive, variables replaced.
    pub state_folder: Option<PathBuf>,
    /// How much is logged (`LogLevel`).
    pub log_level: Option<LogLevel>,
    /// Bytes that the spool may hold (`SpoolLimit`, in MiB).
    pub spool_limit: Option<u64>,
    /// Longest wait for the data sets at logon (`LogonWait`, in seconds), instead of the plan's.
    pub logon_wait: Option<Duration>,
    /// Longest wait for storage at logoff (`LogoffWait`, in seconds), instead of the plan's.
    pub logoff_wait: Option<Duration>,
    /// Whether logons wait for the import (`ImportMode`), instead of the plan's.
    pub import_mode: Option<ImportMode>,
    /// What a logon does when storage is away (`StorageAway`), instead of the plan's.
    pub storage_away: Option<StorageAway>,
    /// Whether profiles are kept loaded (`HoldProfile`), instead of the plan's.
    pub hold_profile: Option<HoldProfile>,
    /// Whether mandatory hives are protected (`ProtectHive`), instead of the plan's.
    pub protect_hive: Option<bool>,
    /// Minutes between the exports of a session that goes on (`CheckpointMinutes`), instead of the plan's; 0 for never.
    pub checkpoint_minutes: Option<u32>,
}

/// How much is logged; each level includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What is not as it should be.
    Warning,
    /// What was done.
    Information,
    /// How it was done.
    Debug,
    /// Every step.
    Trace,
}

impl LogLevel {
    /// The levels, as Group Policy and `METAPROFILES_LOG` name them.
    const NAMES: [(&'static str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warning),
        ("info", Self::Information),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];

    /// Its name, which is a directive of `METAPROFILES_LOG`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, level)| *level == self).map_or("error", |(name, _)| name)
    }
}

/// Names of [`ImportMode`], [`StorageAway`] and [`HoldProfile`], which are those of the plan.
const IMPORT_MODES: [(&str, ImportMode); 2] =
    [("synchronous", ImportMode::Synchronous), ("asynchronous", ImportMode::Asynchronous)];
const STORAGE_AWAY: [(&str, StorageAway); 4] = [
    ("go-on", StorageAway::GoOn),
    ("cached-copy", StorageAway::CachedCopy),
    ("message", StorageAway::Message),
    ("refuse-logon", StorageAway::RefuseLogon),
];
const HOLD_PROFILE: [(&str, HoldProfile); 2] = [("auto", HoldProfile::Auto), ("never", HoldProfile::Never)];

/// Takes a value into the settings, or says what was expected.
type Take = fn(&mut PolicySettings, &Value) -> Result<(), String>;

/// Every value that is read.
const SETTINGS: &[(&str, Take)] = &[
    ("TurnOff", |settings, value| value::switch(value).map(|on| settings.turned_off = on)),
    ("ConsoleAddress", |settings, value| {
        value::web_address(value).map(|address| settings.console_address = Some(address))
    }),
    ("StateFolder", |settings, value| {
        value::local_folder(value).map(|folder| settings.state_folder = Some(folder))
    }),
    ("LogLevel", |settings, value| {
        value::choice(value, &LogLevel::NAMES).map(|level| settings.log_level = Some(level))
    }),
    ("SpoolLimit", |settings, value| {
        value::number(value, 16..=1_048_576)
            .map(|mebibytes| settings.spool_limit = Some(u64::from(mebibytes) << 20))
    }),
    ("LogonWait", |settings, value| {
        value::number(value, 1..=600)
            .map(|seconds| settings.logon_wait = Some(Duration::from_secs(seconds.into())))
    }),
    ("LogoffWait", |settings, value| {
        value::number(value, 1..=600)
            .map(|seconds| settings.logoff_wait = Some(Duration::from_secs(seconds.into())))
    }),
    ("ImportMode", |settings, value| {
        value::choice(value, &IMPORT_MODES).map(|mode| settings.import_mode = Some(mode))
    }),
    ("StorageAway", |settings, value| {
        value::choice(value, &STORAGE_AWAY).map(|choice| settings.storage_away = Some(choice))
    }),
    ("HoldProfile", |settings, value| {
        value::choice(value, &HOLD_PROFILE).map(|choice| settings.hold_profile = Some(choice))
    }),
    ("ProtectHive", |settings, value| value::switch(value).map(|on| settings.protect_hive = Some(on))),
    ("CheckpointMinutes", |settings, value| {
        value::number(value, 0..=1440).map(|minutes| settings.checkpoint_minutes = Some(minutes))
    }),
];

impl PolicySettings {
    /// Reads the settings from a registry whose root is [`POLICY_KEY`]. What is wrong is told, and not used.
    #[must_use]
    pub fn read(policies: &dyn Registry) -> (Self, Vec<Problem>) {
        let (mut settings, mut problems) = (Self::default(), Vec::new());
        let mut problem = |code: &str, message: String| {
            problems.push(Problem { code: code.to_owned(), message });
        };
        let listing = match policies.list(&KeyPath::root()) {
            Ok(listing) => listing.unwrap_or_default(),
            Err(error) => return (settings, vec![Self::not_read(&error.to_string())]),
        };
        for (name, ..) in listing.values {
            let Some((known, take)) = SETTINGS.iter().find(|(known, _)| name.same(&Name::from(*known)))
            else {
                problem(
                    UNKNOWN_VALUE,
                    format!(
                        "Group Policy sets \"{name}\", which this version of the Agent does not know; check its spelling, or update the Agent"
                    ),
                );
                continue;
            };
            match policies.value(&KeyPath::root(), &name) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    if let Err(expected) = take(&mut settings, &value) {
                        let found = value::shown(&value);
                        problem(
                            WRONG_VALUE,
                            format!(
                                "Group Policy sets \"{known}\" to {found}, which is not used; expected {expected}"
                            ),
                        );
                    }
                }
                Err(error) => problem(NOT_READ, not_read(&error.to_string())),
            }
        }
        (settings, problems)
    }

    /// The problem that the settings cannot be read, for a reason.
    #[must_use]
    pub fn not_read(reason: &str) -> Problem {
        Problem { code: NOT_READ.to_owned(), message: not_read(reason) }
    }

    /// The names of all values that are read.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SETTINGS.iter().map(|(name, _)| *name)
    }

    /// What the plan says of sessions and profiles, with what Group Policy says in its place. Before the first plan, that of
    /// an empty one.
    #[must_use]
    pub fn over(&self, plan: Option<&AgentPlan>) -> AgentSettings {
        let plan = plan.map_or_else(AgentSettings::default, |plan| plan.settings.clone());
        AgentSettings {
            mode: self.import_mode.unwrap_or(plan.mode),
            storage_away: self.storage_away.unwrap_or(plan.storage_away),
            hold_profile: self.hold_profile.unwrap_or(plan.hold_profile),
            protect_hive: self.protect_hive.unwrap_or(plan.protect_hive),
            checkpoint_minutes: self.checkpoint_minutes.unwrap_or(plan.checkpoint_minutes),
            ..plan
        }
    }

    /// The plan's bounds on waits, with those of Group Policy in their place.
    #[must_use]
    pub fn waits(&self, plan: Waits) -> Waits {
        let milliseconds = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Waits {
            fetch_ms: self.logon_wait.map_or(plan.fetch_ms, milliseconds),
            logon_ms: self.logon_wait.map_or(plan.logon_ms, milliseconds),
            upload_ms: self.logoff_wait.map_or(plan.upload_ms, milliseconds),
            // The whole logoff takes at least as long as what it waits for.
            logoff_ms: self.logoff_wait.map_or(plan.logoff_ms, |span| plan.logoff_ms.max(milliseconds(span))),
            ..plan
        }
    }
}

fn not_read(reason: &str) -> String {
    format!("the Agent's Group Policy settings cannot be read and are not used: {reason}")
}
