use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use mp_profile::GroupName;
use mp_protocol::{MachineId, MachineRole};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::WithTag,
    extract::{Body, IfMatch, Named, Params},
    page::Page,
    problem::Problem,
};
use crate::{
    domain::{self, MachineFilter, MachineState, Paging, Refusal, UnixMillis},
    ops::{Administrator, Core},
    repository::MACHINE_ORDERS,
};

/// A machine that joined the farm.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Machine {
    /// 32 hexadecimal digits.
    #[schema(value_type = String)]
    id: MachineId,
    role: Role,
    /// As the machine gave it when it joined.
    name: String,
    /// Of an Agent Server, if it is in one.
    #[schema(value_type = Option<String>)]
    group: Option<GroupName>,
    /// Of a storage machine: the Storage Server that it is.
    storage_server: Option<String>,
    state: Standing,
    /// RFC 3339.
    #[schema(format = DateTime)]
    enrolled: String,
    /// When it last asked for its plan, RFC 3339, to about a minute.
    #[schema(format = DateTime)]
    last_seen: Option<String>,
    /// Serial numbers of its certificates that are not over, in hexadecimal, oldest first.
    certificates: Vec<String>,
}

/// What a machine is to the farm.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    Agent,
    Storage,
}

/// Whether a machine may come.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Standing {
    Active,
    Revoked,
}

/// Where an Agent Server belongs.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Assignment {
    /// Name of the group; null for none.
    #[schema(value_type = Option<String>, required)]
    group: Option<GroupName>,
}

impl From<MachineRole> for Role {
    fn from(role: MachineRole) -> Self {
        match role {
            MachineRole::Agent => Self::Agent,
            MachineRole::Storage => Self::Storage,
        }
    }
}

impl From<Role> for MachineRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Agent => Self::Agent,
            Role::Storage => Self::Storage,
        }
    }
}

impl From<domain::Machine> for Machine {
    fn from(machine: domain::Machine) -> Self {
        let certificates = machine.certificates.into_iter().filter(|known| !known.revoked);
        Self {
            id: machine.id,
            role: machine.role.into(),
            name: machine.name,
            group: machine.group,
            storage_server: machine.storage_server,
            state: match machine.state {
                MachineState::Active => Standing::Active,
                MachineState::Revoked => Standing::Revoked,
            },
            enrolled: machine.enrolled_at.rfc3339(),
            last_seen: machine.last_seen_at.map(UnixMillis::rfc3339),
            certificates: certificates.map(|known| known.serial).collect(),
        }
    }
}

/// Which machines.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Which {
    role: Option<Role>,
    state: Option<Standing>,
    group: Option<GroupName>,
    search: Option<String>,
    sort: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// Machines that ever joined, revoked ones too
#[utoipa::path(get, path = "/machines", tag = "machines", operation_id = "list-machines", params(
    ("role" = Option<Role>, Query, description = "Of this role"),
    ("state" = Option<Standing>, Query, description = "In this state"),
    ("group" = Option<String>, Query, description = "In this Agent Server Group"),
    ("search" = Option<String>, Query, description = "With this in the name or identity, in any case"),
    ("sort" = Option<String>, Query, description = "name, enrolled or last-seen; with - before it the other way round; name if missing"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = Page<Machine>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(which): Params<Which>,
) -> Result<Json<Page<Machine>>, Refusal> {
    let Which { role, state, group, search, sort, after, limit } = which;
    let paging = Paging::read(MACHINE_ORDERS, sort.as_deref(), "name", after.as_deref(), limit)?;
    let filter = MachineFilter {
        within: None,
        role: role.map(MachineRole::from),
        state: state.map(|state| match state {
            Standing::Active => MachineState::Active,
            Standing::Revoked => MachineState::Revoked,
        }),
        group,
        search: domain::search(search)?,
    };
    Ok(Json(Page::of(core.machines(&caller, filter, &paging).await?)))
}

/// One machine, with the ETag that changes of it need
#[utoipa::path(get, path = "/machines/{id}", tag = "machines", operation_id = "get-machine",
    params(("id" = String, Path)), responses((status = 200, body = Machine), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named<MachineId>,
) -> Result<WithTag<Machine>, Refusal> {
    core.machine(&caller, &id).await.map(WithTag::found)
}

/// Puts an Agent Server into a group, or into none
#[utoipa::path(put, path = "/machines/{id}", tag = "machines", operation_id = "assign-machine",
    request_body = Assignment, params(("id" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = Machine),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn assign(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named<MachineId>,
    IfMatch(expected): IfMatch,
    Body(body): Body<Assignment>,
) -> Result<WithTag<Machine>, Refusal> {
    core.assign_group(&caller, &id, body.group.as_ref(), &expected).await.map(WithTag::found)
}

/// Revokes a machine: from now on it reaches nothing. Its record stays
#[utoipa::path(delete, path = "/machines/{id}", tag = "machines", operation_id = "revoke-machine",
    params(("id" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 204),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn revoke(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(id): Named<MachineId>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Refusal> {
    core.revoke(&caller, &id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
