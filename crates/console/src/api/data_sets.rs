use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use mp_profile::{InvalidGroupName, Scope, Sid};
use mp_protocol::versions::{Author, VersionInfo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{WithTag, etag},
    extract::{Body, IfMatch, Named, Params},
    problem::Problem,
};
use crate::{
    domain::{Refusal, UnixMillis},
    ops::{Administrator, Core, ListedDataSet, Tagged, Target, Versions, version_state},
};

/// Longest reason of a change, in bytes: Storage Servers keep no more.
const MAX_REASON: usize = 300;

/// A scope as it stands in an address.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ScopeText(pub(super) Scope);

impl TryFrom<String> for ScopeText {
    type Error = InvalidGroupName;

    fn try_from(text: String) -> Result<Self, InvalidGroupName> {
        text.parse().map(Self)
    }
}

/// A user's data set of a scope on a Storage Server.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct DataSetSummary {
    /// global or group:NAME
    #[schema(example = "group:Office")]
    scope: String,
    /// Name of the Storage Server that keeps it.
    storage_server: String,
    /// How many versions are known of it.
    versions: usize,
    /// The current one; null when the data set was deleted, or the Storage Server does not say.
    current: Option<Version>,
    /// How many uploads wait in quarantine.
    quarantined: usize,
    /// Why the Storage Server does not say.
    problem: Option<DataSetProblem>,
}

/// Why nothing is known of a data set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct DataSetProblem {
    code: &'static str,
    detail: String,
}

/// One version of a data set. Its content is elsewhere.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Version {
    /// Counts the versions of a data set from 1.
    number: u64,
    current: bool,
    /// Whether its content is still there; otherwise it fell to retention.
    kept: bool,
    /// Whether retention leaves it.
    pinned: bool,
    /// Whether its content was found damaged.
    damaged: bool,
    /// Length of its file.
    bytes: u64,
    /// The seal of its file: 64 hexadecimal digits (BLAKE3).
    digest: String,
    /// When it was stored, by the Storage Server's clock, RFC 3339.
    #[schema(format = DateTime)]
    stored: Option<String>,
    /// Who stored it: an Agent Server, or an administrator; null when that is not known.
    by: Option<String>,
    /// Whether that was an Agent.
    by_agent: bool,
    /// The session that exported it, as its Agent names it.
    session: Option<String>,
    /// What was said of it: of a merge, or why it was restored.
    notes: Option<String>,
    /// Number of the former version whose content it has.
    restored_from: Option<u64>,
    /// Number of the damaged version that it stands in for.
    in_place_of: Option<u64>,
    /// Number of the version that it replaced.
    base: Option<u64>,
    /// Who deleted the data set while this was its current version, when and why.
    removed: Option<VersionRemoval>,
    /// The If-Match of a change of it.
    etag: String,
}

/// The end of a data set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct VersionRemoval {
    #[schema(format = DateTime)]
    at: String,
    by: String,
    reason: String,
}

/// What is changed about a version.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct VersionChange {
    /// Whether retention shall leave it.
    pinned: bool,
    /// Why, for the record.
    #[serde(default)]
    reason: String,
}

/// Where a data set is looked for.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OnServer {
    pub(super) storage_server: Option<String>,
}

/// Which data set is deleted, and why.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Deletion {
    pub(super) storage_server: Option<String>,
    pub(super) reason: Option<String>,
}

pub(super) fn time(millis: u64) -> String {
    UnixMillis(i64::try_from(millis).unwrap_or(i64::MAX)).rfc3339()
}

impl Version {
    /// `all` tells the numbers of other versions.
    pub(super) fn of(version: VersionInfo, all: &[(String, u64)]) -> Self {
        let etag = format!("\"{}\"", version_state(&version));
        let base = version.base.and_then(|base| all.iter().find(|(tag, _)| *tag == base));
        let stamp = version.stamp;
        let by_agent = matches!(&stamp, Some(stamp) if matches!(stamp.by, Author::Agent { .. }));
        let (mut by, mut session, mut notes, mut restored_from, mut in_place_of) = Default::default();
        if let Some(stamp) = stamp {
            by = Some(stamp.by.to_string());
            (session, notes) = (stamp.session, stamp.notes);
            (restored_from, in_place_of) = (stamp.restored_from, stamp.in_place_of);
        }
        let removed = version.removed.map(|removed| VersionRemoval {
            at: time(removed.at),
            by: removed.by.to_string(),
            reason: removed.reason,
        });
        Self {
            number: version.number,
            current: version.current,
            kept: version.kept,
            pinned: version.pinned,
            damaged: version.damaged,
            bytes: version.bytes,
            digest: version.seal,
            stored: version.at.map(time),
            by,
            by_agent,
            session,
            notes,
            restored_from,
            in_place_of,
            base: base.map(|(_, number)| *number),
            removed,
            etag,
        }
    }
}

fn numbers(versions: &[VersionInfo]) -> Vec<(String, u64)> {
    versions.iter().map(|version| (version.tag.clone(), version.number)).collect()
}

