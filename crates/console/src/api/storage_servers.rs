use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use mp_profile::GroupName;
use mp_protocol::StorageLimits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::WithTag,
    extract::{Body, IfMatch, Named},
    problem::Problem,
};
use crate::{
    domain::{self, Refusal, Retention, StorageLimitsForm},
    ops::{Administrator, Core},
};

/// A machine that runs the Storage Service. Agents whose group names none use the first one.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct StorageServer {
    /// Unique; cannot be changed.
    #[schema(example = "TS-STORE1")]
    name: String,
    /// DNS name or IP address by which Agents reach it. Cannot be changed while a machine has joined as it.
    #[schema(example = "ts-store1.example.com")]
    host: String,
    /// Absolute path on that machine, below which everything is kept.
    #[schema(example = "D:\\MetaProfiles")]
    base_folder: String,
    /// Folder of the global data sets below the base folder: a name like a group's, and no group's name.
    #[serde(default = "domain::StorageServer::default_global_folder")]
    #[schema(value_type = String)]
    global_folder: GroupName,
    /// TCP port.
    #[serde(default = "domain::StorageServer::default_port")]
    port: u16,
    /// Former versions to keep of each data set, 1 to 1000.
    #[serde(default = "domain::StorageServer::default_keep_versions")]
    #[schema(default = 5, minimum = 1, maximum = 1000)]
    keep_versions: u32,
    /// Keep only former versions that were replaced within so many days; any age if not given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 36500)]
    keep_days: Option<u32>,
    /// Keep only the newest former versions of so many bytes together, for each user and scope; any size if not given.
    #[serde(default)]
    #[schema(minimum = 1)]
    keep_bytes: Option<u64>,
    #[serde(default, with = "StorageLimitsForm")]
    #[schema(value_type = StorageLimitsForm)]
    limits: StorageLimits,
    /// Whether it keeps the global data sets. Agents try those that do in the farm's order; when none does, the first one of
    /// the farm.
    #[serde(default)]
    keeps_global: bool,
}

impl From<domain::StorageServer> for StorageServer {
    fn from(server: domain::StorageServer) -> Self {
        let domain::StorageServer {
            name,
            host,
            base_folder,
            global_folder,
            port,
            retention,
            limits,
            keeps_global,
        } = server;
        let Retention { keep_versions, keep_days, keep_bytes } = retention;
        Self {
            name,
            host,
            base_folder,
            global_folder,
            port,
            keep_versions,
            keep_days,
            keep_bytes,
            limits,
            keeps_global,
        }
    }
}

impl From<StorageServer> for domain::StorageServer {
    fn from(server: StorageServer) -> Self {
        let StorageServer {
            name,
            host,
            base_folder,
            global_folder,
            port,
            keep_versions,
            keep_days,
            keep_bytes,
            limits,
            keeps_global,
        } = server;
        let retention = Retention { keep_versions, keep_days, keep_bytes };
        Self { name, host, base_folder, global_folder, port, retention, limits, keeps_global }
    }
}

/// All Storage Servers, in their order
#[utoipa::path(get, path = "/storage-servers", tag = "storage-servers", operation_id = "list-storage-servers", responses(
    (status = 200, body = Vec<StorageServer>),
    (status = "default", body = Problem),
))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<Vec<StorageServer>>, Refusal> {
    let found = core.list::<domain::StorageServer>(&caller).await?;
    Ok(Json(found.into_iter().map(|found| found.item.into()).collect()))
}

/// Adds one, after the others
#[utoipa::path(post, path = "/storage-servers", tag = "storage-servers", operation_id = "create-storage-server", request_body = StorageServer, responses(
    (status = 201, body = StorageServer),
    (status = 409, body = Problem, description = "The name is taken"),
    (status = "default", body = Problem),
))]
pub(super) async fn create(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(body): Body<StorageServer>,
) -> Result<WithTag<StorageServer>, Refusal> {
    core.create::<domain::StorageServer>(&caller, body.into()).await.map(WithTag::created)
}

/// One, with the ETag that changes of it need
#[utoipa::path(get, path = "/storage-servers/{name}", tag = "storage-servers", operation_id = "get-storage-server", params(("name" = String, Path)),
    responses((status = 200, body = StorageServer), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
) -> Result<WithTag<StorageServer>, Refusal> {
    core.get::<domain::StorageServer>(&caller, &name).await.map(WithTag::found)
}

/// Replaces one
#[utoipa::path(put, path = "/storage-servers/{name}", tag = "storage-servers", operation_id = "replace-storage-server", request_body = StorageServer,
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = StorageServer),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn replace(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
    Body(body): Body<StorageServer>,
) -> Result<WithTag<StorageServer>, Refusal> {
    core.replace::<domain::StorageServer>(&caller, &name, &expected, body.into()).await.map(WithTag::found)
}

/// Removes one that nothing uses
#[utoipa::path(delete, path = "/storage-servers/{name}", tag = "storage-servers", operation_id = "remove-storage-server",
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
    core.remove::<domain::StorageServer>(&caller, &name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
