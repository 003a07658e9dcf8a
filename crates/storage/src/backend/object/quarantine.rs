use sqlx::{Row as _, postgres::PgRow};
use time::{OffsetDateTime, macros::format_description};

use super::{
    Inner,
    catalogue::{self, scope_text, signed, unsigned},
    write::{mark_garbage, name_object, text},
};
use crate::{
    DataSetFile,
    backend::{BackendError, Key, MAX_QUARANTINED, QuarantineNote, QuarantinedInfo},
};

/// Hexadecimal digits of the seal in an id.
const SEAL_DIGITS: usize = 16;
/// No id is longer, in bytes.
const MAX_ID: usize = 80;

impl Inner {
    pub(super) async fn quarantine(
        &self,
        key: &Key,
        file: &DataSetFile,
        note: &QuarantineNote,
    ) -> Result<(), BackendError> {
        let failed = |error| self.catalogue.failed("quarantine a data set in", error);
        let full = || BackendError::QuarantineFull(key.sid.clone());
        let (count, known) = self.count_quarantined(key, file).await.map_err(failed)?;
        match known {
            true => return Ok(()),
            false if count >= MAX_QUARANTINED => return Err(full()),
            false => {}
        }
        let object = self.store_file(key, file).await?;
        let mut transaction = self.catalogue.begin().await?;
        catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        let (count, known) = self.count_quarantined(key, file).await.map_err(failed)?;
        if known || count >= MAX_QUARANTINED {
            transaction.rollback().await.map_err(failed)?;
            self.discard(&object).await;
            return if known { Ok(()) } else { Err(full()) };
        }
        name_object(&mut transaction, &object).await.map_err(failed)?;
        let seal = file.digest().to_string();
        sqlx::query(
            "INSERT INTO quarantined (scope, sid, id, seal, bytes, object, note) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(scope_text(&key.scope))
        .bind(key.sid.as_str())
        .bind(format!("{}-{}", stamp(note.at), seal.chars().take(SEAL_DIGITS).collect::<String>()))
        .bind(seal)
        .bind(i64::try_from(file.bytes().len()).unwrap_or(i64::MAX))
        .bind(object)
        .bind(text(note))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        self.catalogue.commit(transaction).await
    }

    /// How many there are, and whether the file is among them.
    async fn count_quarantined(&self, key: &Key, file: &DataSetFile) -> Result<(usize, bool), sqlx::Error> {
        let row = sqlx::query(
            "SELECT count(*) AS total, count(*) FILTER (WHERE seal = $3) AS known FROM quarantined WHERE scope = $1 AND sid = $2",
        )
        .bind(scope_text(&key.scope))
        .bind(key.sid.as_str())
        .bind(file.digest().to_string())
        .fetch_one(&self.catalogue.pool)
        .await?;
        Ok((
            usize::try_from(row.try_get::<i64, _>("total")?).unwrap_or_default(),
            row.try_get::<i64, _>("known")? > 0,
        ))
    }

    pub(super) async fn quarantined(&self, key: &Key) -> Result<Vec<QuarantinedInfo>, BackendError> {
        let rows =
            sqlx::query("SELECT id, bytes, note FROM quarantined WHERE scope = $1 AND sid = $2 ORDER BY id")
                .bind(scope_text(&key.scope))
                .bind(key.sid.as_str())
                .fetch_all(&self.catalogue.pool)
                .await;
        let info = |row: &PgRow| {
            Ok(QuarantinedInfo {
                id: row.try_get("id")?,
                bytes: unsigned(row.try_get("bytes")?),
                note: serde_json::from_str(row.try_get("note")?).ok(),
            })
        };
        let infos = rows.and_then(|rows| rows.iter().map(info).collect());
        infos.map_err(|error| self.catalogue.failed("list the quarantine in", error))
    }

    pub(super) async fn read_quarantined(
        &self,
        key: &Key,
        id: &str,
    ) -> Result<Option<Vec<u8>>, BackendError> {
        let Some((object, len)) = self.quarantined_object(key, id).await? else { return Ok(None) };
        match self.bytes(key, &object, len).await? {
            Ok((bytes, _)) => Ok(Some(bytes)),
            Err((source, _)) => Err(BackendError::Damaged { what: self.objects.shown(&object), source }),
        }
    }

    /// Name and length of the object of an id.
    pub(super) async fn quarantined_object(
        &self,
        key: &Key,
        id: &str,
    ) -> Result<Option<(String, u64)>, BackendError> {
        if !is_id(id) {
            return Ok(None);
        }
        let row =
            sqlx::query("SELECT object, bytes FROM quarantined WHERE scope = $1 AND sid = $2 AND id = $3")
                .bind(scope_text(&key.scope))
                .bind(key.sid.as_str())
                .bind(id)
                .fetch_optional(&self.catalogue.pool)
                .await;
        let found = row.and_then(|row| {
            row.map(|row| Ok((row.try_get("object")?, unsigned(row.try_get("bytes")?)))).transpose()
        });
        found.map_err(|error| self.catalogue.failed("look for a data set in quarantine in", error))
    }

    pub(super) async fn delete_quarantined(&self, key: &Key, id: &str) -> Result<bool, BackendError> {
        if !is_id(id) {
            return Ok(false);
        }
        let failed = |error| self.catalogue.failed("delete from quarantine in", error);
        let mut transaction = self.catalogue.begin().await?;
        let row =
            sqlx::query("DELETE FROM quarantined WHERE scope = $1 AND sid = $2 AND id = $3 RETURNING object")
                .bind(scope_text(&key.scope))
                .bind(key.sid.as_str())
                .bind(id)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed)?;
        let Some(row) = row else { return Ok(false) };
        mark_garbage(&mut transaction, &[row.get("object")]).await.map_err(failed)?;
        self.catalogue.commit(transaction).await?;
        Ok(true)
    }
}

/// Ids have such bytes alone; PostgreSQL knows no text with a NUL.
fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn stamp(at: u64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(signed(at)) * 1_000_000);
    let stamp = time
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .format(format_description!("[year][month][day]T[hour][minute][second]Z"));
    stamp.unwrap_or_else(|_| "unknown-time".to_owned())
}
