use sqlx::any::AnyRow;

use super::{Database, Write, column};
use crate::domain::{Refusal, UnixMillis, name_key};

/// An administrator's account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Argon2id in the PHC text form.
    pub(crate) password_hash: String,
}

fn read(row: &AnyRow) -> Result<Account, sqlx::Error> {
    Ok(Account {
        id: column(row, "id")?,
        name: column(row, "name")?,
        password_hash: column(row, "password_hash")?,
    })
}

impl Database {
    pub(crate) async fn has_accounts(&self) -> Result<bool, Refusal> {
        let row = sqlx::query("SELECT id FROM administrators LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }

    pub(crate) async fn account(&self, name: &str) -> Result<Option<Account>, Refusal> {
        let row = sqlx::query("SELECT id, name, password_hash FROM administrators WHERE name_key = $1")
            .bind(name_key(name))
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// Whose session a token's hash belongs to, and its end.
    pub(crate) async fn session(&self, hash: &str) -> Result<Option<(Account, UnixMillis)>, Refusal> {
        let row = sqlx::query(
            "SELECT a.id, a.name, a.password_hash, t.expires_at FROM api_tokens t \
             JOIN administrators a ON a.id = t.administrator_id WHERE t.hash = $1",
        )
        .bind(hash)
        .fetch_optional(&self.pool)
        .await?;
        let read = |row: &AnyRow| Ok::<_, sqlx::Error>((read(row)?, UnixMillis(column(row, "expires_at")?)));
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// Begins a session, and forgets those that are over.
    pub(crate) async fn insert_session(
        &self,
        account: &Account,
        hash: &str,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        sqlx::query("DELETE FROM api_tokens WHERE expires_at <= $1")
            .bind(now.0)
            .execute(&mut **transaction.connection())
            .await?;
        sqlx::query(
            "INSERT INTO api_tokens (hash, administrator_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(hash)
        .bind(&account.id)
        .bind(now.0)
        .bind(expires.0)
        .execute(&mut **transaction.connection())
        .await?;
        let entry = super::AuditEntry {
            who: format!("administrator {}", account.name),
            action: "signed in",
            subject: String::new(),
            details: String::new(),
        };
        super::audit::insert(transaction.connection(), now, &entry).await?;
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
    pub(crate) async fn has_accounts(&mut self) -> Result<bool, Refusal> {
        let row = sqlx::query("SELECT id FROM administrators LIMIT 1")
            .fetch_optional(&mut **self.transaction.connection())
            .await?;
        Ok(row.is_some())
    }

    pub(crate) async fn insert_account(&mut self, account: &Account) -> Result<(), Refusal> {
        sqlx::query(
            "INSERT INTO administrators (id, name, name_key, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&account.id)
        .bind(&account.name)
        .bind(name_key(&account.name))
        .bind(&account.password_hash)
        .bind(self.now.0)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }

    /// Sets a password and ends all sessions of the account but one.
    pub(crate) async fn set_password(
        &mut self,
        account: &Account,
        password_hash: &str,
        but_session: &str,
    ) -> Result<(), Refusal> {
        sqlx::query("UPDATE administrators SET password_hash = $1 WHERE id = $2")
            .bind(password_hash)
            .bind(&account.id)
            .execute(&mut **self.transaction.connection())
            .await?;
        sqlx::query("DELETE FROM api_tokens WHERE administrator_id = $1 AND hash <> $2")
            .bind(&account.id)
            .bind(but_session)
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(())
    }
}
