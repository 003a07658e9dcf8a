use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::WithTag,
    extract::{Body, IfMatch},
    problem::Problem,
};
use crate::{
    domain::{Kept, Refusal},
    ops::{Administrator, Core},
};

/// How long the console keeps what it was told.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schema(as = ConsoleRetention)]
pub(super) struct Retention {
    /// Days after the last report of a user's session, and after damage was acknowledged; 1 to 3650.
    session_days: u32,
    /// Days of lines of the audit log and of former configurations, 1 to 36500; null for ever.
    #[serde(default)]
    audit_days: Option<u32>,
}

impl From<Kept> for Retention {
    fn from(Kept { session_days, audit_days }: Kept) -> Self {
        Self { session_days, audit_days }
    }
}

/// How long the console keeps users' sessions and the audit log
#[utoipa::path(get, path = "/retention", tag = "configuration", operation_id = "get-retention",
    responses((status = 200, body = Retention), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<WithTag<Retention>, Refusal> {
    core.retention(&caller).await.map(WithTag::found)
}

/// Says how long, whatever the console was started with; what is too old goes at once
#[utoipa::path(put, path = "/retention", tag = "configuration", operation_id = "replace-retention",
    request_body = Retention, params(("If-Match" = String, Header)), responses(
    (status = 200, body = Retention),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn replace(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    IfMatch(expected): IfMatch,
    Body(Retention { session_days, audit_days }): Body<Retention>,
) -> Result<WithTag<Retention>, Refusal> {
    let kept = Kept { session_days, audit_days };
    core.set_retention(&caller, &expected, kept).await.map(WithTag::found)
}
