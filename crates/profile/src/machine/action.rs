use std::time::Duration;

use super::event::RequestNumber;
use crate::SessionId;

/// What a machine wants done, in the order of its list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Keep the profile loaded.
    TakeHold(SessionId),
    /// Let it go again. It is also done when taking the hold failed, or gave none.
    ReleaseHold,
    /// Replace the access list of a mandatory hive.
    Protect,
    /// Begin a job. There is one at a time; its end is told by [`super::Event::Ended`].
    Start {
        /// Number by which its end is told.
        job: JobNumber,
        /// What is to be done.
        work: Job,
    },
    /// Ask the running job to end early: from now on it must not begin to write into a profile. Its end is still to be told.
    Cancel(JobNumber),
    /// Answer a request, once and for all.
    Answer {
        /// Which one.
        request: RequestNumber,
        /// What to say.
        answer: Answer,
    },
    /// Tell this timer's end after this time; it replaces the one that is armed.
    Arm(Timer, Duration),
    /// Forget a timer.
    Disarm(Timer),
    /// Say which sessions the user has, by [`super::Event::Sessions`].
    ListSessions,
    /// Tell the programs of a session that settings have changed.
    Refresh(SessionId),
    /// The settings are not in a session that begins, which no script was told: tell its user, if the plan says so.
    TellMissing(SessionId),
    /// The same, where the plan refuses such a logon: tell the user, and log them off. Nothing is exported of it.
    Refuse(SessionId),
    /// Remove what is kept about this load of the hive, and note in it, if it is still loaded, that it is over.
    Forget,
    /// Put this into the record of what happened.
    Report(Incident),
    /// The service may end as far as this user is concerned.
    Stopped,
}

/// Number of a job of one user.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct JobNumber(pub u64);

/// Work that may take long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Job {
    /// Find out whether the hive is loaded, the kind of the profile, and what the marker says.
    Look,
    /// Bring the data sets into the profile.
    Import,
    /// Bring in what the logon did not wait for, or could not have, where the session has changed nothing.
    LateMerge,
    /// Bring in what other sessions have stored meanwhile, where this one has changed nothing.
    MergeNewer,
    /// Registry tasks and policies.
    Tasks,
    /// Export what changed, and put it into the spool.
    Export {
        /// When it is done.
        kind: ExportKind,
        /// What may become of it.
        aim: Aim,
    },
    /// Send what waits in the user's spool.
    Upload,
}

/// When an export is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportKind {
    /// In the midst of a session.
    Checkpoint,
    /// At the end of the user's last session.
    Final,
}

/// What may become of an export. Whoever does it looks at the marker as well, and takes the more careful way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aim {
    /// It replaces what was merged into this load of the hive.
    Replace,
    /// It becomes the first data set, and replaces none: the profile is captured for migration.
    First,
    /// It is kept beside what is stored.
    Beside,
}

/// Answer to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The settings are in the profile.
    Merged,
    /// They are not, and the session goes on as the plan says.
    NotMerged,
    /// Nothing is done for this profile.
    LeftAlone,
    /// Registry tasks and policies were applied.
    Refreshed,
    /// The export is stored.
    Stored,
    /// The export waits in the spool.
    Spooled,
    /// Nothing was exported.
    NotExported,
    /// It is still being done; the wait is over.
    Continue,
    /// The service stops.
    Stopping,
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Timer {
    /// For the logon script.
    Grace,
    /// For the hive.
    Hive,
    /// For the next checkpoint.
    Checkpoint,
    /// For the next try to merge late.
    LateMerge,
    /// For the session to end after its logoff script.
    SessionEnd,
    /// For the session to be gone after its LOGOFF.
    Gone,
    /// For the release of a former load of the hive.
    Release,
    /// For the running job to end.
    Job,
    /// For the last work before the service stops.
    Stop,
    /// For the answer to a request.
    Request(RequestNumber),
}

/// Something that an administrator should know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Incident {
    /// The hive did not appear in time; the session is left alone.
    HiveNeverLoaded,
    /// A session was found that nothing was imported into; its export is kept beside.
    Adopted,
    /// The import failed as a whole; the session's export is kept beside.
    ImportFailed,
    /// The last export of a load of the hive failed.
    ExportFailed,
    /// The hive was unloaded before it was exported.
    HiveGone,
    /// A new logon waited too long for the former load of the hive, and the hold was released by force.
    HoldForced,
    /// A job did not end in time; everything goes on without it.
    JobHangs,
    /// The service had to stop before its last work was done.
    StopForced,
}
