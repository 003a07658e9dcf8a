use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use mp_profile::GroupName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::{Body, Named},
    machines::Role,
    problem::Problem,
};
use crate::{
    domain::{Refusal, UnixMillis},
    ops::{Administrator, Core, TokenTarget},
    repository::JoinTokenRow,
};

/// What a join token shall be for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct NewJoinToken {
    role: Role,
    /// The group that the Agent Server will be in; none if missing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    group: Option<GroupName>,
    /// The Storage Server that the storage machine will be.
    #[serde(default)]
    storage_server: Option<String>,
    /// 1 to 720.
    #[serde(default = "day")]
    lifetime_hours: u32,
}

fn day() -> u32 {
    24
}

/// A join token just made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct CreatedJoinToken {
    id: String,
    /// To be carried to the machine. It is told here and never again.
    token: String,
    /// RFC 3339.
    #[schema(format = DateTime)]
    expires: String,
}

/// A join token without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct JoinToken {
    id: String,
    role: Role,
    group: Option<String>,
    storage_server: Option<String>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    created: String,
    /// RFC 3339.
    #[schema(format = DateTime)]
    expires: String,
    /// RFC 3339; null as long as nobody joined with it.
    #[schema(format = DateTime)]
    used: Option<String>,
    /// The machine that joined with it.
    used_by: Option<String>,
}

impl From<JoinTokenRow> for JoinToken {
    fn from(row: JoinTokenRow) -> Self {
        Self {
            id: row.id,
            role: row.role.into(),
            group: row.group,
            storage_server: row.storage_server,
            created: row.created_at.rfc3339(),
            expires: row.expires_at.rfc3339(),
            used: row.used_at.map(UnixMillis::rfc3339),
            used_by: row.used_by,
        }
    }
}

/// All join tokens, newest first, without their secrets
#[utoipa::path(get, path = "/join-tokens", tag = "join-tokens", operation_id = "list-join-tokens", responses(
    (status = 200, body = Vec<JoinToken>),
    (status = "default", body = Problem),
))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<Vec<JoinToken>>, Refusal> {
    Ok(Json(core.join_tokens(&caller).await?.into_iter().map(JoinToken::from).collect()))
}

/// Makes a token with which one machine can join
#[utoipa::path(post, path = "/join-tokens", tag = "join-tokens", operation_id = "create-join-token",
    request_body = NewJoinToken, responses((status = 201, body = CreatedJoinToken), (status = "default", body = Problem)))]
pub(super) async fn create(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(body): Body<NewJoinToken>,
) -> Result<(StatusCode, Json<CreatedJoinToken>), Refusal> {
    let NewJoinToken { role, group, storage_server, lifetime_hours } = body;
    let target = TokenTarget { role: role.into(), group, storage_server };
    let token = core.create_join_token(&caller, target, lifetime_hours).await?;
    let body = CreatedJoinToken {
        id: token.id,
        token: token.text.reveal().to_owned(),
        expires: token.expires.rfc3339(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Takes an unused join token back
#[utoipa::path(delete, path = "/join-tokens/{id}", tag = "join-tokens", operation_id = "remove-join-token",
    params(("id" = String, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn remove(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
) -> Result<StatusCode, Refusal> {
    core.remove_join_token(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
