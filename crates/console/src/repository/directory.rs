//! Accounts that come from elsewhere, and names for security identifiers.

use std::collections::BTreeMap;

use mp_profile::Sid;

use super::{Account, Database, Write, administrators, column, parsed};
use crate::domain::{AccountOrigin, Refusal, UnixMillis, UserName};

impl Database {
    /// Users whose names were not looked up since a time, those seen last first.
    pub(crate) async fn unnamed_users(&self, before: UnixMillis, most: i64) -> Result<Vec<Sid>, Refusal> {
        let rows = sqlx::query(
            "SELECT u.sid FROM users u LEFT JOIN directory_names d ON d.sid = u.sid \
             WHERE d.sid IS NULL OR d.looked_up_at < $1 ORDER BY u.last_seen_at DESC LIMIT $2",
        )
        .bind(before.0)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().map(|row| parsed(row, "sid")).collect::<Result<_, _>>()?)
    }

    /// Keeps what was looked up. Who has no name now keeps the one that he had.
    pub(crate) async fn keep_names(
        &self,
        names: &[(Sid, Option<UserName>)],
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        for (sid, found) in names {
            let (name, display) = match found {
                Some(UserName { name, display_name }) => (name.as_str(), display_name.as_str()),
                None => ("", ""),
            };
            sqlx::query(
                "INSERT INTO directory_names (sid, name, name_key, display_name, looked_up_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (sid) DO UPDATE SET looked_up_at = excluded.looked_up_at, \
                 name = CASE WHEN excluded.name = '' THEN directory_names.name ELSE excluded.name END, \
                 name_key = CASE WHEN excluded.name = '' THEN directory_names.name_key ELSE excluded.name_key END, \
                 display_name = CASE WHEN excluded.name = '' THEN directory_names.display_name ELSE excluded.display_name END",
            )
            .bind(sid.as_str())
            .bind(name)
            .bind(searched_name(name, display))
            .bind(display)
            .bind(now.0)
            .execute(&mut **transaction.connection())
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The names of some users, as far as they are known.
    pub(crate) async fn names_of(&self, sids: &[Sid]) -> Result<BTreeMap<Sid, UserName>, Refusal> {
        let mut names = BTreeMap::new();
        if sids.is_empty() {
            return Ok(names);
        }
        let places: Vec<String> = (1..=sids.len()).map(|number| format!("${number}")).collect();
        let statement = format!(
            "SELECT sid, name, display_name FROM directory_names WHERE name <> '' AND sid IN ({})",
            places.join(", ")
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(statement));
        let query = sids.iter().fold(query, |query, sid| query.bind(sid.to_string()));
        for row in query.fetch_all(&self.pool).await? {
            let name = UserName { name: column(&row, "name")?, display_name: column(&row, "display_name")? };
            names.insert(parsed(&row, "sid")?, name);
        }
        Ok(names)
    }
}

impl Write<'_> {
    /// The account that another place knows by this.
    pub(crate) async fn account_from(
        &mut self,
        origin: AccountOrigin,
        external_id: &str,
    ) -> Result<Option<Account>, Refusal> {
        const SELECT: &str = concat!(
            "SELECT ",
            administrators::account_columns!(),
            " FROM administrators a WHERE a.origin = $1 AND a.external_id = $2"
        );
        let row = sqlx::query(SELECT)
            .bind(origin.word())
            .bind(external_id)
            .fetch_optional(&mut **self.transaction.connection())
            .await?;
        Ok(row.as_ref().map(administrators::read).transpose()?)
    }
}

/// What is looked through for a user's name.
pub(crate) fn searched_name(name: &str, display_name: &str) -> String {
    format!("{name} {display_name}").to_lowercase()
}
