use std::fmt::{Display, Formatter, Result};

use super::{Fate, Outcome, SessionEvent};

impl Outcome {
    /// Its word in JSON and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::AlreadyMerged => "already-merged",
            Self::NotMerged => "not-merged",
            Self::Stored => "stored",
            Self::Spooled => "spooled",
            Self::Quarantined => "quarantined",
            Self::LeftAlone => "left-alone",
            Self::Failed => "failed",
        }
    }

    /// The outcome of a session that had this one so far, after a later event: the one that needs more attention, unless the
    /// later event put right what was wrong.
    #[must_use]
    pub fn followed_by(self, event: SessionEvent, later: Self) -> Self {
        match (self, event, later) {
            // Whatever waited went with it.
            (Self::Spooled, _, Self::Stored) => Self::Stored,
            (Self::NotMerged, SessionEvent::LateMerge, Self::Merged) => Self::Merged,
            _ if later.rank() > self.rank() => later,
            _ => self,
        }
    }

    /// How much attention it needs.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::LeftAlone => 0,
            Self::AlreadyMerged => 1,
            Self::Merged => 2,
            Self::Stored => 3,
            Self::Spooled => 4,
            Self::NotMerged => 5,
            Self::Quarantined => 6,
            Self::Failed => 7,
        }
    }

    /// What an administrator does about it; `None` when there is nothing to do.
    #[must_use]
    pub fn next_step(self) -> Option<&'static str> {
        match self {
            Self::Merged | Self::AlreadyMerged | Self::Stored | Self::LeftAlone => None,
            Self::Spooled => Some(
                "nothing is lost: the Agent sends what waits as soon as the Storage Server answers; check that it does",
            ),
            Self::NotMerged => Some(
                "the user worked with the mandatory profile; find out why storage did not answer, then let the user log on again",
            ),
            Self::Quarantined => Some(
                "nothing is lost: both data sets are kept; compare the one in quarantine with the stored one, and restore what is missed",
            ),
            Self::Failed => {
                Some("the problems say what stopped it and what to do; what is stored stays as it was")
            }
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Merged => "merged",
            Self::AlreadyMerged => "already merged in this session",
            Self::NotMerged => {
                "NOT merged: the session goes on without its stored settings, and will replace nothing"
            }
            Self::Stored => "stored",
            Self::Spooled => "waits in the spool until storage answers",
            Self::Quarantined => "kept beside the stored data set, which stays as it is",
            Self::LeftAlone => "left alone",
            Self::Failed => "FAILED; see below what it means for the user's settings",
        })
    }
}

impl SessionEvent {
    /// Its word in JSON and in names of files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Logon => "logon",
            Self::Logoff => "logoff",
            Self::Checkpoint => "checkpoint",
            Self::LateMerge => "late-merge",
            Self::Adopt => "adopt",
            Self::Connect => "connect",
            Self::Upload => "upload",
        }
    }
}

impl Display for SessionEvent {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::LateMerge => "late merge",
            other => other.word(),
        })
    }
}

impl Display for Fate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Overridden => "overridden",
            Self::Refused => "refused",
            Self::Fetched => "fetched",
            Self::Merged => "merged",
            Self::Stored => "stored",
            Self::Skipped => "skipped",
        })
    }
}
