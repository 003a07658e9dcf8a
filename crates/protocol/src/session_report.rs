//! What an Agent did for one event of a session, as it tells the console. Names of keys, values and files are in it, their
//! contents never.

mod limits;
mod words;

use mp_profile::{ImportMode, Scope, Sid};
use serde::{Deserialize, Serialize};

pub use limits::{
    InvalidReport, MAX_BATCH_BYTES, MAX_BATCH_REPORTS, MAX_DATA_SETS, MAX_ITEMS, MAX_PLACE, MAX_PROBLEMS,
    MAX_REPORT_BYTES, MAX_STEPS, MAX_TEXT, MAX_WORD, bounded,
};

/// One report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SentReport {
    /// 32 lower-case hexadecimal digits, random; a report that comes twice is one.
    pub id: String,
    /// Joins the reports of one session; unique on its host.
    pub session: String,
    /// What happened.
    pub event: SessionEvent,
    /// The user.
    pub sid: Sid,
    /// Kind of the user's profile, as text.
    #[serde(default)]
    pub profile: String,
    /// Whether somebody waited for the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ImportMode>,
    /// When the work began, in milliseconds since 1970-01-01 UTC, by the Agent's clock.
    pub started: u64,
    /// How long the work took, in milliseconds.
    pub duration: u64,
    /// Revision of the plan that was followed; 0 when there was none.
    #[serde(default)]
    pub plan_revision: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Per scope: what became of its data set.
    #[serde(default)]
    pub data_sets: Vec<DataSetReport>,
    /// The steps in order, with their times.
    #[serde(default)]
    pub steps: Vec<StepReport>,
    /// What became of what, the most telling first.
    #[serde(default)]
    pub items: Items,
    /// What went wrong, with codes and what to do next.
    #[serde(default)]
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
    /// The service found a session that had begun without it.
    Adopt,
    /// A client was connected to the session, or it was unlocked: what others had stored meanwhile was merged.
    Connect,
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
    /// In words: `imported`, `imported from the spool`, `imported from the cached copy`, `none stored`, `not fetched`,
    /// `damaged, not used`; `unchanged`, `stored`, `merged with a newer one and stored`, `spooled`, `quarantined`,
    /// `not stored`.
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
    /// When it began, in milliseconds after the work began.
    #[serde(default)]
    pub start_ms: f64,
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

/// What became of keys, values, files and data sets.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Items {
    /// The first of them, at most [`MAX_ITEMS`].
    #[serde(default)]
    pub list: Vec<Item>,
    /// How many more there were.
    #[serde(default)]
    pub more: u64,
}

/// What became of one key, value, file or data set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Item {
    /// What became of it.
    pub fate: Fate,
    /// Stable code of the reason (`docs/reference/codes.md`).
    pub code: String,
    /// Its scope, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Which key, value, file or data set.
    pub place: String,
    /// Why, for people.
    pub reason: String,
    /// Its length in bytes, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// What became of an item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Two sessions changed it in different ways, and one content stays.
    Overridden,
    /// It was not written into the profile.
    Refused,
    /// A data set came from storage, or storage said that there is none.
    Fetched,
    /// It was written into the profile.
    Merged,
    /// A data set went to storage, or waits for it.
    Stored,
    /// It was not taken out of the profile.
    Skipped,
}

/// A request that brings reports to the console.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReportBatch<R = SentReport> {
    /// The Agent's clock, in milliseconds since 1970-01-01 UTC: the console corrects the times of the reports by it.
    pub sent: u64,
    /// Reports that were lost on the Agent since the last batch, because its queue was full.
    #[serde(default)]
    pub dropped: u64,
    /// At most [`MAX_BATCH_REPORTS`].
    pub reports: Vec<R>,
}

/// What the console did with a batch. What is in neither list is to be sent again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BatchAnswer {
    /// Identities of the reports that are kept, now or before.
    pub taken: Vec<String>,
    /// Reports that are not, and will not be if they come again.
    #[serde(default)]
    pub refused: Vec<RefusedReport>,
}

/// A report that the console does not take.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RefusedReport {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Why.
    pub reason: String,
}
