//! What a session's import or export did, how long each step took, and why something was left out.

mod text;

use std::{
    fs, io,
    time::{Duration, Instant},
};

use mp_durable::Readers;
use mp_profile::{ExportReport, ImportReport, Scope, Sid};
use mp_registry::FileTime;
use serde::{Deserialize, Serialize};

use crate::state::{StateError, StateFolder, private_folder};

/// What the Agent did for one session event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionReport {
    /// What happened.
    pub event: SessionEvent,
    /// The user.
    pub sid: Sid,
    /// Name of the session host.
    pub host: String,
    /// Kind of the user's profile, as text.
    pub profile: String,
    /// When the work began, in 100 ns since 1601 (UTC), by this machine's clock.
    pub started: u64,
    /// Revision of the plan that was followed.
    pub plan_revision: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Per scope: what became of its data set.
    pub data_sets: Vec<DataSetReport>,
    /// The steps in order, with their times.
    pub steps: Vec<StepReport>,
    /// What was imported, at logon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportReport>,
    /// What was exported, at logoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<ExportReport>,
    /// What went wrong, with codes and what to do next.
    pub problems: Vec<Problem>,
}

/// Session events that the Agent acts on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionEvent {
    /// A user logged on: import.
    Logon,
    /// A user logs off: export.
    Logoff,
    /// What changed was exported in the midst of a session.
    Checkpoint,
    /// What could not be had at logon was brought in later.
    LateMerge,
    /// What waited in the spool was sent.
    Upload,
}

/// How the work for a session event ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All data sets are in the profile (or storage said that there are none).
    Merged,
    /// They were already, by an earlier call for this load of the hive.
    AlreadyMerged,
    /// The session goes on without (some of) its data sets; what it exports will replace nothing.
    NotMerged,
    /// All that was exported is stored.
    Stored,
    /// Some of what was exported waits in the spool.
    Spooled,
    /// Some of what was exported was kept beside the stored data set instead of replacing it.
    Quarantined,
    /// Nothing was to be done for this kind of profile.
    LeftAlone,
    /// The work did not reach its end; the problems say why.
    Failed,
}

/// What became of one scope's data set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DataSetReport {
    /// The scope.
    pub scope: Scope,
    /// In words: `imported`, `imported from the spool`, `none stored`, `not fetched`, `damaged, not used`; `unchanged`,
    /// `stored`, `spooled`, `quarantined`, `not stored`.
    pub result: String,
    /// Length of its file in bytes, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Version that storage gave it, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// One step with its time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepReport {
    /// What was done.
    pub name: String,
    /// How long it took, in milliseconds.
    pub ms: f64,
}

/// Something that went wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Problem {
    /// Stable code.
    pub code: String,
    /// What happened, what it means for the session, what to do next.
    pub message: String,
}

/// Collects a report while the work goes on.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) report: SessionReport,
    last: Instant,
}

impl Recorder {
    pub(crate) fn new(event: SessionEvent, sid: &Sid, host: &str, now: FileTime) -> Self {
        let report = SessionReport {
            event,
            sid: sid.clone(),
            host: host.to_owned(),
            profile: String::new(),
            started: now.0,
            plan_revision: 0,
            outcome: Outcome::LeftAlone,
            data_sets: Vec::new(),
            steps: Vec::new(),
            import: None,
            export: None,
            problems: Vec::new(),
        };
        Self { report, last: Instant::now() }
    }

    /// Notes that a step is done; its time is that since the step before.
    pub(crate) fn step(&mut self, name: &str) {
        let ms = milliseconds(self.last.elapsed());
        self.report.steps.push(StepReport { name: name.to_owned(), ms });
        self.last = Instant::now();
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

/// Reports kept per user; older ones are removed.
const KEPT_REPORTS: usize = 20;

impl SessionReport {
    /// Keeps the report in the state folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, state: &StateFolder) -> Result<(), StateError> {
        let folder = state.reports(&self.sid);
        private_folder(&folder)?;
        let event = match self.event {
            SessionEvent::Logon => "logon",
            SessionEvent::Logoff => "logoff",
            SessionEvent::Checkpoint => "checkpoint",
            SessionEvent::LateMerge => "late-merge",
            SessionEvent::Upload => "upload",
        };
        let path = folder.join(format!("{:020}-{event}.json", self.started));
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        text.and_then(|text| mp_durable::replace(&path, &text, Readers::OwnerOnly))
            .map_err(StateError::at("write the report", &path))?;
        let mut kept: Vec<_> = fs::read_dir(&folder)
            .map_err(StateError::at("list", &folder))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        kept.sort();
        for old in kept.iter().rev().skip(KEPT_REPORTS) {
            fs::remove_file(old).map_err(StateError::at("remove the report", old))?;
        }
        Ok(())
    }
}
