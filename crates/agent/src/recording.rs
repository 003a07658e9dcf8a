//! What was seen of one logon and logoff on a real session host, and what it says about the behaviours that this product
//! relies on and Microsoft does not document (`docs/windows-evidence.md`).

mod answers;
mod event_log;

use serde::{Deserialize, Serialize};

pub use answers::answers;
pub use event_log::logged_events;

/// Longest recording in observations; further ones are counted only.
pub const MAX_OBSERVATIONS: usize = 20_000;

/// A recording, as one file that an administrator can send. It holds SIDs, times, access lists and the program for web addresses, and
/// no other settings.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Recording {
    /// The machine: name, Windows' version, the Agent's version.
    pub machine: Vec<(String, String)>,
    /// How often was looked, in milliseconds: times are that coarse.
    pub every_ms: u64,
    /// What was seen, in order.
    pub observations: Vec<Observation>,
    /// Observations beyond [`MAX_OBSERVATIONS`].
    #[serde(default)]
    pub left_out: u64,
    /// Facts about the machine that need no session: `redirection-guard`, `ucpd`, `other-product`.
    pub facts: Vec<(String, String)>,
    /// What they say.
    pub answers: Vec<RecordedAnswer>,
}

/// Something seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// Milliseconds since the recording began.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub seen: Seen,
}

/// What can be seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "seen", rename_all = "kebab-case")]
pub enum Seen {
    /// `HKEY_USERS\<SID>` is there, with its access list in text form.
    HiveLoaded {
        /// The user.
        sid: String,
        /// The root's access list (SDDL), or why it cannot be had.
        access: String,
    },
    /// It is gone.
    HiveUnloaded {
        /// The user.
        sid: String,
    },
    /// The access list of a loaded hive changed.
    HiveAccess {
        /// The user.
        sid: String,
        /// The new list.
        access: String,
    },
    /// `State` and `RefCount` of the user's key in the profile list; `None` where there is no such value.
    ProfileEntry {
        /// The user.
        sid: String,
        /// `State`.
        state: Option<u32>,
        /// `RefCount`.
        references: Option<u32>,
        /// `CentralProfile`: the folder that the profile was copied from, if any.
        #[serde(default)]
        central: Option<String>,
    },
    /// Whether the local folder of the user's profile is there.
    ProfileFolder {
        /// The user.
        sid: String,
        /// It is.
        exists: bool,
    },
    /// The program that the user has chosen for a scheme of addresses (`UserChoice`).
    DefaultProgram {
        /// The user.
        sid: String,
        /// The scheme, such as `http`.
        scheme: String,
        /// The program's identifier.
        program: Option<String>,
    },
    /// What `check --keys` has found in the user's session.
    KeysProbe {
        /// The user.
        sid: String,
        /// What.
        outcome: KeysProbe,
    },
    /// A loaded hive was read in two ways.
    Snapshot {
        /// The user.
        sid: String,
        /// What that took and gave.
        #[serde(flatten)]
        timing: SnapshotTiming,
    },
    /// A session has this user now (none: nobody is logged on).
    Session {
        /// The session.
        session: u32,
        /// The user.
        sid: Option<String>,
        /// Whether a client is connected.
        connected: bool,
    },
    /// A session is gone.
    SessionGone {
        /// The session.
        session: u32,
    },
    /// A program that matters started.
    Started {
        /// Its file name in lower case.
        program: String,
        /// Its session.
        session: u32,
        /// Its number.
        process: u32,
    },
    /// It ended.
    Ended {
        /// Its file name in lower case.
        program: String,
        /// Its session.
        session: u32,
        /// Its number.
        process: u32,
    },
    /// An event that Windows logged meanwhile.
    Logged {
        /// The log.
        log: String,
        /// Number of the event.
        id: u32,
        /// Its own time, as the log has it.
        time: String,
        /// The user whom it is about, if it names one.
        #[serde(default)]
        user: Option<String>,
        /// Its values, in order.
        #[serde(default)]
        details: Vec<String>,
    },
}

/// What became of something that DPAPI has encrypted for a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeysProbe {
    /// It was made in this session.
    Made,
    /// It was there, and could be decrypted.
    Kept,
    /// It was there, and could not be decrypted.
    Lost,
}

impl KeysProbe {
    /// The word under which it is kept in the user's registry.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Kept => "kept",
            Self::Lost => "lost",
        }
    }

    /// What a word says.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Made, Self::Kept, Self::Lost].into_iter().find(|outcome| outcome.word() == word)
    }
}

/// The same hive enumerated key by key, and saved by `RegSaveKeyEx` and read from that file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SnapshotTiming {
    /// Values that were enumerated.
    pub values: usize,
    /// Time for enumerating them, in microseconds.
    pub enumerate_us: u64,
    /// Time for saving the hive, in microseconds.
    pub save_us: u64,
    /// Time for reading the file, in microseconds.
    pub read_us: u64,
    /// Length of the file in bytes.
    pub bytes: usize,
    /// Keys and values that only one of both has, or that differ. Volatile keys are in no file.
    pub differences: usize,
    /// Why there is no snapshot to compare with.
    #[serde(default)]
    pub failed: Option<String>,
}

/// What the recording says about one behaviour.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordedAnswer {
    /// Number in the list of `docs/windows-evidence.md`.
    pub item: u32,
    /// The behaviour.
    pub behaviour: String,
    /// Whether it is so.
    pub verdict: Verdict,
    /// What was seen, or what would have to be done for it to be seen.
    pub because: String,
}

/// Whether a behaviour is as expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is.
    Pass,
    /// It is not.
    Fail,
    /// The recording does not show it.
    NotSeen,
}

impl Recording {
    /// Notes what was seen.
    pub fn note(&mut self, at: u64, seen: Seen) {
        if self.observations.len() < MAX_OBSERVATIONS {
            self.observations.push(Observation { at, seen });
        } else {
            self.left_out += 1;
        }
    }

    /// Puts observations that were noted later than they were made where they belong.
    pub fn put_in_order(&mut self) {
        self.observations.sort_by_key(|one| one.at);
    }

    /// How many whole logons and logoffs were seen: a hive came and went. One that was there from the start does not count.
    #[must_use]
    pub fn days(&self) -> usize {
        let mut loaded = Vec::new();
        let mut days = 0;
        for one in &self.observations {
            match &one.seen {
                Seen::HiveLoaded { sid, .. } if one.at > 0 => loaded.push(sid),
                Seen::HiveUnloaded { sid } if loaded.contains(&sid) => {
                    loaded.retain(|other| *other != sid);
                    days += 1;
                }
                _ => {}
            }
        }
        days
    }
}
