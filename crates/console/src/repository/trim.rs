//! Removing what is too old, a little at a time, so that others get their turn in between.

use sqlx::AssertSqlSafe;

use super::Database;
use crate::domain::{Refusal, UnixMillis};

/// Rows that are removed in one transaction.
const AT_ONCE: i64 = 500;

impl Database {
    /// Removes rows of a table, which have an `id`, by a condition on the time `$1`. Gives how many went; if there were many, some
    /// are left for the next call. Nobody who writes waits for it while nothing is too old.
    pub(super) async fn remove_some(
        &self,
        table: &'static str,
        condition: &'static str,
        before: UnixMillis,
    ) -> Result<u64, Refusal> {
        let look = AssertSqlSafe(format!("SELECT 1 AS found FROM {table} WHERE {condition} LIMIT 1"));
        if sqlx::query(look).bind(before.0).fetch_optional(&self.pool).await?.is_none() {
            return Ok(0);
        }
        let remove = AssertSqlSafe(format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {condition} LIMIT $2)"
        ));
        let mut transaction = self.begin_write().await?;
        let removed =
            sqlx::query(remove).bind(before.0).bind(AT_ONCE).execute(&mut **transaction.connection()).await?;
        transaction.commit().await?;
        Ok(removed.rows_affected())
    }
}
