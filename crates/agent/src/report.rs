//! What a session's import or export did, how long each step took, and why something was left out.

mod kept;
mod overrides;
mod recorder;
mod sent;
mod text;
mod timeline;

use mp_profile::{ExportReport, ImportMode, ImportReport, Sid};
pub use mp_protocol::session_report::{DataSetReport, Outcome, Problem, SessionEvent, StepReport};
use serde::{Deserialize, Serialize};

pub use overrides::{OverrideReport, OverrideReports};
pub(crate) use recorder::Recorder;
pub use timeline::SessionTimeline;

/// What the Agent did for one session event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionReport {
    /// 32 hexadecimal digits, random.
    #[serde(default)]
    pub id: String,
    /// Joins the reports of one session: the name in the hive's marker; where there is none, because nothing was merged, the
    /// identity of the session's first report.
    #[serde(default)]
    pub session: String,
    /// What happened.
    pub event: SessionEvent,
    /// The user.
    pub sid: Sid,
    /// Name of the session host.
    pub host: String,
    /// Kind of the user's profile, as text.
    pub profile: String,
    /// Whether somebody waited for the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ImportMode>,
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
    /// What was imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportReport>,
    /// What was exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<ExportReport>,
    /// What another session of the user had changed as well, in another way.
    #[serde(default, skip_serializing_if = "OverrideReports::is_empty")]
    pub overrides: OverrideReports,
    /// What went wrong, with codes and what to do next.
    pub problems: Vec<Problem>,
}
