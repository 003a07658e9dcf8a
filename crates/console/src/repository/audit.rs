use sqlx::{Any, Transaction, any::AnyRow};

use super::{Database, column, select::Select};
use crate::domain::{Key, Order, Page, Paging, Refusal, Sort, UnixMillis};

/// What shall be remembered of a change.
#[derive(Clone, Debug)]
pub(crate) struct AuditEntry {
    /// `administrator NAME`, `machine ID` or `join token ID`.
    pub(crate) who: String,
    /// What was done, as a verb in the past: `created`.
    pub(crate) action: &'static str,
    /// To what: `Storage Server "TS-STORE1"`.
    pub(crate) subject: String,
    /// More, for people; empty when there is nothing more.
    pub(crate) details: String,
}

/// A line of the audit log.
#[derive(Clone, Debug)]
pub(crate) struct AuditLine {
    pub(crate) id: i64,
    pub(crate) at: UnixMillis,
    pub(crate) who: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) details: String,
}

pub(super) async fn insert(
    transaction: &mut Transaction<'static, Any>,
    now: UnixMillis,
    entry: &AuditEntry,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO audit_log (at, who, action, subject, details) VALUES ($1, $2, $3, $4, $5)")
        .bind(now.0)
        .bind(&entry.who)
        .bind(entry.action)
        .bind(&entry.subject)
        .bind(&entry.details)
        .execute(&mut **transaction)
        .await
        .map(drop)
}

/// What the audit log can be in the order of: time, which the numbers follow.
pub(crate) const AUDIT_ORDERS: &[Order] = &[Order { name: "id", column: "id", sort: Sort::Number }];

/// Which lines of the audit log are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuditFilter {
    pub(crate) who: Option<String>,
    pub(crate) action: Option<String>,
    /// Part of who, action, subject or details, in any case.
    pub(crate) search: Option<String>,
    pub(crate) from: Option<UnixMillis>,
    pub(crate) to: Option<UnixMillis>,
}

impl Database {
    /// Lines of the audit log.
    pub(crate) async fn audit_lines(
        &self,
        filter: &AuditFilter,
        paging: &Paging,
    ) -> Result<Page<AuditLine>, Refusal> {
        let mut select = Select::new("SELECT id, at, who, action, subject, details FROM audit_log");
        for (condition, value) in [("who = ?", &filter.who), ("action = ?", &filter.action)] {
            if let Some(value) = value {
                select.filter(condition, [Key::Text(value.clone())]);
            }
        }
        if let Some(from) = filter.from {
            select.filter("at >= ?", [Key::Number(from.0)]);
        }
        if let Some(to) = filter.to {
            select.filter("at < ?", [Key::Number(to.0)]);
        }
        if let Some(text) = &filter.search {
            select.contains(&["lower(who)", "lower(action)", "lower(subject)", "lower(details)"], text);
        }
        Ok(select.page(&self.pool, paging, ("id", Sort::Number), line).await?)
    }
}

fn line(row: &AnyRow) -> Result<AuditLine, sqlx::Error> {
    Ok(AuditLine {
        id: column(row, "id")?,
        at: UnixMillis(column(row, "at")?),
        who: column(row, "who")?,
        action: column(row, "action")?,
        subject: column(row, "subject")?,
        details: column(row, "details")?,
    })
}
