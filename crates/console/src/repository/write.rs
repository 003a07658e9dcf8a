use tokio::sync::watch;

use super::{AuditEntry, Database, audit, column, connect::WriteTransaction};
use crate::domain::{Refusal, UnixMillis};

/// A change of the farm under way: one transaction, which ends with a line in the audit log and a new revision, or undone
/// when it is dropped.
pub(crate) struct Write<'a> {
    pub(super) transaction: WriteTransaction,
    changed: &'a watch::Sender<i64>,
    /// The revision that the farm has after it.
    pub(crate) revision: i64,
    pub(crate) now: UnixMillis,
}

impl Database {
    /// Begins a change. `changed` is told its revision after it is committed.
    pub(crate) async fn write<'a>(
        &self,
        changed: &'a watch::Sender<i64>,
        now: UnixMillis,
    ) -> Result<Write<'a>, Refusal> {
        let mut transaction = self.begin_write().await?;
        let row = sqlx::query("UPDATE farm SET revision = revision + 1 WHERE id = 1 RETURNING revision")
            .fetch_one(&mut **transaction.connection())
            .await?;
        Ok(Write { transaction, changed, revision: column(&row, "revision")?, now })
    }

    /// Ties the database to an authority by the SHA-256 of its certificate. False if it belongs to another one.
    pub(crate) async fn tie_to_authority(&self, sha256: &str) -> Result<bool, Refusal> {
        let mut transaction = self.begin_write().await?;
        sqlx::query("UPDATE farm SET authority = $1 WHERE id = 1 AND authority = ''")
            .bind(sha256)
            .execute(&mut **transaction.connection())
            .await?;
        let row = sqlx::query("SELECT authority FROM farm WHERE id = 1")
            .fetch_one(&mut **transaction.connection())
            .await?;
        transaction.commit().await?;
        Ok(column::<String>(&row, "authority")? == sha256)
    }

    /// The farm's revision.
    pub(crate) async fn revision(&self) -> Result<i64, Refusal> {
        let row = sqlx::query("SELECT revision FROM farm WHERE id = 1").fetch_one(&self.pool).await?;
        Ok(column(&row, "revision")?)
    }
}

impl Write<'_> {
    /// Makes the change last, and wakes those who wait for one.
    pub(crate) async fn commit(mut self, entry: AuditEntry) -> Result<(), Refusal> {
        audit::insert(&mut self.transaction, self.now, &entry).await?;
        self.transaction.commit().await?;
        // Commits are one after the other in the database, not here: a late one must not turn the number back.
        self.changed.send_if_modified(|known| {
            let newer = *known < self.revision;
            *known = (*known).max(self.revision);
            newer
        });
        tracing::info!(
            revision = self.revision,
            who = entry.who,
            from = entry.address,
            action = entry.action,
            subject = entry.subject,
            "Farm changed"
        );
        Ok(())
    }
}
