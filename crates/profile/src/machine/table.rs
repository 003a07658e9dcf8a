//! What is decided in which state: the table that `docs/reference/session-states.md` prints.

use std::fmt;

/// Declares an enumeration whose values have a name and a sentence for the documentation, and can be listed.
macro_rules! listed {
    ($(#[$meta:meta])* $name:ident { $($variant:ident: $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name {
            $(#[doc = $text] $variant,)*
        }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// What it means, as one sentence without its full stop.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    };
}

listed! {
    /// Where the user's sessions on this host stand.
    State {
        Absent: "The user has no session here, and nothing is held or waited for",
        Detected: "There is a session; the hive is looked for, or the logon script waited for",
        Merging: "The data sets are being brought into the profile",
        Merged: "They are in the profile; registry tasks and policies are applied",
        MergeFailed: "They are not, or not all; registry tasks and policies are applied, and the session goes on without",
        Live: "The session goes on; what it still needs is done beside it",
        Exporting: "The last session ends or a logoff script waits: what changed is exported, the profile still held",
        Released: "The profile is let go; what was exported is sent, and the sessions are waited for to be gone",
        Stopping: "The service stops: a last checkpoint or export, the upload, the release",
    }
}

listed! {
    /// What can happen, sorted by what it means for the user.
    Input {
        SessionBegan: "A session that was not known: LOGON, a request from it, or the host's list",
        SessionResumed: "CONNECT or UNLOCK of a session that goes on",
        SessionPaused: "DISCONNECT or LOCK of a session that goes on",
        OneEnded: "LOGOFF of a session while others of the user go on",
        LastEnded: "LOGOFF of the user's last session, or the host's list no longer has it",
        AllGone: "The host's list has no session of the user",
        LogonRequest: "A logon script asks for the import",
        LogoffRequest: "A logoff script asks for the export",
        RefreshRequest: "A program asks for registry tasks and policies",
        Changed: "A hint that something in the profile has changed",
        HiveFound: "The look found the hive",
        HiveMissing: "The look found no hive, or could not tell",
        ImportDone: "An import ended, and all data sets are in the profile",
        ImportBegun: "An import ended, what the logon waits for is in the profile, and the rest is to follow",
        ImportPartly: "An import ended, and a data set could not be had",
        ImportFailed: "An import ended, and nothing is known to be in the profile",
        NewerMerged: "What other sessions had stored is in the profile, where this one had changed nothing",
        NothingNewer: "Nothing newer was merged",
        TasksDone: "Registry tasks and policies are applied",
        Exported: "An export is in the spool, or there was nothing new",
        ExportFailed: "An export failed, the hive being there",
        HiveGone: "An export failed because the hive was gone",
        Uploaded: "All that waited is stored, or it stays in the spool",
        OldJobEnded: "A job that was given up ended",
        GraceOver: "The logon script was not seen in time",
        HivePoll: "It is time to look for the hive again",
        CheckpointDue: "It is time for a checkpoint",
        LateMergeDue: "It is time to try a late merge",
        SessionEndOver: "A session did not end after its logoff script",
        GonePoll: "It is time to look whether the sessions are gone",
        ReleaseOver: "A new logon has waited long enough for the former load of the hive",
        Stop: "The service stops or the machine shuts down",
        StopOver: "The last work before the stop has taken too long",
    }
}

listed! {
    /// What is decided.
    Rule {
        Ignore: "nothing is to be done",
        Later: "it is remembered, and done as soon as the running job has ended",
        Detect: "a load of the hive begins for us: look for it",
        LookAgain: "look whether the session shares the load of the hive that is known",
        Recheck: "if the marker is gone this is another load, which is detected anew; otherwise nothing changes",
        Verify: "if the marker is gone this is another load, and nothing more is exported; otherwise nothing changes",
        Distrust: "if the profile is not held it may be another load now, and nothing more is exported from it",
        Settle: "decide by kind of profile, marker and age: take the hold, import, wait for the logon script, or leave alone",
        AwaitHive: "look again after a while, a bounded number of times; then leave the session alone",
        Look: "look for the hive",
        Import: "import now",
        BeginImport: "import now if the hive is found and nothing was imported into it; the answer waits for it, within its bound",
        NoteMerged: "the load of the hive counts as merged: its export may replace; if the session goes on, tasks are next",
        NoteBegun: "the load counts as merged for the logon; the rest is merged before anything is exported; if the session goes on, tasks are next",
        NoteNotMerged: "the load counts as not merged: its export is kept beside until a late merge is complete; if the session goes on, tasks are next",
        NoteFailed: "the load counts as never merged: its export is kept beside; if the session goes on, tasks are next",
        LateMerged: "the load counts as merged now, and the sessions are refreshed",
        LateAgain: "what is missing stays missing for now: try again after a while",
        NoRest: "what is missing stays missing: the export is kept beside",
        GoOn: "the session is live: answer logon scripts, refresh if nobody waited",
        AnswerStanding: "answer at once with what is known of this load",
        Checkpoint: "export what changed; the sessions go on",
        Reapply: "apply registry tasks and policies again, and merge what others have stored meanwhile if the plan says so",
        Refreshed: "the sessions are refreshed",
        ReapplyAndAnswer: "apply registry tasks and policies again, then answer",
        ArmCheckpoint: "arm the timer of the next checkpoint, unless it is",
        LateMerge: "merge late, only what the session has not changed",
        Export: "export now; after the answer the session is expected to end",
        GiveUp: "stop waiting for the hive or the logon script; what was begun ends first",
        Leave: "the last export begins, after a look that is due if the profile is not held",
        LastPass: "one more cheap export, then let the profile go",
        PassAtGone: "one more cheap export unless the last pass has begun, then let the profile go",
        AfterExport: "send what was exported; let the profile go if this was the last pass, otherwise wait for the session's end",
        AfterCheckpoint: "send what was exported",
        AfterFailure: "scripts are told; at the end of the last session another pass is tried once, then the failure is kept",
        AfterGone: "scripts are told; the profile is let go, and the failure is kept unless an earlier pass was exported",
        Doubt: "scripts are told; the host is asked for its sessions, since an event may have been lost",
        FailLast: "scripts are told, and the failure is kept",
        AnswerExport: "tell the logoff scripts whose export this was",
        AwaitRelease: "the new session waits for the profile to be let go, within a bound; then it is detected anew",
        ForceRelease: "give up the running job, let the profile go by force, and detect the new session anew",
        Resume: "the session did not end: it is live again, and what was exported was a checkpoint",
        PollGone: "ask the host for its sessions; after a bounded number of times they count as gone",
        SecondPass: "export once more for the logoff script, then let go again",
        Vanish: "if nothing runs or is due, forget the load of the hive, unless its last export could be put nowhere",
        StopNow: "a last checkpoint or export, the upload, the release, within the bound of the stop",
        ForceStop: "give up the running job, let the profile go, answer everyone, and end",
    }
}

/// What is decided when `input` comes in `state`.
#[must_use]
pub const fn rule(state: State, input: Input) -> Rule {
    use Input as I;
    use Rule as R;
    match (state, input) {
        (State::Stopping, I::LogonRequest | I::RefreshRequest) => R::AnswerStanding,
        (State::Stopping, I::LogoffRequest) => R::SecondPass,
        (State::Stopping, I::ImportDone) => R::NoteMerged,
        (State::Stopping, I::ImportBegun) => R::NoteBegun,
        (State::Stopping, I::ImportPartly) => R::NoteNotMerged,
        (State::Stopping, I::ImportFailed) => R::NoteFailed,
        (State::Stopping, I::Exported) => R::AfterCheckpoint,
        (State::Stopping, I::ExportFailed | I::HiveGone) => R::FailLast,
        (State::Stopping, I::Uploaded) => R::AnswerExport,
        (State::Stopping, I::SessionBegan) => R::Distrust,
        (State::Stopping, I::HiveFound) => R::Verify,
        (State::Stopping, I::TasksDone | I::NewerMerged | I::NothingNewer) => R::Later,
        (State::Stopping, I::HiveMissing | I::OldJobEnded) => R::Later,
        (State::Stopping, I::StopOver) => R::ForceStop,
        (State::Stopping, _) => R::Ignore,

        // These mean the same in all other states.
        (_, I::Stop) => R::StopNow,
        (_, I::StopOver) => R::Ignore,
        (_, I::OldJobEnded) => R::Later,

        (State::Absent, I::SessionBegan) => R::Detect,
        (State::Absent, I::LogonRequest | I::LogoffRequest | I::RefreshRequest) => R::AnswerStanding,
        (State::Absent, _) => R::Ignore,

        (State::Detected, I::SessionBegan) => R::LookAgain,
        (State::Detected, I::OneEnded | I::LogoffRequest) => R::Later,
        (State::Detected, I::LastEnded | I::AllGone) => R::GiveUp,
        (State::Detected, I::LogonRequest) => R::BeginImport,
        (State::Detected, I::RefreshRequest) => R::ReapplyAndAnswer,
        (State::Detected, I::HiveFound) => R::Settle,
        (State::Detected, I::HiveMissing) => R::AwaitHive,
        (State::Detected, I::GraceOver) => R::Import,
        (State::Detected, I::HivePoll) => R::Look,
        (State::Detected, I::Uploaded) => R::AnswerExport,
        (State::Detected, _) => R::Ignore,

        (State::Merging, I::ImportDone) => R::NoteMerged,
        (State::Merging, I::ImportBegun) => R::NoteBegun,
        (State::Merging, I::ImportPartly) => R::NoteNotMerged,
        (State::Merging, I::ImportFailed) => R::NoteFailed,

        (State::Merged | State::MergeFailed, I::TasksDone) => R::GoOn,

        (State::Merged | State::MergeFailed, I::OneEnded | I::SessionPaused | I::CheckpointDue) => {
            R::Checkpoint
        }
        (State::Merged | State::MergeFailed, I::Changed) => R::ArmCheckpoint,
        (State::Merging | State::Merged | State::MergeFailed, I::SessionBegan) => R::LookAgain,
        (State::Merging | State::Merged | State::MergeFailed, I::LastEnded | I::AllGone) => R::Later,
        (State::Merging | State::Merged | State::MergeFailed, I::LogonRequest | I::LogoffRequest) => R::Later,
        (State::Merging | State::Merged | State::MergeFailed, I::RefreshRequest) => R::ReapplyAndAnswer,
        (State::Merging | State::Merged | State::MergeFailed, _) => R::Ignore,

        (State::Live, I::SessionBegan) => R::LookAgain,
        (State::Live, I::SessionResumed) => R::Reapply,
        (State::Live, I::SessionPaused | I::OneEnded | I::CheckpointDue) => R::Checkpoint,
        (State::Live, I::LastEnded | I::AllGone) => R::Leave,
        (State::Live, I::LogonRequest) => R::AnswerStanding,
        (State::Live, I::LogoffRequest) => R::Export,
        (State::Live, I::RefreshRequest) => R::ReapplyAndAnswer,
        (State::Live, I::Changed) => R::ArmCheckpoint,
        (State::Live, I::HiveFound) => R::Recheck,
        (State::Live, I::ImportDone) => R::LateMerged,
        (State::Live, I::ImportPartly | I::ImportFailed) => R::LateAgain,
        (State::Live, I::NewerMerged) => R::Refreshed,
        (State::Live, I::TasksDone | I::NothingNewer | I::HiveMissing) => R::Later,
        (State::Live, I::Exported) => R::AfterCheckpoint,
        (State::Live, I::ExportFailed | I::HiveGone) => R::Doubt,
        (State::Live, I::Uploaded) => R::AnswerExport,
        (State::Live, I::LateMergeDue) => R::LateMerge,
        (State::Live, _) => R::Ignore,

        (State::Exporting, I::SessionBegan) => R::AwaitRelease,
        (State::Exporting, I::SessionResumed | I::LogonRequest | I::SessionEndOver) => R::Resume,
        (State::Exporting, I::LastEnded) => R::LastPass,
        (State::Exporting, I::AllGone) => R::PassAtGone,
        (State::Exporting, I::LogoffRequest) => R::SecondPass,
        (State::Exporting, I::RefreshRequest) => R::AnswerStanding,
        (State::Exporting, I::Exported) => R::AfterExport,
        (State::Exporting, I::ExportFailed) => R::AfterFailure,
        (State::Exporting, I::HiveGone) => R::AfterGone,
        (State::Exporting, I::Uploaded) => R::AnswerExport,
        (State::Exporting, I::ImportDone) => R::LateMerged,
        (State::Exporting, I::ImportPartly | I::ImportFailed) => R::NoRest,
        (State::Exporting, I::TasksDone | I::NewerMerged | I::NothingNewer) => R::Later,
        (State::Exporting, I::HiveFound) => R::Verify,
        (State::Exporting, I::HiveMissing) => R::Later,
        (State::Exporting, I::GonePoll) => R::PollGone,
        (State::Exporting, I::ReleaseOver) => R::ForceRelease,
        (State::Exporting, _) => R::Ignore,

        (State::Released, I::SessionBegan) => R::Detect,
        (State::Released, I::AllGone) => R::Vanish,
        (State::Released, I::LogonRequest | I::RefreshRequest) => R::AnswerStanding,
        (State::Released, I::LogoffRequest) => R::SecondPass,
        (State::Released, I::Uploaded) => R::AnswerExport,
        (State::Released, I::TasksDone | I::ImportDone | I::ImportPartly | I::ImportFailed) => R::Vanish,
        (State::Released, I::NewerMerged | I::NothingNewer | I::HiveFound | I::HiveMissing) => R::Vanish,
        (State::Released, I::GonePoll) => R::PollGone,
        (State::Released, _) => R::Ignore,
    }
}
