use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::Params,
    page::{Page, moment},
    problem::Problem,
};
use crate::{
    domain::{self, Paging, Refusal},
    ops::{Administrator, Core},
    repository::{AUDIT_ORDERS, AuditFilter, AuditLine},
};

/// Which lines of the audit log.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Which {
    who: Option<String>,
    action: Option<String>,
    search: Option<String>,
    from: Option<String>,
    to: Option<String>,
    sort: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
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
    ("who" = Option<String>, Query, description = "By this one, whole, such as: administrator admin"),
    ("action" = Option<String>, Query, description = "Of this action, such as: created"),
    ("search" = Option<String>, Query, description = "With this in who, action, subject or details, in any case"),
    ("from" = Option<String>, Query, description = "At or after this time, RFC 3339"),
    ("to" = Option<String>, Query, description = "Before this time, RFC 3339"),
    ("sort" = Option<String>, Query, description = "id, which grows with time; with - before it the other way round; -id if missing"),
    ("after" = Option<String>, Query, description = "Those that follow: what the last answer had as next"),
    ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 if missing"),
), responses((status = 200, body = Page<AuditEntry>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Params(which): Params<Which>,
) -> Result<Json<Page<AuditEntry>>, Refusal> {
    let Which { who, action, search, from, to, sort, after, limit } = which;
    let paging = Paging::read(AUDIT_ORDERS, sort.as_deref(), "-id", after.as_deref(), limit)?;
    let filter = AuditFilter {
        who,
        action,
        search: domain::search(search)?,
        from: moment("from", from.as_deref())?,
        to: moment("to", to.as_deref())?,
    };
    Ok(Json(Page::of(core.audit_log(&caller, &filter, &paging).await?)))
}
