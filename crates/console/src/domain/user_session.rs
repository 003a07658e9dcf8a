//! Users' sessions, as their Agents report them.

use mp_profile::{GroupName, Sid};
use mp_protocol::{
    MachineId,
    session_report::{Fate, Outcome, SentReport, SessionEvent},
};

use super::{UnixMillis, UserName};

/// A session in short.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct UserSession {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) machine: MachineId,
    /// The Agent Server's name in the console when it reported first.
    pub(crate) host: String,
    pub(crate) sid: Sid,
    /// None where no directory knows the user.
    pub(crate) user: Option<UserName>,
    pub(crate) started: UnixMillis,
    /// End of the last work that was reported.
    pub(crate) last: UnixMillis,
    /// What its logon cost, in milliseconds.
    pub(crate) logon_ms: Option<i64>,
    /// The outcome that needs most attention and was not put right since.
    pub(crate) outcome: Outcome,
    pub(crate) overridden: i64,
    pub(crate) reports: i64,
}

/// A report with its time by the console's clock.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct TimedReport {
    pub(crate) started: UnixMillis,
    pub(crate) report: SentReport,
}

/// Which sessions are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionFilter {
    /// Only sessions on machines in these groups.
    pub(crate) within: Option<Vec<GroupName>>,
    pub(crate) sid: Option<Sid>,
    /// Whole name, in any case.
    pub(crate) host: Option<String>,
    pub(crate) outcome: Option<Outcome>,
    /// Started at or after it.
    pub(crate) from: Option<UnixMillis>,
    /// Started before it.
    pub(crate) to: Option<UnixMillis>,
    /// Part of the host's name or of the user's SID, in any case.
    pub(crate) search: Option<String>,
}

impl TimedReport {
    /// The report at its time by the console's clock: an Agent's clock may be a day off.
    pub(crate) fn at(report: SentReport, sent: u64, now: UnixMillis) -> Self {
        let millis = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
        let ago = millis(sent).saturating_sub(millis(report.started)).max(0);
        Self { started: now.plus(-ago), report }
    }

    pub(crate) fn ended(&self) -> UnixMillis {
        self.started.plus(i64::try_from(self.report.duration).unwrap_or(0))
    }

    pub(crate) fn logon_ms(&self) -> Option<i64> {
        (self.report.event == SessionEvent::Logon)
            .then(|| i64::try_from(self.report.duration).unwrap_or(i64::MAX))
    }

    pub(crate) fn overridden(&self) -> i64 {
        let items = self.report.items.list.iter();
        i64::try_from(items.filter(|item| item.fate == Fate::Overridden).count()).unwrap_or(i64::MAX)
    }
}
