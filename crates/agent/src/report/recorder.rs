use std::time::{Duration, Instant};

use mp_profile::{Scope, Sid};
use mp_protocol::session_report::SentReport;
use mp_registry::FileTime;

use super::{DataSetReport, Outcome, OverrideReports, Problem, SessionEvent, SessionReport, StepReport};

/// Collects a report while the work goes on.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) report: SessionReport,
    /// Reports in the queue that this one takes the place of.
    pub(crate) ahead: Vec<SentReport>,
    begun: Instant,
    last: Duration,
}

impl Recorder {
    pub(crate) fn new(event: SessionEvent, sid: &Sid, host: &str, now: FileTime) -> Self {
        let id = random_id();
        let report = SessionReport {
            // Until the session's own name is known, the report stands for itself.
            session: id.clone(),
            id,
            event,
            sid: sid.clone(),
            host: host.to_owned(),
            profile: String::new(),
            mode: None,
            started: now.0,
            plan_revision: 0,
            outcome: Outcome::LeftAlone,
            data_sets: Vec::new(),
            steps: Vec::new(),
            import: None,
            export: None,
            overrides: OverrideReports::default(),
            problems: Vec::new(),
        };
        Self { report, ahead: Vec::new(), begun: Instant::now(), last: Duration::ZERO }
    }

    /// Notes the session that the work is for: the name in the hive's marker.
    pub(crate) fn session(&mut self, name: &str) {
        name.clone_into(&mut self.report.session);
    }

    /// Notes that a step is done; its time is that since the step before.
    pub(crate) fn step(&mut self, name: &str) {
        let now = self.begun.elapsed();
        let step = StepReport {
            name: name.to_owned(),
            start_ms: milliseconds(self.last),
            ms: milliseconds(now.saturating_sub(self.last)),
        };
        self.report.steps.push(step);
        self.last = now;
    }

    pub(crate) fn problem(&mut self, code: &str, message: String) {
        tracing::warn!(code, sid = %self.report.sid, "{message}");
        self.report.problems.push(Problem { code: code.to_owned(), message });
    }

    /// Notes how the work ended, unless it ended worse before.
    pub(crate) fn worse(&mut self, outcome: Outcome) {
        let rank = |outcome: Outcome| match outcome {
            Outcome::Failed => 4,
            Outcome::Quarantined => 3,
            Outcome::Spooled => 2,
            Outcome::Stored => 1,
            _ => 0,
        };
        if rank(outcome) > rank(self.report.outcome) {
            self.report.outcome = outcome;
        }
    }

    pub(crate) fn data_set(
        &mut self,
        scope: &Scope,
        result: &str,
        bytes: Option<usize>,
        version: Option<String>,
    ) {
        let bytes = bytes.and_then(|len| u64::try_from(len).ok());
        self.report.data_sets.push(DataSetReport {
            scope: scope.clone(),
            result: result.to_owned(),
            bytes,
            version,
        });
    }
}

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

fn random_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    format!("{:032x}", u128::from_le_bytes(bytes))
}
