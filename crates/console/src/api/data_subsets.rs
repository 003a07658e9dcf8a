use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};

use super::data_subset::DataSubset;
use super::{
    answer::WithTag,
    extract::{Body, IfMatch, Named},
    problem::Problem,
};
use crate::{
    domain::Refusal,
    ops::{Administrator, Core},
};

/// All data subsets, in their order
#[utoipa::path(get, path = "/data-subsets", tag = "data-subsets", operation_id = "list-data-subsets", responses(
    (status = 200, body = Vec<DataSubset>),
    (status = "default", body = Problem),
))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<Vec<DataSubset>>, Refusal> {
    let found = core.list::<mp_profile::DataSubset>(&caller).await?;
    Ok(Json(found.into_iter().map(|found| found.item.into()).collect()))
}

/// Adds one, after the others
#[utoipa::path(post, path = "/data-subsets", tag = "data-subsets", operation_id = "create-data-subset", request_body = DataSubset, responses(
    (status = 201, body = DataSubset),
    (status = 409, body = Problem, description = "The name is taken"),
    (status = "default", body = Problem),
))]
pub(super) async fn create(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(body): Body<DataSubset>,
) -> Result<WithTag<DataSubset>, Refusal> {
    core.create::<mp_profile::DataSubset>(&caller, body.into()).await.map(WithTag::created)
}

/// One, with the ETag that changes of it need
#[utoipa::path(get, path = "/data-subsets/{name}", tag = "data-subsets", operation_id = "get-data-subset", params(("name" = String, Path)),
    responses((status = 200, body = DataSubset), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
) -> Result<WithTag<DataSubset>, Refusal> {
    core.get::<mp_profile::DataSubset>(&caller, &name).await.map(WithTag::found)
}

/// Replaces one
#[utoipa::path(put, path = "/data-subsets/{name}", tag = "data-subsets", operation_id = "replace-data-subset", request_body = DataSubset,
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = DataSubset),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn replace(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
    Body(body): Body<DataSubset>,
) -> Result<WithTag<DataSubset>, Refusal> {
    core.replace::<mp_profile::DataSubset>(&caller, &name, &expected, body.into()).await.map(WithTag::found)
}

/// Removes one that nothing uses
#[utoipa::path(delete, path = "/data-subsets/{name}", tag = "data-subsets", operation_id = "remove-data-subset",
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
    core.remove::<mp_profile::DataSubset>(&caller, &name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
