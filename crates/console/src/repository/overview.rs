use mp_profile::GroupName;
use mp_protocol::session_report::Outcome;

use super::{Database, column, select::Select, user_sessions};
use crate::domain::{Key, Logons, MachineCounts, Refusal, UnixMillis};

impl Database {
    /// Sessions that began since a time, counted by hour, outcome and time of the logon's import, which is rounded down to
    /// about two figures so that there are few groups; those on machines of these Agent Server Groups, if any are named.
    pub(crate) async fn logons(
        &self,
        since: UnixMillis,
        within: Option<&[GroupName]>,
    ) -> Result<Vec<Logons>, Refusal> {
        let mut select = Select::with(
            "SELECT (started_at - $1) / 3600000 AS hour, outcome, \
             CASE WHEN logon_ms < 1000 THEN logon_ms / 10 * 10 WHEN logon_ms < 10000 THEN logon_ms / 100 * 100 \
             ELSE logon_ms / 1000 * 1000 END AS took, COUNT(*) AS sessions, CAST(SUM(overridden) AS BIGINT) AS overridden \
             FROM user_sessions",
            vec![Key::Number(since.0)],
        );
        select.filter("started_at >= ?", [Key::Number(since.0)]);
        select.within("machine_id", within);
        let rows = select.rows(&self.pool, "GROUP BY 1, 2, 3").await?;
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

    /// Machines that are not revoked, counted by role; those of these Agent Server Groups, if any are named.
    pub(crate) async fn machine_counts(
        &self,
        role: &str,
        silent_since: UnixMillis,
        within: Option<&[GroupName]>,
    ) -> Result<MachineCounts, Refusal> {
        let mut select = Select::with(
            "SELECT COUNT(*) AS machines, \
             COUNT(CASE WHEN last_seen_at IS NULL OR last_seen_at < $1 THEN 1 END) AS silent, \
             COUNT(CASE WHEN group_id IS NULL THEN 1 END) AS without_group \
             FROM machines",
            vec![Key::Number(silent_since.0)],
        );
        select.filter("role = ?", [Key::Text(role.to_owned())]);
        select.filter("state = 'active'", []);
        select.within("id", within);
        let rows = select.rows(&self.pool, "").await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(MachineCounts {
            active: column(row, "machines")?,
            silent: column(row, "silent")?,
            without_group: column(row, "without_group")?,
        })
    }

    /// Whether there is any session at all, on machines of these Agent Server Groups if any are named.
    pub(crate) async fn has_user_sessions(&self, within: Option<&[GroupName]>) -> Result<bool, Refusal> {
        if let Some(groups) = within {
            return Ok(self
                .machines_with_sessions(groups)
                .await?
                .is_none_or(|machines| !machines.is_empty()));
        }
        Ok(!Select::new("SELECT id FROM user_sessions").rows(&self.pool, "LIMIT 1").await?.is_empty())
    }
}
