use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use mp_profile::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::{Body, Named},
    problem::Problem,
};
use crate::{
    domain::{Phase, Refusal},
    ops::{Administrator, Core, Followed},
};

/// A move of the data sets of a scope from one Storage Server to another, while users work.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StorageMove {
    id: String,
    /// `global`, or `group:` and the name of the group.
    scope: String,
    from: String,
    to: String,
    phase: Phase,
    /// RFC 3339.
    #[schema(format = DateTime)]
    started_at: String,
    started_by: String,
    /// When Agents were told; RFC 3339.
    #[schema(format = DateTime)]
    switched_at: Option<String>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    progress: MoveProgress,
    /// Names of Agent Servers that have not asked for their new plan yet.
    waiting_for: Vec<String>,
}

/// How far the new Storage Server is with its present look at all users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct MoveProgress {
    /// Users that are known of so far.
    listed: u64,
    /// Users that were looked at.
    users: u64,
    /// Versions that were taken over.
    versions: u64,
    /// Files that were taken over into quarantine, or put there.
    quarantined: u64,
    /// Users of whom both servers had stored something apart.
    merged: u64,
    /// Users whose data sets could not be taken over yet.
    failed: u64,
    /// The first of them, and why.
    problems: Vec<String>,
    /// Whether all users were looked at.
    complete: bool,
}

impl From<Followed> for StorageMove {
    fn from(Followed { moved, round, waiting }: Followed) -> Self {
        let round = round.filter(|round| round.round == moved.round).unwrap_or_default();
        Self {
            id: moved.id,
            scope: moved.scope.to_string(),
            from: moved.from,
            to: moved.to,
            phase: moved.phase,
            started_at: moved.started_at.rfc3339(),
            started_by: moved.started_by,
            switched_at: moved.switched_at.map(|at| at.rfc3339()),
            ended_at: moved.ended_at.map(|at| at.rfc3339()),
            progress: MoveProgress {
                listed: round.listed,
                users: round.users,
                versions: round.versions,
                quarantined: round.quarantined,
                merged: round.merged,
                failed: round.failed,
                problems: round.problems,
                complete: round.ended,
            },
            waiting_for: waiting,
        }
    }
}

/// What is to be moved where.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct NewStorageMove {
    /// `global`, or `group:` and the name of a group.
    #[schema(value_type = String, example = "group:Office")]
    scope: String,
    /// The Storage Server that is to be left; the first one of the scope if missing.
    #[serde(default)]
    from: Option<String>,
    /// The Storage Server that takes its place.
    to: String,
}

/// The newest moves, newest first
#[utoipa::path(get, path = "/storage-moves", tag = "storage-servers", operation_id = "list-storage-moves", responses(
    (status = 200, body = Vec<StorageMove>),
    (status = "default", body = Problem),
))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<Vec<StorageMove>>, Refusal> {
    Ok(Json(core.moves(&caller).await?.into_iter().map(Into::into).collect()))
}

/// Begins a move
#[utoipa::path(post, path = "/storage-moves", tag = "storage-servers", operation_id = "create-storage-move", request_body = NewStorageMove, responses(
    (status = 201, body = StorageMove),
    (status = 409, body = Problem, description = "It is not possible"),
    (status = "default", body = Problem),
))]
pub(super) async fn create(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(NewStorageMove { scope, from, to }): Body<NewStorageMove>,
) -> Result<(StatusCode, Json<StorageMove>), Refusal> {
    let scope: Scope = scope
        .parse()
        .map_err(|error: <Scope as std::str::FromStr>::Err| Refusal::Request(error.to_string()))?;
    let moved = core.start_move(&caller, scope, from, &to).await?;
    Ok((StatusCode::CREATED, Json(moved.into())))
}

/// One, and how far it is
#[utoipa::path(get, path = "/storage-moves/{id}", tag = "storage-servers", operation_id = "get-storage-move",
    params(("id" = String, Path)), responses((status = 200, body = StorageMove), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
) -> Result<Json<StorageMove>, Refusal> {
    Ok(Json(core.one_move(&caller, &id).await?.into()))
}

/// Gives up one of which Agents were not told yet
#[utoipa::path(post, path = "/storage-moves/{id}/cancel", tag = "storage-servers", operation_id = "cancel-storage-move",
    params(("id" = String, Path)), responses(
    (status = 204),
    (status = 409, body = Problem, description = "Agents were told already"),
    (status = "default", body = Problem),
))]
pub(super) async fn cancel(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
) -> Result<StatusCode, Refusal> {
    core.cancel_move(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one without the Agents that have not asked for their new plan
#[utoipa::path(post, path = "/storage-moves/{id}/finish", tag = "storage-servers", operation_id = "finish-storage-move",
    params(("id" = String, Path)), responses(
    (status = 200, body = StorageMove),
    (status = 409, body = Problem, description = "It does not wait for Agents"),
    (status = "default", body = Problem),
))]
pub(super) async fn finish(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
) -> Result<Json<StorageMove>, Refusal> {
    Ok(Json(core.finish_move(&caller, &id).await?.into()))
}
