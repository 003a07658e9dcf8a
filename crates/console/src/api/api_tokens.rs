use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use mp_profile::GroupName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    administrators::AdministratorRole,
    answer::WithTag,
    extract::{Body, IfMatch, Named, Params},
    page::{Page, Searched},
    problem::Problem,
};
use crate::{
    domain::{Access, Refusal, UnixMillis},
    ops::{Administrator, Core},
    repository::{ACCESS_TOKEN_ORDERS, AccessToken},
};

/// An API token without its secret. Programs send it as sessions' tokens are sent; it may what its role and its owner may,
/// but nothing about people.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ApiToken {
    id: String,
    name: String,
    /// Name of the administrator whose it is.
    owner: String,
    role: AdministratorRole,
    /// Agent Server Groups whose machines and sessions alone it sees; null for all that its owner sees.
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    created: String,
    /// RFC 3339.
    #[schema(format = DateTime)]
    expires: String,
    /// RFC 3339, to about a minute.
    #[schema(format = DateTime)]
    last_used: Option<String>,
}

impl From<AccessToken> for ApiToken {
    fn from(token: AccessToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            owner: token.owner,
            role: token.access.role.into(),
            groups: token.access.groups,
            created: token.created_at.rfc3339(),
            expires: token.expires_at.rfc3339(),
            last_used: token.last_used_at.map(UnixMillis::rfc3339),
        }
    }
}

/// What an API token shall be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct NewApiToken {
    /// 1 to 64 characters: what it is for.
    name: String,
    /// One's own; who may do everything can choose any.
    role: AdministratorRole,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
    /// 1 to 366.
    #[serde(default = "quarter")]
    lifetime_days: u32,
}

fn quarter() -> u32 {
    90
}

/// An API token just made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct CreatedApiToken {
    #[serde(flatten)]
    about: ApiToken,
    /// To be sent as "Authorization: Bearer TOKEN". It is told here and never again.
    token: String,
}

/// API tokens: all of them for an administrator, else one's own
#[utoipa::path(get, path = "/api-tokens", tag = "api-tokens", operation_id = "list-api-tokens", params(
    ("search" = Option<String>, Query, description = "With this in the token's or the owner's name, in any case"),
    ("sort" = Option<String>, Query, description = "created or expires; with - before it the other way round; -created if missing"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = Page<ApiToken>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(asked): Params<Searched>,
) -> Result<Json<Page<ApiToken>>, Refusal> {
    let (search, paging) = asked.read(ACCESS_TOKEN_ORDERS, "-created")?;
    Ok(Json(Page::of(core.access_tokens(&caller, search.as_deref(), &paging).await?)))
}

/// Makes an API token of the caller
#[utoipa::path(post, path = "/api-tokens", tag = "api-tokens", operation_id = "create-api-token",
    request_body = NewApiToken, responses((status = 201, body = CreatedApiToken), (status = "default", body = Problem)))]
pub(super) async fn create(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(NewApiToken { name, role, groups, lifetime_days }): Body<NewApiToken>,
) -> Result<(StatusCode, Json<CreatedApiToken>), Refusal> {
    let access = Access { role: role.into(), groups };
    let (token, secret) = core.create_access_token(&caller, &name, access, lifetime_days).await?;
    let body = CreatedApiToken { about: token.into(), token: secret.reveal().to_owned() };
    Ok((StatusCode::CREATED, Json(body)))
}

/// One API token without its secret, with the ETag that taking it back needs
#[utoipa::path(get, path = "/api-tokens/{id}", tag = "api-tokens", operation_id = "get-api-token",
    params(("id" = String, Path)), responses((status = 200, body = ApiToken), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
) -> Result<WithTag<ApiToken>, Refusal> {
    core.access_token(&caller, &id).await.map(WithTag::found)
}

/// Takes an API token back: from now on it is good for nothing
#[utoipa::path(delete, path = "/api-tokens/{id}", tag = "api-tokens", operation_id = "remove-api-token",
    params(("id" = String, Path), ("If-Match" = String, Header)), responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn remove(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Refusal> {
    core.remove_access_token(&caller, &id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
