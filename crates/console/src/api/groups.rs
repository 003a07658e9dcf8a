use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use mp_profile::GroupName;
use mp_protocol::{AgentSettings, Waits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::WithTag,
    extract::{Body, IfMatch, Named},
    problem::Problem,
};
use crate::{
    domain::{self, AgentSettingsForm, Refusal, Retention, WaitsForm},
    ops::{Administrator, Core},
};

/// Agent Servers of one role (a silo).
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AgentServerGroup {
    /// 1 to 64 letters, digits, hyphens and underscores; unique; cannot be changed, for it is a folder on storage.
    #[schema(value_type = String, example = "Office")]
    name: GroupName,
    #[serde(default)]
    description: String,
    /// Name of the Storage Server that keeps its data sets; the farm's first one if there is none.
    #[serde(default)]
    storage_server: Option<String>,
    /// Names of the Storage Servers that keep its data sets as well, which Agents try in this order when that one is away.
    #[serde(default)]
    #[schema(max_items = 4)]
    other_storage_servers: Vec<String>,
    /// Which former versions of its data sets stay; as its Storage Server says if not given.
    #[serde(default)]
    retention: Option<Retention>,
    #[serde(default, with = "AgentSettingsForm")]
    #[schema(value_type = AgentSettingsForm)]
    settings: AgentSettings,
    #[serde(default, with = "WaitsForm")]
    #[schema(value_type = WaitsForm)]
    waits: Waits,
}

impl From<domain::AgentServerGroup> for AgentServerGroup {
    fn from(group: domain::AgentServerGroup) -> Self {
        let domain::AgentServerGroup {
            name,
            description,
            storage_server,
            other_storage_servers,
            retention,
            settings,
            waits,
        } = group;
        Self { name, description, storage_server, other_storage_servers, retention, settings, waits }
    }
}

impl From<AgentServerGroup> for domain::AgentServerGroup {
    fn from(group: AgentServerGroup) -> Self {
        let AgentServerGroup {
            name,
            description,
            storage_server,
            other_storage_servers,
            retention,
            settings,
            waits,
        } = group;
        Self { name, description, storage_server, other_storage_servers, retention, settings, waits }
    }
}

/// All Agent Server Groups, in their order
#[utoipa::path(get, path = "/agent-server-groups", tag = "agent-server-groups", operation_id = "list-agent-server-groups", responses(
    (status = 200, body = Vec<AgentServerGroup>),
    (status = "default", body = Problem),
))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<Vec<AgentServerGroup>>, Refusal> {
    let found = core.list::<domain::AgentServerGroup>(&caller).await?;
    Ok(Json(found.into_iter().map(|found| found.item.into()).collect()))
}

/// Adds one, after the others
#[utoipa::path(post, path = "/agent-server-groups", tag = "agent-server-groups", operation_id = "create-agent-server-group", request_body = AgentServerGroup, responses(
    (status = 201, body = AgentServerGroup),
    (status = 409, body = Problem, description = "The name is taken"),
    (status = "default", body = Problem),
))]
pub(super) async fn create(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(body): Body<AgentServerGroup>,
) -> Result<WithTag<AgentServerGroup>, Refusal> {
    core.create::<domain::AgentServerGroup>(&caller, body.into()).await.map(WithTag::created)
}

/// One, with the ETag that changes of it need
#[utoipa::path(get, path = "/agent-server-groups/{name}", tag = "agent-server-groups", operation_id = "get-agent-server-group", params(("name" = String, Path)),
    responses((status = 200, body = AgentServerGroup), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
) -> Result<WithTag<AgentServerGroup>, Refusal> {
    core.get::<domain::AgentServerGroup>(&caller, &name).await.map(WithTag::found)
}

/// Replaces one
#[utoipa::path(put, path = "/agent-server-groups/{name}", tag = "agent-server-groups", operation_id = "replace-agent-server-group", request_body = AgentServerGroup,
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = AgentServerGroup),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn replace(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
    Body(body): Body<AgentServerGroup>,
) -> Result<WithTag<AgentServerGroup>, Refusal> {
    core.replace::<domain::AgentServerGroup>(&caller, &name, &expected, body.into()).await.map(WithTag::found)
}

/// Removes one that nothing uses
#[utoipa::path(delete, path = "/agent-server-groups/{name}", tag = "agent-server-groups", operation_id = "remove-agent-server-group",
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 204),
    (status = 409, body = Problem, description = "It is still used"),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn remove(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Refusal> {
    core.remove::<domain::AgentServerGroup>(&caller, &name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
