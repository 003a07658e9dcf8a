//! What was seen of one logon and logoff on a real session host, and what it says about the behaviours that this product
//! relies on and Microsoft does not document (`docs/windows-evidence.md`).

mod answers;

use serde::{Deserialize, Serialize};

pub use answers::answers;

/// Longest recording in observations; further ones are counted only.
pub const MAX_OBSERVATIONS: usize = 20_000;

/// A recording, as one file that an administrator can send. It holds SIDs and times, and no settings.
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
    },
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

    /// Whether a whole logon and logoff of one user was seen: the hive came and went.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.observations.iter().any(|one| match &one.seen {
            Seen::HiveUnloaded { sid } => answers::loaded(self, sid).is_some_and(|at| at < one.at),
            _ => false,
        })
    }
}
