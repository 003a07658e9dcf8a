use std::sync::Arc;

use axum::{Json, extract::State};
use mp_profile::Sid;
use mp_protocol::storage_status;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::{
    domain::{self, Refusal},
    ops::{Administrator, Core},
};

/// How the store of a Storage Server is, as that told last.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StorageStatus {
    /// Name of the Storage Server.
    storage_server: String,
    /// When it told so, RFC 3339. It does so once a minute.
    #[schema(format = DateTime)]
    reported: String,
    /// Free space of the base folder's volume, in bytes; null where nothing is known of it, and of an object store.
    free_bytes: Option<u64>,
    /// Size of that volume, in bytes.
    total_bytes: Option<u64>,
    /// What an object store keeps, in bytes; null of a base folder.
    kept_bytes: Option<u64>,
    /// Whether the free space is little: less than a tenth of the volume and than 10 GiB, or less than 1 GiB.
    low: bool,
    /// Why the store does not work; null while it does.
    problem: Option<String>,
    /// Users whose last upload took much of their quota, at most 100.
    near_quota: Vec<NearQuota>,
}

/// A data set that takes much of its user's quota.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct NearQuota {
    #[schema(value_type = String)]
    sid: Sid,
    /// `global`, or `group:` and the name of the group.
    scope: String,
    used_bytes: u64,
    limit_bytes: u64,
}

impl From<domain::StorageStatus> for StorageStatus {
    fn from(status: domain::StorageStatus) -> Self {
        let domain::StorageStatus { server, reported_at, told, is_low } = status;
        let storage_status::StorageStatus { free_bytes, total_bytes, kept_bytes, problem, near_quota } = told;
        let near = |near: storage_status::NearQuota| NearQuota {
            sid: near.sid,
            scope: near.scope.to_string(),
            used_bytes: near.used_bytes,
            limit_bytes: near.limit_bytes,
        };
        Self {
            storage_server: server,
            reported: reported_at.rfc3339(),
            free_bytes,
            total_bytes,
            kept_bytes,
            low: is_low,
            problem,
            near_quota: near_quota.into_iter().map(near).collect(),
        }
    }
}

/// How the stores of the Storage Servers are: space, problems, users near their quota
#[utoipa::path(get, path = "/storage-status", tag = "storage-servers", operation_id = "list-storage-status", responses(
    (status = 200, body = Vec<StorageStatus>),
    (status = "default", body = Problem),
))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<Vec<StorageStatus>>, Refusal> {
    Ok(Json(core.storage_status(&caller).await?.into_iter().map(Into::into).collect()))
}
