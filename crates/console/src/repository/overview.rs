use mp_protocol::session_report::Outcome;

use super::{Database, column, user_sessions};
use crate::domain::{Logons, MachineCounts, Refusal, UnixMillis};

impl Database {
    /// Sessions that began since a time, counted by hour, outcome and time of the logon's import, which is rounded down to
    /// about two figures so that there are few groups.
    pub(crate) async fn logons(&self, since: UnixMillis) -> Result<Vec<Logons>, Refusal> {
        let rows = sqlx::query(
            "SELECT (started_at - $1) / 3600000 AS hour, outcome, \
             CASE WHEN logon_ms < 1000 THEN logon_ms / 10 * 10 WHEN logon_ms < 10000 THEN logon_ms / 100 * 100 \
             ELSE logon_ms / 1000 * 1000 END AS took, COUNT(*) AS sessions, CAST(SUM(overridden) AS BIGINT) AS overridden \
             FROM user_sessions WHERE started_at >= $2 GROUP BY 1, 2, 3",
        )
        .bind(since.0)
        .bind(since.0)
        .fetch_all(&self.pool)
        .await?;
        let read = |row| {
            let outcome: Outcome = user_sessions::outcome(row)?;
            Ok::<_, sqlx::Error>(Logons {
                hour: column(row, "hour")?,
                outcome,
                milliseconds: column(row, "took")?,
                sessions: column(row, "sessions")?,
                overridden: column(row, "overridden")?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Machines that are not revoked, counted by role.
    pub(crate) async fn machine_counts(
        &self,
        role: &str,
        silent_since: UnixMillis,
    ) -> Result<MachineCounts, Refusal> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS machines, \
             COUNT(CASE WHEN last_seen_at IS NULL OR last_seen_at < $1 THEN 1 END) AS silent, \
             COUNT(CASE WHEN group_id IS NULL THEN 1 END) AS without_group \
             FROM machines WHERE role = $2 AND state = 'active'",
        )
        .bind(silent_since.0)
        .bind(role)
        .fetch_one(&self.pool)
        .await?;
        Ok(MachineCounts {
            active: column(&row, "machines")?,
            silent: column(&row, "silent")?,
            without_group: column(&row, "without_group")?,
        })
    }

    /// Whether there is any session at all.
    pub(crate) async fn has_user_sessions(&self) -> Result<bool, Refusal> {
        let row = sqlx::query("SELECT id FROM user_sessions LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }
}