impl From<ListedDataSet> for DataSetSummary {
    fn from(listed: ListedDataSet) -> Self {
        let ListedDataSet { scope, server: storage_server, versions, quarantined } = listed;
        let scope = scope.to_string();
        match versions {
            Ok(versions) => {
                let all = numbers(&versions);
                let current = versions.iter().find(|version| version.current).cloned();
                let current = current.map(|version| Version::of(version, &all));
                Self { scope, storage_server, versions: all.len(), current, quarantined, problem: None }
            }
            Err(refusal) => {
                let problem = DataSetProblem { code: refusal.code().0, detail: refusal.to_string() };
                let problem = Some(problem);
                Self { scope, storage_server, versions: 0, current: None, quarantined, problem }
            }
        }
    }
}

/// A reason that the database and the Storage Servers can keep.
///
/// # Errors
/// When it is too long, or no text of a line.
pub(super) fn reason(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.len() > MAX_REASON || text.chars().any(char::is_control) {
        let why = format!("a reason has at most {MAX_REASON} bytes, and no control characters");
        return Err(Refusal::Request(why));
    }
    Ok(text.to_owned())
}

/// A user's data sets: one for each scope and Storage Server that has some
#[utoipa::path(get, path = "/users/{sid}/data-sets", tag = "data-sets", operation_id = "list-data-sets", params(("sid" = String, Path)),
    responses((status = 200, body = Vec<DataSetSummary>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(sid): Named<Sid>,
) -> Result<Json<Vec<DataSetSummary>>, Refusal> {
    let found = core.data_sets(&caller, &sid).await?;
    Ok(Json(found.into_iter().map(Into::into).collect()))
}

/// The versions of a data set, newest first, with the ETag that a restore needs; "none" when none is current
#[utoipa::path(get, path = "/users/{sid}/data-sets/{scope}/versions", tag = "data-sets", operation_id = "list-versions", params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
), responses((status = 200, body = Vec<Version>), (status = "default", body = Problem)))]
pub(super) async fn versions(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope))): Named<(Sid, ScopeText)>,
    Params(OnServer { storage_server: server }): Params<OnServer>,
) -> Result<impl IntoResponse, Refusal> {
    let versions = core.versions(&caller, &Target { sid, scope, server }).await?;
    let (tag, all) = (etag(versions.tag())?, numbers(&versions.0));
    let Versions(versions) = versions;
    Ok(([tag], Json(versions.into_iter().map(|version| Version::of(version, &all)).collect::<Vec<_>>())))
}

/// Deletes a data set; its versions stay as former ones, until retention takes them
#[utoipa::path(delete, path = "/users/{sid}/data-sets/{scope}", tag = "data-sets", operation_id = "delete-data-set", params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
    ("reason" = Option<String>, Query, description = "Why, for the record"),
    ("If-Match" = String, Header, description = "The ETag of the list of versions"),
), responses(
    (status = 204),
    (status = 412, body = Problem, description = "Another version is current by now"),
    (status = "default", body = Problem),
))]
pub(super) async fn remove(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope))): Named<(Sid, ScopeText)>,
    Params(Deletion { storage_server: server, reason: why }): Params<Deletion>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Refusal> {
    let why = reason(why.as_deref().unwrap_or_default())?;
    core.delete_data_set(&caller, &Target { sid, scope, server }, &expected, &why).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One version, with the ETag that a change of it needs
#[utoipa::path(get, path = "/users/{sid}/data-sets/{scope}/versions/{number}", tag = "data-sets", operation_id = "get-version", params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("number" = u64, Path),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
), responses((status = 200, body = Version), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope), number)): Named<(Sid, ScopeText, u64)>,
    Params(OnServer { storage_server: server }): Params<OnServer>,
) -> Result<WithTag<Version>, Refusal> {
    let versions = core.versions(&caller, &Target { sid, scope, server }).await?;
    let version = versions.number(number)?.clone();
    let tag = version_state(&version);
    Ok(WithTag::found(Tagged { item: Version::of(version, &numbers(&versions.0)), tag }))
}

/// Pins a version, so that retention leaves it, or leaves it to retention again
#[utoipa::path(put, path = "/users/{sid}/data-sets/{scope}/versions/{number}", tag = "data-sets", operation_id = "change-version",
    request_body = VersionChange, params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("number" = u64, Path),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
    ("If-Match" = String, Header, description = "The ETag of the version"),
), responses(
    (status = 200, body = Version),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn change(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope), number)): Named<(Sid, ScopeText, u64)>,
    Params(OnServer { storage_server: server }): Params<OnServer>,
    IfMatch(expected): IfMatch,
    Body(body): Body<VersionChange>,
) -> Result<WithTag<Version>, Refusal> {
    let (target, why) = (Target { sid, scope, server }, reason(&body.reason)?);
    let version = core.pin_version(&caller, &target, number, &expected, body.pinned, &why).await?;
    let tag = version_state(&version);
    Ok(WithTag::found(Tagged { item: Version::of(version, &[]), tag }))
}
