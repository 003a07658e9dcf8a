use std::time::Duration;

use mp_dataset::ProfileKind;

use super::action::{JobNumber, Timer};
use crate::SessionId;

/// Something that a user's machine is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The host told of a change of one of the user's sessions (`SERVICE_CONTROL_SESSIONCHANGE`).
    Session {
        /// The session.
        session: SessionId,
        /// Its logon, when the host could still tell.
        logon: Option<u64>,
        /// What happened to it.
        change: SessionChange,
    },
    /// All sessions that the user has on the host now. It corrects whatever events were lost.
    Sessions(Vec<Present>),
    /// A program in one of the user's sessions asks for something, and waits for the answer.
    Request {
        /// Tells this request from every other one of the user.
        number: RequestNumber,
        /// The session in which the program runs.
        session: SessionId,
        /// Its logon, when the host could tell.
        logon: Option<u64>,
        /// What it asks for.
        request: Request,
    },
    /// An armed timer has run out.
    Timer(Timer),
    /// A job has ended.
    Ended {
        /// Which one.
        job: JobNumber,
        /// How.
        end: JobEnd,
    },
    /// Something may have changed in the profile.
    Changed,
    /// The service stops, or the machine shuts down.
    Stop {
        /// Whether the machine shuts down, which leaves another time for the rest.
        shutdown: bool,
    },
}

/// What happened to a session; the names are those of the `WTS_SESSION_…` codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionChange {
    /// A user logged on (5).
    Logon,
    /// The user logs off; the session is still there for a while (6).
    Logoff,
    /// A client was connected, at the console or from afar (1, 3).
    Connect,
    /// The client was disconnected (2, 4).
    Disconnect,
    /// The session was locked (7).
    Lock,
    /// It was unlocked (8).
    Unlock,
}

/// A session that is on the host now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Present {
    /// Its number.
    pub session: SessionId,
    /// Its logon.
    pub logon: u64,
    /// How long ago that was, when the host tells.
    pub age: Option<Duration>,
}

/// Number of a request, given by whoever forwards it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestNumber(pub u64);

/// What a program in a session may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// The logon script: import, and say when the desktop may appear.
    Logon,
    /// The logoff script: export, and say when the session may end.
    Logoff,
    /// Registry tasks and policies again.
    Refresh,
}

/// How a job ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobEnd {
    /// [`super::Job::Look`]: the hive is loaded.
    Found {
        /// Kind of the profile.
        kind: ProfileKind,
        /// What the marker says about this load of the hive.
        marker: Marker,
    },
    /// The hive is not loaded, or not any more.
    NotLoaded,
    /// All was done.
    Done,
    /// Some could not be done and may be done later: a data set could not be had, an export waits in the spool.
    Partly,
    /// [`super::Job::Import`]: what the logon waits for was brought in, and the rest is to follow at once.
    RestFollows,
    /// Nothing was done.
    Failed,
}

/// What the marker says about a load of the hive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Marker {
    /// There is none: nothing was imported into this load.
    None,
    /// The import was complete.
    Merged,
    /// What the logon waited for was imported, and the rest was to follow at once.
    Begun,
    /// The import was not complete.
    NotMerged,
    /// It was exported for good, and what is known of the session was removed.
    Over,
}
