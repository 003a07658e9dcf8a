use mp_profile::{GroupName, Sid};
use sqlx::any::AnyRow;

use super::{Database, column, connect::WriteTransaction, parsed, select::Select};
use crate::domain::{Key, Order, Page, Paging, Refusal, Sort, UnixMillis, User};

const SELECT: &str = "SELECT sid, first_seen_at, last_seen_at, last_host, last_session, sessions FROM users";

/// What the list of users can be in the order of.
pub(crate) const USER_ORDERS: &[Order] = &[
    Order { name: "last-seen", column: "last_seen_at", sort: Sort::Number },
    Order { name: "sid", column: "sid", sort: Sort::Text },
];

impl Database {
    /// Users of whose sessions Agents have reported.
    pub(crate) async fn users(
        &self,
        groups: Option<&[GroupName]>,
        search: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<User>, Refusal> {
        let mut select = Select::new(SELECT);
        if let Some(groups) = groups
            && !self.hold_users(&mut select, groups).await?
        {
            return Ok(Page::default());
        }
        if let Some(text) = search
            && !self.search_users(&mut select, text).await?
        {
            return Ok(Page::default());
        }
        Ok(select.page(&self.pool, paging, ("sid", Sort::Text), read).await?)
    }

    /// Whether a user has a session on a machine in one of these groups; always without groups.
    pub(crate) async fn has_session_within(
        &self,
        sid: &Sid,
        groups: Option<&[GroupName]>,
    ) -> Result<bool, Refusal> {
        let Some(groups) = groups else { return Ok(true) };
        let mut select = Select::new("SELECT 1 AS found FROM user_sessions");
        select.filter("sid = ?", [Key::Text(sid.to_string())]);
        select.within("machine_id", Some(groups));
        Ok(!select.rows(&self.pool, "LIMIT 1").await?.is_empty())
    }

    /// One of them.
    pub(crate) async fn user(&self, sid: &Sid) -> Result<Option<User>, Refusal> {
        let row = sqlx::query(
            "SELECT sid, first_seen_at, last_seen_at, last_host, last_session, sessions FROM users WHERE sid = $1",
        )
        .bind(sid.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.as_ref().map(read).transpose()?)
    }
}

/// What the directory calls the user of a column, in small letters; empty where that is not known.
pub(super) fn name_column(sid: &str) -> String {
    format!("COALESCE((SELECT d.name_key FROM directory_names d WHERE d.sid = {sid}), '')")
}

/// A user's session, as it is noted with the user.
pub(super) struct SeenSession<'a> {
    pub(super) sid: &'a Sid,
    pub(super) host: &'a str,
    pub(super) id: &'a str,
    pub(super) started: UnixMillis,
    pub(super) last: UnixMillis,
    pub(super) is_new: bool,
}

/// Notes a session with its user.
pub(super) async fn note(
    transaction: &mut WriteTransaction,
    session: &SeenSession<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO users (sid, first_seen_at, last_seen_at, last_host, last_session, sessions) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sid) DO UPDATE SET \
         first_seen_at = CASE WHEN excluded.first_seen_at < users.first_seen_at THEN excluded.first_seen_at \
         ELSE users.first_seen_at END, \
         last_host = CASE WHEN excluded.last_seen_at >= users.last_seen_at THEN excluded.last_host \
         ELSE users.last_host END, \
         last_session = CASE WHEN excluded.last_seen_at >= users.last_seen_at THEN excluded.last_session \
         ELSE users.last_session END, \
         last_seen_at = CASE WHEN excluded.last_seen_at > users.last_seen_at THEN excluded.last_seen_at \
         ELSE users.last_seen_at END, \
         sessions = users.sessions + excluded.sessions",
    )
    .bind(session.sid.as_str())
    .bind(session.started.0)
    .bind(session.last.0)
    .bind(session.host)
    .bind(session.id)
    .bind(i64::from(session.is_new))
    .execute(&mut **transaction.connection())
    .await
    .map(drop)
}

fn read(row: &AnyRow) -> Result<User, sqlx::Error> {
    Ok(User {
        sid: parsed(row, "sid")?,
        name: None,
        first_seen: UnixMillis(column(row, "first_seen_at")?),
        last_seen: UnixMillis(column(row, "last_seen_at")?),
        last_host: column(row, "last_host")?,
        last_session: column(row, "last_session")?,
        sessions: column(row, "sessions")?,
    })
}
