//! What the console is told about itself: one value in JSON per name, with a sealed secret where there is one.

use serde::{Serialize, de::DeserializeOwned};

use super::{Database, Write, column, json};
use crate::domain::Refusal;

/// A setting as it is stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    /// Sealed; empty when there is none.
    pub(crate) secret: String,
    /// Revision of the farm at its last change; 0 when nobody has set it.
    pub(crate) version: i64,
}

const SELECT: &str = "SELECT value, secret, version FROM console_settings WHERE name = $1";

fn read<T: DeserializeOwned + Default>(row: Option<&sqlx::any::AnyRow>) -> Result<Setting<T>, sqlx::Error> {
    let Some(row) = row else { return Ok(Setting::default()) };
    Ok(Setting {
        value: json(row, "value")?,
        secret: column(row, "secret")?,
        version: column(row, "version")?,
    })
}

impl Database {
    /// A setting, or what it is when nobody has set it.
    pub(crate) async fn setting<T: DeserializeOwned + Default>(
        &self,
        name: &str,
    ) -> Result<Setting<T>, Refusal> {
        let row = sqlx::query(SELECT).bind(name).fetch_optional(&self.pool).await?;
        Ok(read(row.as_ref())?)
    }
}

impl Write<'_> {
    /// A setting as it is within this change.
    pub(crate) async fn setting<T: DeserializeOwned + Default>(
        &mut self,
        name: &str,
    ) -> Result<Setting<T>, Refusal> {
        let row = sqlx::query(SELECT).bind(name).fetch_optional(&mut **self.transaction.connection()).await?;
        Ok(read(row.as_ref())?)
    }

    pub(crate) async fn set_setting<T: Serialize>(
        &mut self,
        name: &str,
        value: &T,
        secret: &str,
    ) -> Result<(), Refusal> {
        sqlx::query(
            "INSERT INTO console_settings (name, value, secret, version) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value, secret = excluded.secret, version = excluded.version",
        )
        .bind(name)
        .bind(serde_json::to_string(value).map_err(Refusal::internal)?)
        .bind(secret)
        .bind(self.revision)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }
}
