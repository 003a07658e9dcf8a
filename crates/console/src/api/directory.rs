use std::sync::Arc;

use axum::{Json, extract::State};
use mp_profile::{GroupName, Sid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    administrators::AdministratorRole,
    answer::WithTag,
    extract::{Body, IfMatch, Params},
    problem::Problem,
};
use crate::{
    directory::{self, EntryKind},
    domain::Refusal,
    ops::{Administrator, Core, KnownDirectory},
    secret::Secret,
};

/// What the members of a group of the directory may do here.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct DirectoryRole {
    /// Security identifier of the group; members of groups within it are meant as well.
    #[schema(value_type = String)]
    group: Sid,
    /// What people call it; the identifier alone counts.
    #[serde(default)]
    name: String,
    role: AdministratorRole,
    /// Agent Server Groups whose machines and sessions alone they see; null for the whole farm.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupName>>,
}

/// How Active Directory is reached, and what its groups may do here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Directory {
    enabled: bool,
    /// Domain controllers, host or host:port, tried in this order by LDAPS; 636 where there is no port.
    servers: Vec<String>,
    /// Distinguished name below which users and groups are looked for; empty for the whole domain.
    base: String,
    /// Who asks the directory: a distinguished name or a user principal name.
    account: String,
    /// Whether the account's password is known. It is never told.
    has_password: bool,
    /// The authorities that sign the servers' certificates, PEM; empty for those that the console's system trusts.
    certificates: String,
    /// The first one whose group somebody is in decides.
    roles: Vec<DirectoryRole>,
}

/// How Active Directory shall be reached, and what its groups shall be allowed.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct DirectoryChange {
    enabled: bool,
    servers: Vec<String>,
    #[serde(default)]
    base: String,
    account: String,
    /// Without it the present one stays.
    #[serde(default)]
    #[schema(format = Password)]
    password: Option<String>,
    #[serde(default)]
    certificates: String,
    #[serde(default)]
    roles: Vec<DirectoryRole>,
}

/// The directory answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct DirectoryAnswer {
    /// The server that did.
    server: String,
    /// NetBIOS name of the domain.
    domain: String,
}

/// A user or group of the directory.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct DirectoryEntry {
    sid: String,
    /// `DOMAIN\\name`.
    name: String,
    display_name: String,
}

/// Users or groups of the directory.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct DirectoryEntries {
    items: Vec<DirectoryEntry>,
    /// Whether there are more; search for more of the name.
    more: bool,
}

/// What is looked for.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default = "fifty")]
    limit: usize,
}

fn fifty() -> usize {
    50
}

impl From<KnownDirectory> for Directory {
    fn from(KnownDirectory { settings, has_password }: KnownDirectory) -> Self {
        let directory::DirectorySettings { enabled, servers, base, account, certificates, roles } = settings;
        let role = |role: directory::GroupRole| DirectoryRole {
            group: role.group,
            name: role.name,
            role: role.role.into(),
            groups: role.groups,
        };
        let roles = roles.into_iter().map(role).collect();
        Self { enabled, servers, base, account, has_password, certificates, roles }
    }
}

/// How Active Directory is reached, and what its groups may do here
#[utoipa::path(get, path = "/directory", tag = "directory", operation_id = "get-directory",
    responses((status = 200, body = Directory), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<WithTag<Directory>, Refusal> {
    core.directory_settings(&caller).await.map(WithTag::found)
}

/// Sets Active Directory up
#[utoipa::path(put, path = "/directory", tag = "directory", operation_id = "replace-directory",
    request_body = DirectoryChange, params(("If-Match" = String, Header)), responses(
    (status = 200, body = Directory),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn replace(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    IfMatch(expected): IfMatch,
    Body(body): Body<DirectoryChange>,
) -> Result<WithTag<Directory>, Refusal> {
    let DirectoryChange { enabled, servers, base, account, password, certificates, roles } = body;
    let role = |role: DirectoryRole| directory::GroupRole {
        group: role.group,
        name: role.name.chars().take(200).collect(),
        role: role.role.into(),
        groups: role.groups,
    };
    let roles = roles.into_iter().map(role).collect();
    let settings = directory::DirectorySettings { enabled, servers, base, account, certificates, roles };
    core.set_directory(&caller, &expected, settings, password.map(Secret::new)).await.map(WithTag::found)
}

/// Asks the directory whether it answers
#[utoipa::path(post, path = "/directory/check", tag = "directory", operation_id = "check-directory", responses(
    (status = 200, body = DirectoryAnswer),
    (status = 503, body = Problem, description = "It does not answer, or not as it should"),
    (status = "default", body = Problem),
))]
pub(super) async fn check(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<DirectoryAnswer>, Refusal> {
    let (server, domain) = core.check_directory(&caller).await?;
    Ok(Json(DirectoryAnswer { server, domain }))
}

/// Users of the directory
#[utoipa::path(get, path = "/directory/users", tag = "directory", operation_id = "find-directory-users", params(
    ("search" = Option<String>, Query, description = "Whose name begins with this"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = DirectoryEntries), (status = "default", body = Problem)))]
pub(super) async fn users(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(asked): Params<Asked>,
) -> Result<Json<DirectoryEntries>, Refusal> {
    find(&core, &caller, EntryKind::User, &asked).await
}

/// Groups of the directory
#[utoipa::path(get, path = "/directory/groups", tag = "directory", operation_id = "find-directory-groups", params(
    ("search" = Option<String>, Query, description = "Whose name begins with this"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = DirectoryEntries), (status = "default", body = Problem)))]
pub(super) async fn groups(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(asked): Params<Asked>,
) -> Result<Json<DirectoryEntries>, Refusal> {
    find(&core, &caller, EntryKind::Group, &asked).await
}

async fn find(
    core: &Core,
    caller: &Administrator,
    kind: EntryKind,
    asked: &Asked,
) -> Result<Json<DirectoryEntries>, Refusal> {
    let (found, more) = core.find_in_directory(caller, kind, &asked.search, asked.limit).await?;
    let entry = |entry: directory::DirectoryEntry| DirectoryEntry {
        sid: entry.sid.to_string(),
        name: entry.name,
        display_name: entry.display_name,
    };
    Ok(Json(DirectoryEntries { items: found.into_iter().map(entry).collect(), more }))
}
