use super::Database;
use crate::domain::{Refusal, UnixMillis};

impl Database {
    /// Notes that something is used that is good once, until a time after which nobody asks for it. False when it was before.
    pub(crate) async fn use_once(
        &self,
        id: &str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<bool, Refusal> {
        let mut transaction = self.begin_write().await?;
        sqlx::query("DELETE FROM used_sign_ins WHERE expires_at < $1")
            .bind(now.0)
            .execute(&mut **transaction.connection())
            .await?;
        let done = sqlx::query(
            "INSERT INTO used_sign_ins (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id)
        .bind(until.0)
        .execute(&mut **transaction.connection())
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}
