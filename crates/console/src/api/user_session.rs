//! A user's session as the API shows it.

use mp_profile::ImportMode;
use mp_protocol::session_report::{self as told, Fate, Outcome, SessionEvent};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, ImportModeForm, TimedReport};

/// A user's session on an Agent Server, in short.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct UserSession {
    id: String,
    /// Security identifier of the user.
    sid: String,
    /// What the directory calls the user; null where it is not known.
    user: Option<String>,
    /// The Agent Server's name.
    host: String,
    /// Identity of the Agent Server's machine.
    machine: String,
    /// RFC 3339.
    #[schema(format = DateTime)]
    started: String,
    /// End of the last work that was reported, RFC 3339.
    #[schema(format = DateTime)]
    last: String,
    /// What the logon's import took, in milliseconds; null as long as it is not reported.
    logon_ms: Option<i64>,
    #[serde(with = "OutcomeForm")]
    #[schema(value_type = OutcomeForm)]
    outcome: Outcome,
    /// How many items two sessions had changed in different ways.
    overridden: i64,
    /// How many reports there are.
    reports: i64,
}

/// A session with all that its Agent reported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct UserSessionTimeline {
    #[serde(flatten)]
    session: UserSession,
    /// What an administrator does about the outcome; null when there is nothing to do.
    next_step: Option<&'static str>,
    /// Oldest first.
    timeline: Vec<SessionReport>,
}

/// What an Agent did for one event of a session. Names of keys, values and files are in it, their contents never.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct SessionReport {
    id: String,
    #[serde(with = "SessionEventForm")]
    #[schema(value_type = SessionEventForm)]
    event: SessionEvent,
    /// Kind of the user's profile.
    profile: String,
    /// Whether somebody waited for the work; null where that was not a question.
    #[schema(value_type = Option<ImportModeForm>)]
    mode: Option<ImportMode>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    started: String,
    /// Milliseconds.
    duration: u64,
    plan_revision: u64,
    #[serde(with = "OutcomeForm")]
    #[schema(value_type = OutcomeForm)]
    outcome: Outcome,
    data_sets: Vec<DataSetResult>,
    steps: Vec<Step>,
    items: Vec<SessionItem>,
    /// How many more items there were.
    more_items: u64,
    problems: Vec<SessionProblem>,
}

/// What became of one scope's data set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct DataSetResult {
    #[schema(example = "global")]
    scope: String,
    result: String,
    bytes: Option<u64>,
    version: Option<String>,
}

/// One step with its time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Step {
    name: String,
    /// Milliseconds after the work began.
    start_ms: f64,
    /// Milliseconds.
    ms: f64,
}

/// What became of one key, value, file or data set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct SessionItem {
    #[serde(with = "FateForm")]
    #[schema(value_type = FateForm)]
    fate: Fate,
    /// Stable; docs/reference/codes.md says what it means and what to do.
    #[schema(example = "MP-EXC-010")]
    code: String,
    scope: Option<String>,
    place: String,
    reason: String,
    bytes: Option<u64>,
}

/// Something that went wrong, what it means, and what to do next.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct SessionProblem {
    #[schema(example = "MP-AGT-030")]
    code: String,
    message: String,
}

/// How the work for an event ended.
#[derive(Serialize, ToSchema)]
#[serde(remote = "Outcome", rename_all = "kebab-case")]
#[schema(as = SessionOutcome)]
pub(super) enum OutcomeForm {
    /// All data sets are in the profile.
    Merged,
    /// They were already.
    AlreadyMerged,
    /// The session went on without (some of) its data sets.
    NotMerged,
    /// All that was exported is stored.
    Stored,
    /// Some of what was exported waits on the Agent Server.
    Spooled,
    /// Some of what was exported was kept beside the stored data set.
    Quarantined,
    /// Nothing was to be done for this kind of profile.
    LeftAlone,
    /// The work did not reach its end.
    Failed,
}

/// Session events that Agents act on.
#[derive(Serialize, ToSchema)]
#[serde(remote = "SessionEvent", rename_all = "kebab-case")]
#[schema(as = SessionEvent)]
enum SessionEventForm {
    Logon,
    Logoff,
    Checkpoint,
    LateMerge,
    Adopt,
    Connect,
    Upload,
}

/// What became of an item.
#[derive(Serialize, ToSchema)]
#[serde(remote = "Fate", rename_all = "kebab-case")]
#[schema(as = ItemFate)]
enum FateForm {
    /// Two sessions changed it in different ways, and one content stays.
    Overridden,
    /// It was not written into the profile.
    Refused,
    /// A data set came from storage, or there is none.
    Fetched,
    /// It was written into the profile.
    Merged,
    /// A data set went to storage, or waits for it.
    Stored,
    /// It was not taken out of the profile.
    Skipped,
}

impl From<domain::UserSession> for UserSession {
    fn from(session: domain::UserSession) -> Self {
        let domain::UserSession {
            id,
            machine,
            host,
            sid,
            user,
            started,
            last,
            logon_ms,
            outcome,
            overridden,
            reports,
        } = session;
        Self {
            id,
            sid: sid.to_string(),
            user: user.map(|user| user.name),
            host,
            machine: machine.to_string(),
            started: started.rfc3339(),
            last: last.rfc3339(),
            logon_ms,
            outcome,
            overridden,
            reports,
        }
    }
}

impl UserSessionTimeline {
    pub(super) fn of(session: domain::UserSession, reports: Vec<TimedReport>) -> Self {
        Self {
            next_step: session.outcome.next_step(),
            session: session.into(),
            timeline: reports.into_iter().map(SessionReport::from).collect(),
        }
    }
}

impl From<TimedReport> for SessionReport {
    fn from(TimedReport { started, report }: TimedReport) -> Self {
        Self {
            id: report.id,
            event: report.event,
            profile: report.profile,
            mode: report.mode,
            started: started.rfc3339(),
            duration: report.duration,
            plan_revision: report.plan_revision,
            outcome: report.outcome,
            data_sets: report.data_sets.into_iter().map(DataSetResult::from).collect(),
            steps: report.steps.into_iter().map(Step::from).collect(),
            items: report.items.list.into_iter().map(SessionItem::from).collect(),
            more_items: report.items.more,
            problems: report.problems.into_iter().map(SessionProblem::from).collect(),
        }
    }
}

impl From<told::DataSetReport> for DataSetResult {
    fn from(told::DataSetReport { scope, result, bytes, version }: told::DataSetReport) -> Self {
        Self { scope: scope.to_string(), result, bytes, version }
    }
}

impl From<told::StepReport> for Step {
    fn from(told::StepReport { name, start_ms, ms }: told::StepReport) -> Self {
        Self { name, start_ms, ms }
    }
}

impl From<told::Item> for SessionItem {
    fn from(told::Item { fate, code, scope, place, reason, bytes }: told::Item) -> Self {
        Self { fate, code, scope: scope.map(|scope| scope.to_string()), place, reason, bytes }
    }
}

impl From<told::Problem> for SessionProblem {
    fn from(told::Problem { code, message }: told::Problem) -> Self {
        Self { code, message }
    }
}
