use sqlx::{Any, Transaction};

use super::{Database, column};
use crate::domain::{Refusal, UnixMillis};

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

impl Database {
    /// The newest lines before a given one, newest first.
    pub(crate) async fn audit_lines(&self, before: i64, limit: i64) -> Result<Vec<AuditLine>, Refusal> {
        let rows = sqlx::query(
            "SELECT id, at, who, action, subject, details FROM audit_log WHERE id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(before)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let line = |row| -> Result<AuditLine, sqlx::Error> {
            Ok(AuditLine {
                id: column(row, "id")?,
                at: UnixMillis(column(row, "at")?),
                who: column(row, "who")?,
                action: column(row, "action")?,
                subject: column(row, "subject")?,
                details: column(row, "details")?,
            })
        };
        Ok(rows.iter().map(line).collect::<Result<_, _>>()?)
    }
}
