use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mp_profile::GroupName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{WithTag, etag},
    extract::{Body, IfMatch, Named, Params},
    page::{Page, Searched},
    problem::Problem,
};
use crate::{
    domain::{self, Access, Refusal},
    ops::{self, Core},
    repository::{ACCOUNT_ORDERS, Account},
    secret::Secret,
};

/// What somebody is to the farm.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AdministratorRole {
    /// May do everything.
    Administrator,
    /// Sees the farm and its sessions, and restores users' data.
    Operator,
    /// Sees everything, the audit log too, and changes nothing.
    Auditor,
}

impl From<domain::Role> for AdministratorRole {
    fn from(role: domain::Role) -> Self {
        match role {
            domain::Role::Administrator => Self::Administrator,
            domain::Role::Operator => Self::Operator,
            domain::Role::Auditor => Self::Auditor,
        }
    }
}

impl From<AdministratorRole> for domain::Role {
    fn from(role: AdministratorRole) -> Self {
        match role {
            AdministratorRole::Administrator => Self::Administrator,
            AdministratorRole::Operator => Self::Operator,
            AdministratorRole::Auditor => Self::Auditor,
        }
    }
}

/// Where an account comes from.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AdministratorOrigin {
    /// The console itself, by a password.
    Local,
    /// Active Directory, which has the password and the groups.
    Directory,
    /// An OpenID Connect provider, which proves who somebody is and has the groups.
    OpenidConnect,
}

impl From<domain::AccountOrigin> for AdministratorOrigin {
    fn from(origin: domain::AccountOrigin) -> Self {
        match origin {
            domain::AccountOrigin::Local => Self::Local,
            domain::AccountOrigin::Directory => Self::Directory,
            domain::AccountOrigin::OpenidConnect => Self::OpenidConnect,
        }
    }
}

/// Somebody who may sign in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Administrator {
    /// Unique whatever the case; cannot be changed.
    name: String,
    origin: AdministratorOrigin,
    role: AdministratorRole,
    /// Agent Server Groups whose machines and sessions alone he sees; null for the whole farm.
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
    /// Whether he signs in with a second factor.
    second_factor: bool,
    /// Whether he cannot sign in.
    disabled: bool,
    /// Whether his password was set by somebody else, and is good for changing it alone.
    must_change_password: bool,
    /// Until when he cannot sign in after too many failures, RFC 3339; it may be past.
    #[schema(format = DateTime)]
    locked_until: Option<String>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    created: String,
}

/// Somebody who shall be able to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct NewAdministrator {
    /// 1 to 64 characters.
    name: String,
    role: AdministratorRole,
    /// Not of a role that may do everything.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
    /// 12 to 256 characters; one is made up and told once if there is none. It must be changed at the first sign-in.
    #[serde(default)]
    #[schema(format = Password)]
    password: Option<String>,
}

/// What can be changed of an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AdministratorChange {
    role: AdministratorRole,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
    #[serde(default)]
    disabled: bool,
}

/// A password that somebody else sets.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PasswordReset {
    /// 12 to 256 characters; one is made up and told once if there is none.
    #[serde(default)]
    #[schema(format = Password)]
    password: Option<String>,
}

/// An account, and its password if that was made up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct AdministratorWithPassword {
    #[serde(flatten)]
    administrator: Administrator,
    /// To be told to its owner. It is shown here and never again; null if the request named one.
    password: Option<String>,
}

impl From<Account> for Administrator {
    fn from(account: Account) -> Self {
        Self {
            name: account.name,
            origin: account.origin.into(),
            second_factor: !account.second_factor.is_empty(),
            role: account.access.role.into(),
            groups: account.access.groups,
            disabled: account.disabled,
            must_change_password: account.must_change_password,
            locked_until: (account.locked_until.0 > 0).then(|| account.locked_until.rfc3339()),
            created: account.created_at.rfc3339(),
        }
    }
}

/// Who may sign in
#[utoipa::path(get, path = "/administrators", tag = "administrators", operation_id = "list-administrators", params(
    ("search" = Option<String>, Query, description = "With this in the name, in any case"),
    ("sort" = Option<String>, Query, description = "name or created; with - before it the other way round; name if missing"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = Page<Administrator>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: ops::Administrator,
    Params(asked): Params<Searched>,
) -> Result<Json<Page<Administrator>>, Refusal> {
    let (search, paging) = asked.read(ACCOUNT_ORDERS, "name")?;
    Ok(Json(Page::of(core.administrators(&caller, search.as_deref(), &paging).await?)))
}

