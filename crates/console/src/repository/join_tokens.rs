use mp_protocol::{MachineId, MachineRole};
use sqlx::any::AnyRow;

use super::{Database, Write, column, machines::role, select::Select};
use crate::domain::{Key, Order, Page, Paging, Refusal, Sort, UnixMillis};

/// A join token about to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewJoinToken {
    pub(crate) id: String,
    pub(crate) hash: String,
    pub(crate) role: MachineRole,
    pub(crate) group_id: Option<String>,
    pub(crate) storage_server_id: Option<String>,
    pub(crate) expires_at: UnixMillis,
}

/// A join token as it is known: all but the secret.
#[derive(Clone, Debug)]
pub(crate) struct JoinTokenRow {
    pub(crate) id: String,
    pub(crate) role: MachineRole,
    pub(crate) group: Option<String>,
    pub(crate) group_id: Option<String>,
    pub(crate) storage_server: Option<String>,
    pub(crate) storage_server_id: Option<String>,
    pub(crate) created_at: UnixMillis,
    pub(crate) expires_at: UnixMillis,
    pub(crate) used_at: Option<UnixMillis>,
    pub(crate) used_by: Option<String>,
}

const SELECT: &str = "SELECT t.id, t.role, t.group_id, t.storage_server_id, t.created_at, t.expires_at, t.used_at, \
     t.used_by, g.name AS group_name, s.name AS server_name FROM join_tokens t \
     LEFT JOIN agent_server_groups g ON g.id = t.group_id LEFT JOIN storage_servers s ON s.id = t.storage_server_id";

/// What the list of join tokens can be in the order of.
pub(crate) const JOIN_TOKEN_ORDERS: &[Order] = &[
    Order { name: "created", column: "t.created_at", sort: Sort::Number },
    Order { name: "expires", column: "t.expires_at", sort: Sort::Number },
];

/// Which join tokens are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct JoinTokenFilter {
    pub(crate) role: Option<MachineRole>,
    /// Used ones or unused ones.
    pub(crate) used: Option<bool>,
    /// Part of the name of a group or Storage Server, in any case.
    pub(crate) search: Option<String>,
}

fn read(row: &AnyRow) -> Result<JoinTokenRow, sqlx::Error> {
    Ok(JoinTokenRow {
        id: column(row, "id")?,
        role: role(&column::<String>(row, "role")?),
        group: column(row, "group_name")?,
        group_id: column(row, "group_id")?,
        storage_server: column(row, "server_name")?,
        storage_server_id: column(row, "storage_server_id")?,
        created_at: UnixMillis(column(row, "created_at")?),
        expires_at: UnixMillis(column(row, "expires_at")?),
        used_at: column::<Option<i64>>(row, "used_at")?.map(UnixMillis),
        used_by: column(row, "used_by")?,
    })
}

impl Database {
    pub(crate) async fn join_tokens(
        &self,
        filter: &JoinTokenFilter,
        paging: &Paging,
    ) -> Result<Page<JoinTokenRow>, Refusal> {
        let mut select = Select::new(SELECT);
        if let Some(role) = filter.role {
            select.filter("t.role = ?", [Key::Text(role.to_string())]);
        }
        match filter.used {
            Some(true) => select.filter("t.used_at IS NOT NULL", []),
            Some(false) => select.filter("t.used_at IS NULL", []),
            None => {}
        }
        if let Some(text) = &filter.search {
            select.contains(&["g.name_key", "s.name_key"], text);
        }
        Ok(select.page(&self.pool, paging, ("t.id", Sort::Text), read).await?)
    }

    /// The token with the hash of a secret.
    pub(crate) async fn join_token(&self, hash: &str) -> Result<Option<JoinTokenRow>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} WHERE t.hash = $1"));
        let row = sqlx::query(statement).bind(hash).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// The token of an identity.
    pub(crate) async fn join_token_by_id(&self, id: &str) -> Result<Option<JoinTokenRow>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} WHERE t.id = $1"));
        let row = sqlx::query(statement).bind(id).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }
}

impl Write<'_> {
    pub(crate) async fn insert_join_token(&mut self, token: &NewJoinToken) -> Result<(), Refusal> {
        sqlx::query(
            "INSERT INTO join_tokens (id, hash, role, group_id, storage_server_id, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&token.id)
        .bind(&token.hash)
        .bind(token.role.to_string())
        .bind(&token.group_id)
        .bind(&token.storage_server_id)
        .bind(self.now.0)
        .bind(token.expires_at.0)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }

    /// Uses a token up for a machine that was inserted in this change. False when it is used or over.
    pub(crate) async fn use_join_token(&mut self, id: &str, machine: &MachineId) -> Result<bool, Refusal> {
        let done = sqlx::query(
            "UPDATE join_tokens SET used_at = $1, used_by = $2 WHERE id = $3 AND used_at IS NULL AND expires_at > $1",
        )
        .bind(self.now.0)
        .bind(machine.as_str())
        .bind(id)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes an unused token back. False when there is none.
    pub(crate) async fn remove_join_token(&mut self, id: &str) -> Result<bool, Refusal> {
        let done = sqlx::query("DELETE FROM join_tokens WHERE id = $1 AND used_at IS NULL")
            .bind(id)
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
