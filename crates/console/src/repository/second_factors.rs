use super::{Account, Database, Write, column};
use crate::domain::Refusal;

impl Database {
    /// Notes that the code of a time step is used. False when it, or one of a later step, was used before.
    pub(crate) async fn use_code(&self, account: &Account, step: i64) -> Result<bool, Refusal> {
        let mut transaction = self.begin_write().await?;
        let done = sqlx::query(
            "UPDATE administrators SET second_factor_step = $1 WHERE id = $2 AND second_factor_step < $1",
        )
        .bind(step)
        .bind(&account.id)
        .execute(&mut **transaction.connection())
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Uses up a recovery code. False when there is none of this hash.
    pub(crate) async fn use_recovery_code(&self, account: &Account, hash: &str) -> Result<bool, Refusal> {
        let mut transaction = self.begin_write().await?;
        let done = sqlx::query("DELETE FROM recovery_codes WHERE administrator_id = $1 AND hash = $2")
            .bind(&account.id)
            .bind(hash)
            .execute(&mut **transaction.connection())
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// How many recovery codes are left.
    pub(crate) async fn recovery_codes(&self, account: &Account) -> Result<i64, Refusal> {
        let row = sqlx::query("SELECT COUNT(*) AS codes FROM recovery_codes WHERE administrator_id = $1")
            .bind(&account.id)
            .fetch_one(&self.pool)
            .await?;
        Ok(column(&row, "codes")?)
    }
}

impl Write<'_> {
    /// Keeps the sealed secret of an authenticator until its first code comes.
    pub(crate) async fn set_pending_second_factor(
        &mut self,
        account: &Account,
        sealed: &str,
    ) -> Result<(), Refusal> {
        sqlx::query("UPDATE administrators SET second_factor_pending = $1 WHERE id = $2")
            .bind(sealed)
            .bind(&account.id)
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(())
    }

    /// Sets the second factor, or takes it away when the secret is empty, with all recovery codes.
    pub(crate) async fn set_second_factor(
        &mut self,
        account: &Account,
        sealed: &str,
        step: i64,
        recovery_codes: &[String],
    ) -> Result<(), Refusal> {
        sqlx::query(
            "UPDATE administrators SET second_factor = $1, second_factor_pending = '', second_factor_step = $2, version = $3 \
             WHERE id = $4",
        )
        .bind(sealed)
        .bind(step)
        .bind(self.revision)
        .bind(&account.id)
        .execute(&mut **self.transaction.connection())
        .await?;
        self.set_recovery_codes(account, recovery_codes).await
    }

    /// Gives other recovery codes, by their hashes.
    pub(crate) async fn set_recovery_codes(
        &mut self,
        account: &Account,
        hashes: &[String],
    ) -> Result<(), Refusal> {
        sqlx::query("DELETE FROM recovery_codes WHERE administrator_id = $1")
            .bind(&account.id)
            .execute(&mut **self.transaction.connection())
            .await?;
        for hash in hashes {
            sqlx::query("INSERT INTO recovery_codes (hash, administrator_id) VALUES ($1, $2)")
                .bind(hash)
                .bind(&account.id)
                .execute(&mut **self.transaction.connection())
                .await?;
        }
        Ok(())
    }

    /// Ends the sessions of an account but one.
    pub(crate) async fn end_sessions(&mut self, account: &Account, but: &str) -> Result<(), Refusal> {
        sqlx::query("DELETE FROM api_tokens WHERE administrator_id = $1 AND hash <> $2")
            .bind(&account.id)
            .bind(but)
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(())
    }
}
