//! A user's last sessions for an administrator: what happened, why, and what to do.

use std::fmt::{Display, Formatter, Result};

use mp_registry::FileTime;
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Outcome, SessionReport};

/// The reports of one session.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionTimeline {
    /// Name that joins them.
    pub session: String,
    /// The outcome that needs most attention and was not put right since.
    pub outcome: Outcome,
    /// Oldest first; at least one.
    pub reports: Vec<SessionReport>,
}

impl SessionTimeline {
    /// Puts reports, oldest first, together by session; the last session first.
    #[must_use]
    pub fn of(reports: Vec<SessionReport>) -> Vec<Self> {
        let mut sessions: Vec<Self> = Vec::new();
        for report in reports {
            match sessions.iter_mut().find(|session| session.session == report.session) {
                Some(session) => {
                    session.outcome = session.outcome.followed_by(report.event, report.outcome);
                    session.reports.push(report);
                }
                None => sessions.push(Self {
                    session: report.session.clone(),
                    outcome: report.outcome,
                    reports: vec![report],
                }),
            }
        }
        sessions.reverse();
        sessions
    }
}

impl Display for SessionTimeline {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Some(first) = self.reports.first() else { return Ok(()) };
        writeln!(f, "session from {} on {}: {}", moment(first.started), first.host, self.outcome.word())?;
        for report in &self.reports {
            let text = report.to_string();
            write!(f, "  {}  ", moment(report.started))?;
            for (number, line) in text.lines().enumerate() {
                if number > 0 {
                    write!(f, "    ")?;
                }
                writeln!(f, "{line}")?;
            }
        }
        match self.outcome.next_step() {
            Some(next) => writeln!(f, "  what to do: {next}"),
            None => Ok(()),
        }
    }
}

/// The time to a second, UTC; empty for one that no calendar has.
fn moment(time: u64) -> String {
    let system = FileTime(time).to_system().map(OffsetDateTime::from);
    let second = system.and_then(|time| time.replace_nanosecond(0).ok());
    second.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}
