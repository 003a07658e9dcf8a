use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use mp_profile::GroupName;
use mp_protocol::MachineRole;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::WithTag,
    extract::{Body, IfMatch, Named, Params},
    machines::Role,
    page::Page,
    problem::Problem,
};
use crate::{
    domain::{self, Paging, Refusal, UnixMillis},
    ops::{Administrator, Core, TokenTarget},
    repository::{JOIN_TOKEN_ORDERS, JoinTokenFilter, JoinTokenRow},
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

/// Which join tokens.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Which {
    role: Option<Role>,
    used: Option<bool>,
    search: Option<String>,
    sort: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// Join tokens, without their secrets
#[utoipa::path(get, path = "/join-tokens", tag = "join-tokens", operation_id = "list-join-tokens", params(
    ("role" = Option<Role>, Query, description = "For machines of this role"),
    ("used" = Option<bool>, Query, description = "Only used ones, or only unused ones"),
    ("search" = Option<String>, Query, description = "With this in the name of the group or Storage Server, in any case"),
    ("sort" = Option<String>, Query, description = "created or expires; with - before it the other way round; -created if missing"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = Page<JoinToken>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(which): Params<Which>,
) -> Result<Json<Page<JoinToken>>, Refusal> {
    let Which { role, used, search, sort, after, limit } = which;
    let paging = Paging::read(JOIN_TOKEN_ORDERS, sort.as_deref(), "-created", after.as_deref(), limit)?;
    let filter = JoinTokenFilter { role: role.map(MachineRole::from), used, search: domain::search(search)? };
    Ok(Json(Page::of(core.join_tokens(&caller, &filter, &paging).await?)))
}

/// One join token without its secret, with the ETag that taking it back needs
#[utoipa::path(get, path = "/join-tokens/{id}", tag = "join-tokens", operation_id = "get-join-token",
    params(("id" = String, Path)), responses((status = 200, body = JoinToken), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
) -> Result<WithTag<JoinToken>, Refusal> {
    core.join_token(&caller, &id).await.map(WithTag::found)
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
    params(("id" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 204),
    (status = 412, body = Problem, description = "Somebody used it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn remove(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Refusal> {
    core.remove_join_token(&caller, &id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
