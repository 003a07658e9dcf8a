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
    repository::{self, AUDIT_ORDERS, AuditChange, AuditFilter, AuditLine},
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
    /// The address that the request came from; empty for the console itself.
    #[schema(example = "192.0.2.7")]
    address: String,
    #[schema(example = "created")]
    action: String,
    #[schema(example = "Storage Server \"TS-STORE1\"")]
    subject: String,
    details: String,
    /// What it was before and is now.
    changes: Vec<AuditedChange>,
    /// SHA-256 over this entry and the hash of the one before it; empty for those of versions that made none.
    hash: String,
}

/// One thing before and after a change.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct AuditedChange {
    subject: String,
    before: Option<String>,
    after: Option<String>,
}

/// Whether the audit log is as it was written.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct AuditProof {
    intact: bool,
    entries: i64,
    /// Entries of versions that made no hashes.
    unsealed: i64,
    /// Hash of the last entry. Kept elsewhere, it shows later that nothing before it was changed.
    head: String,
    /// The first entry that was changed, or before which one is missing; 0 when the last ones are missing.
    broken_at: Option<i64>,
}

impl From<AuditLine> for AuditEntry {
    fn from(line: AuditLine) -> Self {
        let AuditLine { id, at, who, address, action, subject, details, changes, hash } = line;
        let change = |change: AuditChange| {
            let AuditChange { subject, before, after } = change;
            AuditedChange { subject, before, after }
        };
        let changes = changes.into_iter().map(change).collect();
        Self { id, at: at.rfc3339(), who, address, action, subject, details, changes, hash }
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

/// Reads the whole audit log, and tells whether anybody changed or removed entries in the database
#[utoipa::path(get, path = "/audit-log/proof", tag = "audit-log", operation_id = "prove-audit-log", responses(
    (status = 200, body = AuditProof),
    (status = "default", body = Problem),
))]
pub(super) async fn prove(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<AuditProof>, Refusal> {
    let repository::AuditProof { lines, unsealed, head, broken_at } = core.prove_audit_log(&caller).await?;
    Ok(Json(AuditProof { intact: broken_at.is_none(), entries: lines, unsealed, head, broken_at }))
}
