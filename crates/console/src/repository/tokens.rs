//! What somebody shows to be known: the token of a session, or an API token. Both are stored as hashes alone.

use sqlx::any::AnyRow;

use super::{
    Account, AuditEntry, Database, Write,
    administrators::{self, account_columns},
    audit, column, json,
    select::Select,
};
use crate::domain::{Access, Key, Order, Page, Paging, Refusal, Role, Sort, UnixMillis};

/// An API token as it is known: all but the secret.
#[derive(Clone, Debug)]
pub(crate) struct AccessToken {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) access: Access,
    pub(crate) created_at: UnixMillis,
    pub(crate) expires_at: UnixMillis,
    pub(crate) last_used_at: Option<UnixMillis>,
}

/// A session with whose it is.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    pub(crate) account: Account,
    pub(crate) expires_at: UnixMillis,
    pub(crate) last_used_at: UnixMillis,
    /// The farm's policy for signing in, as it is stored; empty when nobody has set one.
    pub(crate) policy: String,
}

/// A session `t` with its account and the policy.
const SESSION: &str = concat!(
    "SELECT ",
    account_columns!(),
    ", t.expires_at, t.last_used_at, COALESCE((SELECT value FROM console_settings WHERE name = 'sign-in'), '') AS policy \
     FROM api_tokens t JOIN administrators a ON a.id = t.administrator_id WHERE t.hash = $1"
);

const SELECT: &str = "SELECT t.id, t.name, t.role, t.scope, t.created_at, t.expires_at, t.last_used_at, a.name AS owner \
     FROM access_tokens t JOIN administrators a ON a.id = t.administrator_id";

/// What the list of API tokens can be in the order of.
pub(crate) const ACCESS_TOKEN_ORDERS: &[Order] = &[
    Order { name: "created", column: "t.created_at", sort: Sort::Number },
    Order { name: "expires", column: "t.expires_at", sort: Sort::Number },
];

fn read(row: &AnyRow) -> Result<AccessToken, sqlx::Error> {
    Ok(AccessToken {
        id: column(row, "id")?,
        name: column(row, "name")?,
        owner: column(row, "owner")?,
        access: Access { role: Role::of_word(&column::<String>(row, "role")?), groups: json(row, "scope")? },
        created_at: UnixMillis(column(row, "created_at")?),
        expires_at: UnixMillis(column(row, "expires_at")?),
        last_used_at: column::<Option<i64>>(row, "last_used_at")?.map(UnixMillis),
    })
}

impl Database {
    /// The session that a token's hash belongs to.
    pub(crate) async fn session(&self, hash: &str) -> Result<Option<SessionRow>, Refusal> {
        let row = sqlx::query(SESSION).bind(hash).fetch_optional(&self.pool).await?;
        let read = |row: &AnyRow| {
            Ok::<_, sqlx::Error>(SessionRow {
                account: administrators::read(row)?,
                expires_at: UnixMillis(column(row, "expires_at")?),
                last_used_at: UnixMillis(column(row, "last_used_at")?),
                policy: column(row, "policy")?,
            })
        };
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// The API token with a hash, and whose it is.
    pub(crate) async fn access_token(&self, hash: &str) -> Result<Option<(AccessToken, Account)>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} WHERE t.hash = $1"));
        let row = sqlx::query(statement).bind(hash).fetch_optional(&self.pool).await?;
        let Some(token) = row.as_ref().map(read).transpose()? else { return Ok(None) };
        let account = self.account(&token.owner).await?;
        Ok(account.map(|account| (token, account)))
    }

    /// API tokens, of one owner or of all.
    pub(crate) async fn access_tokens(
        &self,
        owner: Option<&str>,
        search: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<AccessToken>, Refusal> {
        let mut select = Select::new(SELECT);
        if let Some(text) = search {
            select.contains(&["lower(t.name)", "a.name_key"], text);
        }
        if let Some(owner) = owner {
            select.filter("a.id = ?", [Key::Text(owner.to_owned())]);
        }
        Ok(select.page(&self.pool, paging, ("t.id", Sort::Text), read).await?)
    }

    pub(crate) async fn access_token_by_id(&self, id: &str) -> Result<Option<AccessToken>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} WHERE t.id = $1"));
        let row = sqlx::query(statement).bind(id).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// Begins a session, and forgets those that are over.
    pub(crate) async fn insert_session(
        &self,
        account: &Account,
        hash: &str,
        now: UnixMillis,
        expires: UnixMillis,
        entry: &AuditEntry,
    ) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        sqlx::query("DELETE FROM api_tokens WHERE expires_at <= $1")
            .bind(now.0)
            .execute(&mut **transaction.connection())
            .await?;
        sqlx::query("UPDATE administrators SET failures = 0 WHERE id = $1 AND failures <> 0")
            .bind(&account.id)
            .execute(&mut **transaction.connection())
            .await?;
        sqlx::query(
            "INSERT INTO api_tokens (hash, administrator_id, created_at, expires_at, last_used_at) \
             VALUES ($1, $2, $3, $4, $3)",
        )
        .bind(hash)
        .bind(&account.id)
        .bind(now.0)
        .bind(expires.0)
        .execute(&mut **transaction.connection())
        .await?;
        audit::insert(&mut transaction, now, entry).await?;
        Ok(transaction.commit().await?)
    }

    /// Notes that a session or an API token is used.
    pub(crate) async fn note_use(&self, hash: &str, now: UnixMillis) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        for statement in [
            "UPDATE api_tokens SET last_used_at = $1 WHERE hash = $2",
            "UPDATE access_tokens SET last_used_at = $1 WHERE hash = $2",
        ] {
            sqlx::query(statement).bind(now.0).bind(hash).execute(&mut **transaction.connection()).await?;
        }
        Ok(transaction.commit().await?)
    }

    pub(crate) async fn remove_session(&self, hash: &str) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        sqlx::query("DELETE FROM api_tokens WHERE hash = $1")
            .bind(hash)
            .execute(&mut **transaction.connection())
            .await?;
        Ok(transaction.commit().await?)
    }
}

impl Write<'_> {
    pub(crate) async fn insert_access_token(
        &mut self,
        token: &AccessToken,
        hash: &str,
        owner_id: &str,
    ) -> Result<(), Refusal> {
        sqlx::query(
            "INSERT INTO access_tokens (id, hash, name, administrator_id, role, scope, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&token.id)
        .bind(hash)
        .bind(&token.name)
        .bind(owner_id)
        .bind(token.access.role.word())
        .bind(administrators::scope(&token.access)?)
        .bind(token.created_at.0)
        .bind(token.expires_at.0)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }

    /// Takes an API token back. False when there is none.
    pub(crate) async fn remove_access_token(&mut self, id: &str) -> Result<bool, Refusal> {
        let done = sqlx::query("DELETE FROM access_tokens WHERE id = $1")
            .bind(id)
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
