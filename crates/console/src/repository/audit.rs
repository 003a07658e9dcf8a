use mp_protocol::digest::sha256;
use serde::{Deserialize, Serialize};
use sqlx::{Row, any::AnyRow};

use super::{Database, column, connect::WriteTransaction, json, select::Select};
use crate::{
    domain::{Key, Order, Page, Paging, Refusal, Sort, UnixMillis},
    secret::hexadecimal,
};

/// Lines that are read or removed at a time.
const AT_ONCE: i64 = 1_000;

/// What shall be remembered of a change.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuditEntry {
    /// `administrator NAME`, `machine ID` or `join token ID`.
    pub(crate) who: String,
    /// Where the request came from; empty for the console itself.
    pub(crate) address: String,
    /// What was done, as a verb in the past: `created`.
    pub(crate) action: &'static str,
    /// To what: `Storage Server "TS-STORE1"`.
    pub(crate) subject: String,
    /// More, for people; empty when there is nothing more.
    pub(crate) details: String,
    /// What it was before and is now.
    pub(crate) changes: Vec<AuditChange>,
}

/// One thing before and after a change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct AuditChange {
    /// The thing: `data subset "Office"`.
    pub(crate) subject: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// A line of the audit log.
#[derive(Clone, Debug)]
pub(crate) struct AuditLine {
    pub(crate) id: i64,
    pub(crate) at: UnixMillis,
    pub(crate) who: String,
    pub(crate) address: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) details: String,
    pub(crate) changes: Vec<AuditChange>,
    pub(crate) hash: String,
}

/// What a look at the whole audit log found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AuditProof {
    pub(crate) lines: i64,
    /// Lines of versions that did not seal them yet.
    pub(crate) unsealed: i64,
    /// Seal of the last line.
    pub(crate) head: String,
    /// The first line that is not as it was written, or before which one is missing; 0 when lines at the end are missing.
    pub(crate) broken_at: Option<i64>,
}

/// SHA-256 over the seal of the line before and all that a line says, as a JSON list.
fn seal(previous: &str, at: i64, texts: [&str; 5], changes: &str) -> Result<String, Refusal> {
    let text = serde_json::to_vec(&(previous, at, texts, changes)).map_err(Refusal::internal)?;
    Ok(hexadecimal(&sha256(&text)))
}

