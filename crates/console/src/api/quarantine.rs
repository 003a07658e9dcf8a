use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use mp_dataset::diff;
use mp_profile::Sid;
use mp_protocol::versions::QuarantinedInfo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::etag,
    data_sets::{Deletion, OnServer, ScopeText, reason, time},
    extract::{Body, IfMatch, Named, Params},
    problem::Problem,
};
use crate::{
    domain::{Refusal, ShownChange, shown_changes},
    ops::{Administrator, ComparedUpload, Core, Target},
};

/// Most changes that are told one by one.
const MOST_CHANGES: usize = 500;

/// An upload that is kept beside the versions, because it may not be newer than what is stored.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct QuarantinedUpload {
    /// Names it among those of its user and scope.
    id: String,
    /// Length of its file.
    bytes: u64,
    /// The Agent's reason; null when the note of it cannot be read.
    reason: Option<String>,
    /// Name of the Agent Server that it came from.
    agent: Option<String>,
    /// When it came, by the Storage Server's clock, RFC 3339.
    #[schema(format = DateTime)]
    at: Option<String>,
}

impl From<QuarantinedInfo> for QuarantinedUpload {
    fn from(QuarantinedInfo { id, bytes, note }: QuarantinedInfo) -> Self {
        let (mut reason, mut agent, mut at) = Default::default();
        if let Some(note) = note {
            (reason, agent, at) = (Some(note.reason), Some(note.agent), Some(time(note.at)));
        }
        Self { id, bytes, reason, agent, at }
    }
}

/// What would change if an upload became the current version.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct UploadDifference {
    /// Number of the current version; null when there is none.
    current: Option<u64>,
    /// How many things change.
    total: usize,
    /// The first 500 of them: what is current, and what the upload has.
    changes: Vec<ShownChange>,
}

/// Why an upload is adopted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Adoption {
    /// For the record.
    #[serde(default)]
    reason: String,
}

/// What became of an upload.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Adopted {
    /// Number of the new version; null when the Storage Server did not say any more.
    number: Option<u64>,
}

/// Uploads in quarantine, oldest first, with the ETag that adopting one needs: that of the list of versions
#[utoipa::path(get, path = "/users/{sid}/data-sets/{scope}/quarantine", tag = "data-sets", operation_id = "list-quarantine", params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
), responses((status = 200, body = Vec<QuarantinedUpload>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope))): Named<(Sid, ScopeText)>,
    Params(OnServer { storage_server: server }): Params<OnServer>,
) -> Result<impl IntoResponse, Refusal> {
    let (found, versions) = core.quarantine(&caller, &Target { sid, scope, server }).await?;
    let tag = etag(versions.tag())?;
    Ok(([tag], Json(found.into_iter().map(QuarantinedUpload::from).collect::<Vec<_>>())))
}

/// What differs between the current version and an upload in quarantine. It is noted in the audit log
#[utoipa::path(get, path = "/users/{sid}/data-sets/{scope}/quarantine/{id}/difference", tag = "data-sets", operation_id = "compare-quarantined", params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("id" = String, Path),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
), responses((status = 200, body = UploadDifference), (status = "default", body = Problem)))]
pub(super) async fn difference(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope), id)): Named<(Sid, ScopeText, String)>,
    Params(OnServer { storage_server: server }): Params<OnServer>,
) -> Result<Json<UploadDifference>, Refusal> {
    let ComparedUpload { current, old, new } =
        core.compare_quarantined(&caller, &Target { sid, scope, server }, &id).await?;
    let mut changes = shown_changes(&diff(&old, &new));
    let total = changes.len();
    changes.truncate(MOST_CHANGES);
    Ok(Json(UploadDifference { current: current.map(|current| current.number), total, changes }))
}

/// Makes an upload in quarantine the current version; what is current now stays as a former one
#[utoipa::path(post, path = "/users/{sid}/data-sets/{scope}/quarantine/{id}/adoption", tag = "data-sets", operation_id = "adopt-quarantined",
    request_body = Adoption, params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("id" = String, Path),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
    ("If-Match" = String, Header, description = "The ETag of the list of versions"),
), responses(
    (status = 200, body = Adopted),
    (status = 412, body = Problem, description = "Another version is current by now"),
    (status = "default", body = Problem),
))]
pub(super) async fn adopt(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope), id)): Named<(Sid, ScopeText, String)>,
    Params(OnServer { storage_server: server }): Params<OnServer>,
    IfMatch(expected): IfMatch,
    Body(Adoption { reason: why }): Body<Adoption>,
) -> Result<Json<Adopted>, Refusal> {
    let (target, why) = (Target { sid, scope, server }, reason(&why)?);
    let number = core.adopt_quarantined(&caller, &target, &id, &expected, &why).await?;
    Ok(Json(Adopted { number }))
}

/// Deletes an upload in quarantine for good. It never changes, so this needs no If-Match
#[utoipa::path(delete, path = "/users/{sid}/data-sets/{scope}/quarantine/{id}", tag = "data-sets", operation_id = "delete-quarantined", params(
    ("sid" = String, Path),
    ("scope" = String, Path, description = "global or group:NAME"),
    ("id" = String, Path),
    ("storage-server" = Option<String>, Query, description = "Name of the Storage Server; the one that keeps the scope now if missing"),
    ("reason" = Option<String>, Query, description = "Why, for the record"),
), responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn remove(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named((sid, ScopeText(scope), id)): Named<(Sid, ScopeText, String)>,
    Params(Deletion { storage_server: server, reason: why }): Params<Deletion>,
) -> Result<StatusCode, Refusal> {
    let (target, why) = (Target { sid, scope, server }, reason(why.as_deref().unwrap_or_default())?);
    core.delete_quarantined(&caller, &target, &id, &why).await?;
    Ok(StatusCode::NO_CONTENT)
}
