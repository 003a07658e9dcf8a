//! Where failures are told: rows of the administrators' making.

use sqlx::any::AnyRow;

use super::{Database, Write, column, json, optional_number};
use crate::domain::{Refusal, UnixMillis, Webhook, name_key};

/// A webhook as it is stored, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct StoredWebhook {
    pub(crate) id: String,
    pub(crate) webhook: Webhook,
    /// Sealed.
    pub(crate) secret: String,
    pub(crate) version: i64,
    pub(crate) last: Option<LastTold>,
    /// Deliveries that wait, and those that were given up in the last days.
    pub(crate) waiting: i64,
    pub(crate) given_up: i64,
}

/// What came of the last request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LastTold {
    pub(crate) at: UnixMillis,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
}

const SELECT: &str = "SELECT id, name, url, kinds, certificates, secret, enabled, version, last_at, last_status, last_error, \
     (SELECT COUNT(*) FROM webhook_deliveries d WHERE d.webhook_id = webhooks.id AND d.state = 'waiting') AS waiting, \
     (SELECT COUNT(*) FROM webhook_deliveries d WHERE d.webhook_id = webhooks.id AND d.state = 'given-up') AS given_up \
     FROM webhooks";

impl Database {
    /// All webhooks, by name.
    pub(crate) async fn webhooks(&self) -> Result<Vec<StoredWebhook>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY name_key"));
        let rows = sqlx::query(statement).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// One of a name.
    pub(crate) async fn webhook(&self, name: &str) -> Result<Option<StoredWebhook>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} WHERE name_key = $1"));
        let row = sqlx::query(statement).bind(name_key(name)).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// One of an identity.
    pub(crate) async fn webhook_of(&self, id: &str) -> Result<Option<StoredWebhook>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} WHERE id = $1"));
        let row = sqlx::query(statement).bind(id).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// Notes what came of a request.
    pub(crate) async fn note_told(&self, id: &str, last: &LastTold) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        sqlx::query("UPDATE webhooks SET last_at = $1, last_status = $2, last_error = $3 WHERE id = $4")
            .bind(last.at.0)
            .bind(last.status.map(i64::from))
            .bind(&last.error)
            .bind(id)
            .execute(&mut **transaction.connection())
            .await?;
        Ok(transaction.commit().await?)
    }
}

impl Write<'_> {
    /// One of a name, as it is within this change.
    pub(crate) async fn webhook(&mut self, name: &str) -> Result<Option<StoredWebhook>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} WHERE name_key = $1"));
        let row = sqlx::query(statement)
            .bind(name_key(name))
            .fetch_optional(&mut **self.transaction.connection())
            .await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// How many there are.
    pub(crate) async fn count_webhooks(&mut self) -> Result<i64, Refusal> {
        let row = sqlx::query("SELECT COUNT(*) AS webhooks FROM webhooks")
            .fetch_one(&mut **self.transaction.connection())
            .await?;
        Ok(column(&row, "webhooks")?)
    }

    /// Writes a webhook, new or not, with its sealed secret.
    pub(crate) async fn put_webhook(
        &mut self,
        id: &str,
        webhook: &Webhook,
        secret: &str,
    ) -> Result<(), Refusal> {
        sqlx::query(
            "INSERT INTO webhooks (id, name, name_key, url, kinds, certificates, secret, enabled, created_at, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
             name_key = excluded.name_key, url = excluded.url, kinds = excluded.kinds, certificates = excluded.certificates, \
             secret = excluded.secret, enabled = excluded.enabled, version = excluded.version",
        )
        .bind(id)
        .bind(&webhook.name)
        .bind(name_key(&webhook.name))
        .bind(&webhook.url)
        .bind(serde_json::to_string(&webhook.kinds).map_err(Refusal::internal)?)
        .bind(&webhook.certificates)
        .bind(secret)
        .bind(i64::from(webhook.enabled))
        .bind(self.now.0)
        .bind(self.revision)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }

    /// Removes a webhook and what waits for it.
    pub(crate) async fn remove_webhook(&mut self, id: &str) -> Result<(), Refusal> {
        sqlx::query("DELETE FROM webhooks WHERE id = $1")
            .bind(id)
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<StoredWebhook, sqlx::Error> {
    let last_at: Option<i64> = column(row, "last_at")?;
    let (status, error) = (optional_number(row, "last_status")?, column(row, "last_error")?);
    Ok(StoredWebhook {
        id: column(row, "id")?,
        webhook: Webhook {
            name: column(row, "name")?,
            url: column(row, "url")?,
            kinds: json(row, "kinds")?,
            certificates: column(row, "certificates")?,
            enabled: column::<i64>(row, "enabled")? != 0,
        },
        secret: column(row, "secret")?,
        version: column(row, "version")?,
        last: last_at.map(|at| LastTold { at: UnixMillis(at), status, error }),
        waiting: column(row, "waiting")?,
        given_up: column(row, "given_up")?,
    })
}