/// Appends a line, as the last statements of a transaction.
pub(super) async fn insert(
    transaction: &mut WriteTransaction,
    now: UnixMillis,
    entry: &AuditEntry,
) -> Result<(), Refusal> {
    // Locks the chain: lines are appended one after another, also by several consoles.
    let row = sqlx::query("UPDATE audit_chain SET head = head WHERE id = 1 RETURNING head")
        .fetch_one(&mut **transaction.connection())
        .await?;
    let changes = serde_json::to_string(&entry.changes).map_err(Refusal::internal)?;
    let AuditEntry { who, address, action, subject, details, .. } = entry;
    let previous: String = column(&row, "head")?;
    let hash = seal(&previous, now.0, [who, address, action, subject, details], &changes)?;
    sqlx::query(
        "INSERT INTO audit_log (at, who, address, action, subject, details, changes, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(now.0)
    .bind(who)
    .bind(address)
    .bind(*action)
    .bind(subject)
    .bind(details)
    .bind(changes)
    .bind(&hash)
    .execute(&mut **transaction.connection())
    .await?;
    sqlx::query("UPDATE audit_chain SET head = $1 WHERE id = 1")
        .bind(hash)
        .execute(&mut **transaction.connection())
        .await?;
    Ok(())
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

const SELECT: &str = "SELECT id, at, who, address, action, subject, details, changes, hash FROM audit_log";

impl Database {
    /// Appends a line about what changed nothing.
    pub(crate) async fn note(&self, now: UnixMillis, entry: &AuditEntry) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        insert(&mut transaction, now, entry).await?;
        Ok(transaction.commit().await?)
    }

    /// Lines of the audit log.
    pub(crate) async fn audit_lines(
        &self,
        filter: &AuditFilter,
        paging: &Paging,
    ) -> Result<Page<AuditLine>, Refusal> {
        let mut select = Select::new(SELECT);
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

    /// Reads the whole audit log, and says whether it is as it was written.
    pub(crate) async fn prove_audit_log(&self) -> Result<AuditProof, Refusal> {
        let mut transaction = self.begin_read().await?;
        let chain = sqlx::query("SELECT head, anchor FROM audit_chain WHERE id = 1")
            .fetch_one(&mut *transaction)
            .await?;
        let (head, mut previous): (String, String) = (column(&chain, "head")?, column(&chain, "anchor")?);
        let mut proof = AuditProof { lines: 0, unsealed: 0, head, broken_at: None };
        let (mut last, mut sealed) = (i64::MIN, !previous.is_empty());
        loop {
            let statement =
                sqlx::AssertSqlSafe(format!("{SELECT} WHERE id > $1 ORDER BY id LIMIT {AT_ONCE}"));
            let rows = sqlx::query(statement).bind(last).fetch_all(&mut *transaction).await?;
            for row in &rows {
                last = row.try_get("id")?;
                proof.lines += 1;
                let texts: [String; 7] =
                    ["who", "address", "action", "subject", "details", "changes", "hash"]
                        .map(|name| column(row, name).unwrap_or_default());
                let [who, address, action, subject, details, changes, hash] = &texts;
                if hash.is_empty() && !sealed {
                    proof.unsealed += 1;
                    continue;
                }
                sealed = true;
                let at: i64 = column(row, "at")?;
                if *hash != seal(&previous, at, [who, address, action, subject, details], changes)? {
                    proof.broken_at.get_or_insert(last);
                }
                previous.clone_from(hash);
            }
            if rows.is_empty() {
                break;
            }
        }
        transaction.commit().await?;
        if previous != proof.head {
            proof.broken_at.get_or_insert(0);
        }
        Ok(proof)
    }

    /// When the first line was written.
    pub(crate) async fn oldest_audit_line(&self) -> Result<Option<UnixMillis>, Refusal> {
        let row =
            sqlx::query("SELECT at FROM audit_log ORDER BY id LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(row.map(|row| column(&row, "at").map(UnixMillis)).transpose()?)
    }

    /// Removes lines from before a time, the oldest first, and remembers where the rest goes on; with a line about it if there
    /// is one to write. Gives how many went.
    pub(crate) async fn trim_audit_log(
        &self,
        now: UnixMillis,
        before: UnixMillis,
        entry: Option<&AuditEntry>,
    ) -> Result<u64, Refusal> {
        let select = "SELECT id, hash FROM audit_log WHERE at < $1 ORDER BY id LIMIT 1000";
        if sqlx::query(select).bind(before.0).fetch_optional(&self.pool).await?.is_none() {
            return Ok(0);
        }
        let mut transaction = self.begin_write().await?;
        sqlx::query("UPDATE audit_chain SET head = head WHERE id = 1")
            .execute(&mut **transaction.connection())
            .await?;
        let rows = sqlx::query(select).bind(before.0).fetch_all(&mut **transaction.connection()).await?;
        let Some(last) = rows.last() else { return Ok(0) };
        let (id, hash): (i64, String) = (column(last, "id")?, column(last, "hash")?);
        let removed = sqlx::query("DELETE FROM audit_log WHERE id <= $1")
            .bind(id)
            .execute(&mut **transaction.connection())
            .await?;
        sqlx::query("UPDATE audit_chain SET anchor = $1 WHERE id = 1")
            .bind(hash)
            .execute(&mut **transaction.connection())
            .await?;
        sqlx::query("DELETE FROM configuration_history WHERE at < $1")
            .bind(before.0)
            .execute(&mut **transaction.connection())
            .await?;
        if let Some(entry) = entry {
            insert(&mut transaction, now, entry).await?;
        }
        transaction.commit().await?;
        Ok(removed.rows_affected())
    }
}

fn line(row: &AnyRow) -> Result<AuditLine, sqlx::Error> {
    Ok(AuditLine {
        id: column(row, "id")?,
        at: UnixMillis(column(row, "at")?),
        who: column(row, "who")?,
        address: column(row, "address")?,
        action: column(row, "action")?,
        subject: column(row, "subject")?,
        details: column(row, "details")?,
        changes: json(row, "changes")?,
        hash: column(row, "hash")?,
    })
}
