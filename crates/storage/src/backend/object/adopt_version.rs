//! Single versions of another store, under the numbers that they have there.

use mp_profile::VersionTag;

use super::{
    Inner,
    catalogue::{self, scope_text, signed},
    write::{New, insert, prune, text},
};
use crate::{
    DataSetFile,
    backend::{Adoption, BackendError, Base, Key, Replaced, Retention, Stamp, Version},
    store::now,
};

impl Inner {
    pub(super) async fn adopt_version(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        adoption: &Adoption<'_>,
        retention: &Retention,
    ) -> Result<Replaced, BackendError> {
        let object = self.store_file(key, file).await?;
        let failed = |error| self.catalogue.failed("take over a version into", error);
        let mut transaction = self.catalogue.begin().await?;
        let last = catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        let before = catalogue::current(&mut transaction, key).await.map_err(failed)?.map(|row| row.version);
        if !base.allows(before, last, adoption.number) {
            transaction.rollback().await.map_err(failed)?;
            self.discard(&object).await;
            return Ok(Replaced::Conflict);
        }
        let stands_in_for = adoption.stamp.in_place_of;
        let version = Version { stands_in_for, ..Version::new(adoption.number, file) };
        let base = adoption.base.map(str::to_owned);
        let new = New { version, object: &object, base, stamp: adoption.stamp };
        insert(&mut transaction, key, &new).await.map_err(failed)?;
        prune(&mut transaction, key, retention, now()).await.map_err(failed)?;
        self.catalogue.commit(transaction).await?;
        Ok(Replaced::As { version, created: before.is_none() })
    }

    pub(super) async fn note_merged(
        &self,
        key: &Key,
        tag: &VersionTag,
        merged: &[String],
    ) -> Result<(), BackendError> {
        let failed = |error| self.catalogue.failed("note what a version holds in", error);
        let mut transaction = self.catalogue.begin().await?;
        catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        let current = catalogue::current(&mut transaction, key).await.map_err(failed)?;
        let Some(row) = current.filter(|row| row.version.tag() == *tag) else { return Ok(()) };
        let stamp: String =
            sqlx::query_scalar("SELECT stamp FROM versions WHERE scope = $1 AND sid = $2 AND number = $3")
                .bind(scope_text(&key.scope))
                .bind(key.sid.as_str())
                .bind(signed(row.version.sequence))
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
        let mut stamp: Stamp =
            serde_json::from_str(&stamp).map_err(|error| failed(sqlx::Error::Decode(Box::new(error))))?;
        stamp.merged.extend_from_slice(merged);
        sqlx::query("UPDATE versions SET stamp = $4 WHERE scope = $1 AND sid = $2 AND number = $3")
            .bind(scope_text(&key.scope))
            .bind(key.sid.as_str())
            .bind(signed(row.version.sequence))
            .bind(text(&stamp))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        self.catalogue.commit(transaction).await
    }
}