/// Lets somebody sign in
#[utoipa::path(post, path = "/administrators", tag = "administrators", operation_id = "create-administrator",
    request_body = NewAdministrator, responses(
    (status = 201, body = AdministratorWithPassword),
    (status = 409, body = Problem, description = "The name is taken"),
    (status = "default", body = Problem),
))]
pub(super) async fn create(
    State(core): State<Arc<Core>>,
    caller: ops::Administrator,
    Body(body): Body<NewAdministrator>,
) -> Result<Response, Refusal> {
    let NewAdministrator { name, role, groups, password } = body;
    let access = Access { role: role.into(), groups };
    answer(StatusCode::CREATED, core.create_account(&caller, &name, access, password.map(Secret::new)).await?)
}

/// One account, with the ETag that changes of it need
#[utoipa::path(get, path = "/administrators/{name}", tag = "administrators", operation_id = "get-administrator",
    params(("name" = String, Path)), responses((status = 200, body = Administrator), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: ops::Administrator,
    Named(name): Named,
) -> Result<WithTag<Administrator>, Refusal> {
    core.account(&caller, &name).await.map(WithTag::found)
}

/// Gives somebody another role or other groups, or takes away that he can sign in
#[utoipa::path(put, path = "/administrators/{name}", tag = "administrators", operation_id = "change-administrator",
    request_body = AdministratorChange, params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = Administrator),
    (status = 409, body = Problem, description = "Nobody would be left who may do everything"),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn change(
    State(core): State<Arc<Core>>,
    caller: ops::Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
    Body(AdministratorChange { role, groups, disabled }): Body<AdministratorChange>,
) -> Result<WithTag<Administrator>, Refusal> {
    let access = Access { role: role.into(), groups };
    core.change_account(&caller, &name, &expected, access, disabled).await.map(WithTag::found)
}

/// Removes an account with its sessions and API tokens
#[utoipa::path(delete, path = "/administrators/{name}", tag = "administrators", operation_id = "remove-administrator",
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 204),
    (status = 409, body = Problem, description = "Nobody would be left who may do everything"),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn remove(
    State(core): State<Arc<Core>>,
    caller: ops::Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Refusal> {
    core.remove_account(&caller, &name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets somebody try again whose account is locked after too many failures
#[utoipa::path(delete, path = "/administrators/{name}/lock", tag = "administrators", operation_id = "unlock-administrator",
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 204),
    (status = 412, body = Problem, description = "Somebody changed the account since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn unlock(
    State(core): State<Arc<Core>>,
    caller: ops::Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Refusal> {
    core.unlock_account(&caller, &name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes away the second factor of somebody who has lost it, and ends his sessions
#[utoipa::path(delete, path = "/administrators/{name}/second-factor", tag = "administrators", operation_id = "reset-second-factor",
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 204),
    (status = 409, body = Problem, description = "There is none, or it is one's own"),
    (status = 412, body = Problem, description = "Somebody changed the account since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn reset_second_factor(
    State(core): State<Arc<Core>>,
    caller: ops::Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Refusal> {
    core.reset_second_factor(&caller, &name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets somebody's password, unlocks the account, and ends its sessions; he must change the password then
#[utoipa::path(put, path = "/administrators/{name}/password", tag = "administrators", operation_id = "reset-password",
    request_body = PasswordReset, params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = AdministratorWithPassword),
    (status = 412, body = Problem, description = "Somebody changed the account since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn reset_password(
    State(core): State<Arc<Core>>,
    caller: ops::Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
    Body(PasswordReset { password }): Body<PasswordReset>,
) -> Result<Response, Refusal> {
    answer(StatusCode::OK, core.reset_password(&caller, &name, &expected, password.map(Secret::new)).await?)
}

fn answer(status: StatusCode, account: ops::NewAccount) -> Result<Response, Refusal> {
    let tag = etag(&account.account.tag)?;
    let body = AdministratorWithPassword {
        administrator: account.account.item.into(),
        password: account.password.map(|password| password.reveal().to_owned()),
    };
    Ok((status, [tag], Json(body)).into_response())
}
