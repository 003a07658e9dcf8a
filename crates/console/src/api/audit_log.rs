use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{extract::Params, problem::Problem};
use crate::{
    domain::Refusal,
    ops::{Administrator, Core},
    repository::AuditLine,
};

/// Which lines of the audit log.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Lines {
    before: Option<i64>,
    #[serde(default = "hundred")]
    limit: u32,
}

fn hundred() -> u32 {
    100
}

/// Something that was done to the farm.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct AuditEntry {
    /// Grows with time.
    id: i64,
    /// RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    #[schema(example = "administrator admin")]
    who: String,
    #[schema(example = "created")]
    action: String,
    #[schema(example = "Storage Server \"TS-STORE1\"")]
    subject: String,
    details: String,
}

impl From<AuditLine> for AuditEntry {
    fn from(line: AuditLine) -> Self {
        let AuditLine { id, at, who, action, subject, details } = line;
        Self { id, at: at.rfc3339(), who, action, subject, details }
    }
}

/// What was done to the farm, newest first
#[utoipa::path(get, path = "/audit-log", tag = "audit-log", operation_id = "list-audit-log", params(
    ("before" = Option<i64>, Query, description = "Only entries with a lower id"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 1000; 100 if missing"),
), responses((status = 200, body = Vec<AuditEntry>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(lines): Params<Lines>,
) -> Result<Json<Vec<AuditEntry>>, Refusal> {
    let found = core.audit_log(&caller, lines.before, lines.limit).await?;
    Ok(Json(found.into_iter().map(AuditEntry::from).collect()))
}
