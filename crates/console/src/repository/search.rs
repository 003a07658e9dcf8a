//! Searches for a text in names. Lists of sessions are too long to look at every one: whom the text means is looked up first,
//! and if that is not many, their sessions are found by an index. If it is many, a page is soon full by looking at one session
//! after another.

use sqlx::any::AnyRow;

use super::{Database, column, select::Select, users::name_column};
use crate::domain::Key;

/// Most users that are looked for by an index: of many more a page of a list is soon full.
const MOST_USERS: usize = 500;
/// The same of hosts, on which there are more sessions than of a user.
const MOST_HOSTS: usize = 20;

/// The names of all hosts of sessions, each found by a step in the index.
const HOSTS: &str = "WITH RECURSIVE hosts (host_key) AS (SELECT MIN(host_key) FROM user_sessions UNION ALL \
     SELECT (SELECT MIN(s.host_key) FROM user_sessions s WHERE s.host_key > hosts.host_key) FROM hosts \
     WHERE hosts.host_key IS NOT NULL) SELECT host_key FROM hosts";

impl Database {
    /// Adds to a list of users that a text is in the security identifier or in the directory's name, in any case. False when
    /// it is in none.
    pub(super) async fn search_users(&self, select: &mut Select, text: &str) -> Result<bool, sqlx::Error> {
        match self.users_with(text).await? {
            Some(users) if users.is_empty() => return Ok(false),
            Some(users) => among(select, &[("sid", users)]),
            // Only the letter S of a SID has a case.
            None => select.contains(&["lower(sid)", &name_column("users.sid")], text),
        }
        Ok(true)
    }

    /// Adds to a list of sessions that a text is in the host's name, or in what [`Database::search_users`] looks at.
    pub(super) async fn search_sessions(&self, select: &mut Select, text: &str) -> Result<bool, sqlx::Error> {
        match (self.users_with(text).await?, self.hosts_with(text).await?) {
            (Some(users), Some(hosts)) if users.is_empty() && hosts.is_empty() => return Ok(false),
            (Some(users), Some(hosts)) => among(select, &[("sid", users), ("host_key", hosts)]),
            _ => select.contains(&["host_key", "lower(sid)", &name_column("user_sessions.sid")], text),
        }
        Ok(true)
    }

    /// The users that a text is in; `None` if they are many.
    async fn users_with(&self, text: &str) -> Result<Option<Vec<String>>, sqlx::Error> {
        let mut select = Select::new("SELECT sid FROM directory_names");
        select.contains(&["name_key"], text);
        let Some(mut users) = self.few(select, "sid", MOST_USERS).await? else { return Ok(None) };
        // Other texts are in no security identifier.
        if text.bytes().all(|byte| byte.is_ascii_digit() || b"-sS".contains(&byte)) {
            let mut select = Select::new("SELECT sid FROM users");
            select.contains(&["lower(sid)"], text);
            let Some(more) = self.few(select, "sid", MOST_USERS).await? else { return Ok(None) };
            users.extend(more);
        }
        Ok(Some(users))
    }

    /// The hosts of sessions that a text is in, as their keys; `None` if they are many.
    async fn hosts_with(&self, text: &str) -> Result<Option<Vec<String>>, sqlx::Error> {
        let mut select = Select::new(HOSTS);
        select.contains(&["host_key"], text);
        self.few(select, "host_key", MOST_HOSTS).await
    }

    /// A column of all rows, if they are not more than `most`.
    pub(super) async fn few(
        &self,
        select: Select,
        name: &str,
        most: usize,
    ) -> Result<Option<Vec<String>>, sqlx::Error> {
        let rows = select.rows(&self.pool, &format!("LIMIT {}", most + 1)).await?;
        if rows.len() > most {
            return Ok(None);
        }
        let text = |row: &AnyRow| column::<String>(row, name);
        rows.iter().map(text).collect::<Result<Vec<_>, _>>().map(Some)
    }
}

/// Adds that one of the columns is one of its values.
pub(super) fn among(select: &mut Select, columns: &[(&str, Vec<String>)]) {
    let wanted = columns.iter().filter(|(_, values)| !values.is_empty());
    let any: Vec<String> = wanted
        .map(|(column, values)| format!("{column} IN ({})", vec!["?"; values.len()].join(", ")))
        .collect();
    let values = columns.iter().flat_map(|(_, values)| values).map(|value| Key::Text(value.clone()));
    select.filter(&format!("({})", any.join(" OR ")), values);
}
