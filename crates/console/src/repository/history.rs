use sqlx::any::AnyRow;

use super::{AuditEntry, Database, Write, column, select::Select};
use crate::domain::{Order, Page, Paging, Refusal, Sort, UnixMillis};

/// The configuration as it was after a change of it, in short.
#[derive(Clone, Debug)]
pub(crate) struct FormerConfiguration {
    pub(crate) revision: i64,
    pub(crate) at: UnixMillis,
    pub(crate) who: String,
    pub(crate) action: String,
    pub(crate) subject: String,
}

/// The history goes by revisions alone.
pub(crate) const HISTORY_ORDERS: &[Order] =
    &[Order { name: "revision", column: "revision", sort: Sort::Number }];

impl Database {
    /// The changes of the configuration.
    pub(crate) async fn configuration_history(
        &self,
        paging: &Paging,
    ) -> Result<Page<FormerConfiguration>, Refusal> {
        let select = Select::new("SELECT revision, at, who, action, subject FROM configuration_history");
        Ok(select.page(&self.pool, paging, ("revision", Sort::Number), read).await?)
    }

    /// The configuration's text as it was after a change.
    pub(crate) async fn former_configuration(&self, revision: i64) -> Result<Option<String>, Refusal> {
        let row = sqlx::query("SELECT content FROM configuration_history WHERE revision = $1")
            .bind(revision)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.as_ref().map(|row| column(row, "content")).transpose()?)
    }
}

impl Write<'_> {
    /// Keeps the configuration as it is after this change.
    pub(crate) async fn keep_configuration(&mut self, entry: &AuditEntry, text: &str) -> Result<(), Refusal> {
        sqlx::query(
            "INSERT INTO configuration_history (revision, at, who, action, subject, content) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.revision)
        .bind(self.now.0)
        .bind(&entry.who)
        .bind(entry.action)
        .bind(&entry.subject)
        .bind(text)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<FormerConfiguration, sqlx::Error> {
    Ok(FormerConfiguration {
        revision: column(row, "revision")?,
        at: UnixMillis(column(row, "at")?),
        who: column(row, "who")?,
        action: column(row, "action")?,
        subject: column(row, "subject")?,
    })
}
