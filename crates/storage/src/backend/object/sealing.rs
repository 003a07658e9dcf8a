//! Objects as they are stored, sealed or not, and the records of data keys in the catalogue.

use mp_dataset::{DecodeError, Limits, check};
use sqlx::Row as _;

use super::{
    Inner, ObjectBackend,
    catalogue::{self, scope_text, signed, unsigned},
    open::OpenError,
    write::{mark_garbage, name_object},
};
use crate::{
    DataSetFile,
    at_rest::{AtRest, Flaw, KeyError, KeyedStore, Kinds, Stored, Subject, is_sealed, shown},
    backend::{BackendError, Key},
    refusal::chain,
};

/// What was found under the name of an object: the data set file in it and whether it was sealed; or what is wrong with it, and
/// how many bytes are there.
pub(super) type Got = Result<(Vec<u8>, bool), (Flaw, u64)>;

/// An object of a data set that a row names.
struct Named {
    object: String,
    len: u64,
    /// Number of the version, or id in quarantine.
    of: Of,
}

enum Of {
    Version(u64),
    Quarantined(String),
}

impl Inner {
    /// The data set file of a length under a name. One that is not sealed is not looked at; there being none is 0 bytes.
    pub(super) async fn bytes(&self, key: &Key, name: &str, len: u64) -> Result<Got, BackendError> {
        let failed = |error| self.objects.failed("read", name, error);
        let wrong = |expected, found| {
            Ok(Err((DecodeError::Length { what: "object", expected, found }.into(), found)))
        };
        let stored = match self.objects.get(name, Stored::max_len()).await.map_err(failed)? {
            Some(Ok(stored)) => stored,
            Some(Err(found)) => return wrong(len, found),
            None if self.is_ours().await.map_err(failed)? => return wrong(len, 0),
            None => {
                return Err(self.objects.failed(
                    "trust the store, whose marker metaprofiles-store.json is gone or another's: cannot read",
                    name,
                    "the store was emptied or exchanged; bring its objects back",
                ));
            }
        };
        let found = to_u64(stored.len());
        if !is_sealed(&stored) {
            return if found == len { Ok(Ok((stored, false))) } else { wrong(len, found) };
        }
        let record = self.record(key).await?;
        let opened = self.at_rest.open(key, stored, record.as_deref());
        match opened.map_err(|source| self.locked("open", name, source))? {
            Ok(bytes) if to_u64(bytes.len()) == len => Ok(Ok((bytes, true))),
            Ok(bytes) => wrong(len, to_u64(bytes.len())),
            Err(flaw) => Ok(Err((flaw, found))),
        }
    }

    /// As [`Inner::bytes`], found intact by its own seal as well.
    pub(super) async fn intact(
        &self,
        key: &Key,
        name: &str,
        len: u64,
    ) -> Result<Result<Vec<u8>, (Flaw, u64)>, BackendError> {
        Ok(self.bytes(key, name, len).await?.and_then(|(bytes, _)| match check(&bytes, &Limits::default()) {
            Ok(_) => Ok(bytes),
            Err(error) => Err((error.into(), len)),
        }))
    }

    /// Stores a data set file under a new name.
    pub(super) async fn store_file(&self, key: &Key, file: &DataSetFile) -> Result<String, BackendError> {
        let bytes = match self.at_rest.seals() {
            false => file.bytes().to_vec(),
            true => self.sealed(key, file).await?,
        };
        self.objects.store_file(key, file.digest(), bytes).await
    }

    async fn sealed(&self, key: &Key, file: &DataSetFile) -> Result<Vec<u8>, BackendError> {
        let record = self.record_for_writing(key).await?;
        let locked = |source| self.locked("seal a data set of", &shown(key), source);
        let sealing = self.at_rest.seal(key, file, &record).map_err(locked)?;
        let mut bytes = Vec::with_capacity(sealing.len());
        let written = sealing.write_to(&mut bytes);
        written.map_err(|error| self.objects.failed("seal a data set for", &shown(key), error))?;
        Ok(bytes)
    }

    async fn record(&self, key: &Key) -> Result<Option<String>, BackendError> {
        let record = sqlx::query_scalar("SELECT record FROM data_keys WHERE scope = $1 AND sid = $2")
            .bind(scope_text(&key.scope))
            .bind(key.sid.as_str())
            .fetch_optional(&self.catalogue.pool)
            .await;
        record.map_err(|error| self.catalogue.failed("read a data key in", error))
    }

    /// The record of a data set; of several nodes that make one, one's counts.
    async fn record_for_writing(&self, key: &Key) -> Result<String, BackendError> {
        if let Some(record) = self.record(key).await? {
            return Ok(record);
        }
        let new = self.at_rest.new_record(Subject::DataSet(key));
        let new = new.map_err(|source| self.locked("make the key of", &shown(key), source))?;
        let failed = |error| self.catalogue.failed("write a data key into", error);
        let mut transaction = self.catalogue.begin().await?;
        catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        sqlx::query("INSERT INTO data_keys (scope, sid, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(scope_text(&key.scope))
            .bind(key.sid.as_str())
            .bind(&new.text)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        self.catalogue.commit(transaction).await?;
        let record = self.record(key).await?;
        let locked = |source| self.locked("read the key of", &shown(key), source);
        let record = record.ok_or_else(|| locked(KeyError::RecordMissing))?;
        if record != new.text {
            return Ok(record);
        }
        // Its key may have been forgotten since it was asked for.
        match self.at_rest.wrapped_meanwhile(Subject::DataSet(key), &new).map_err(locked)? {
            Some(anew) if self.replace_record(key, &record, &anew).await? => Ok(anew),
            Some(_) => self.record(key).await?.ok_or_else(|| locked(KeyError::RecordMissing)),
            None => Ok(record),
        }
    }

    async fn replace_record(&self, key: &Key, from: &str, to: &str) -> Result<bool, BackendError> {
        let done =
            sqlx::query("UPDATE data_keys SET record = $4 WHERE scope = $1 AND sid = $2 AND record = $3")
                .bind(scope_text(&key.scope))
                .bind(key.sid.as_str())
                .bind(from)
                .bind(to)
                .execute(&self.catalogue.pool)
                .await;
        let done = done.map_err(|error| self.catalogue.failed("write a data key into", error))?;
        Ok(done.rows_affected() > 0)
    }

    async fn store_record(&self) -> Result<Option<String>, BackendError> {
        let record =
            sqlx::query_scalar("SELECT store_key FROM store").fetch_optional(&self.catalogue.pool).await;
        let record: Option<Option<String>> =
            record.map_err(|error| self.catalogue.failed("read the store's key in", error))?;
        Ok(record.flatten())
    }

    /// Puts a record in the place of the store's own, or where there is none if `from` is `None`.
    async fn replace_store_record(&self, from: Option<&str>, to: &str) -> Result<bool, BackendError> {
        let done = sqlx::query("UPDATE store SET store_key = $2 WHERE store_key IS NOT DISTINCT FROM $1")
            .bind(from)
            .bind(to)
            .execute(&self.catalogue.pool)
            .await;
        let done = done.map_err(|error| self.catalogue.failed("write the store's key into", error))?;
        Ok(done.rows_affected() > 0)
    }

    /// Makes sure that what is sealed here can be opened; when something is to be sealed for the first time, the catalogue gets
    /// the store's own key.
    pub(super) async fn check_key(&self) -> Result<(), OpenError> {
        let failed = |error| OpenError::StoreKey(Box::new(error));
        let locked = |source| failed(self.locked("open the encrypted store", "", source));
        if self.at_rest.seals() && self.store_record().await.map_err(failed)?.is_none() {
            let record = self.at_rest.new_record(Subject::Store).map_err(locked)?;
            self.replace_store_record(None, &record.text).await.map_err(failed)?;
        }
        match self.store_record().await.map_err(failed)? {
            Some(record) => self.at_rest.check_record(Subject::Store, &record).map_err(locked),
            None => Ok(()),
        }
    }

    /// The objects that rows of a data set name.
    async fn named(&self, key: &Key) -> Result<Vec<Named>, BackendError> {
        let failed = |error| self.catalogue.failed("list the objects in", error);
        let rows = sqlx::query(
            "SELECT object, bytes, number, NULL AS id FROM versions WHERE scope = $1 AND sid = $2 AND object IS NOT NULL \
             UNION ALL SELECT object, bytes, NULL, id FROM quarantined WHERE scope = $1 AND sid = $2",
        )
        .bind(scope_text(&key.scope))
        .bind(key.sid.as_str())
        .fetch_all(&self.catalogue.pool)
        .await
        .map_err(failed)?;
        let read = |row: &sqlx::postgres::PgRow| {
            let of = match row.try_get::<Option<i64>, _>("number")? {
                Some(number) => Of::Version(unsigned(number)),
                None => Of::Quarantined(row.try_get("id")?),
            };
            Ok(Named { object: row.try_get("object")?, len: unsigned(row.try_get("bytes")?), of })
        };
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(failed)
    }

    /// Whether an object is sealed, by its length, which is another one then; `None` when it is not there.
    async fn is_sealed(&self, named: &Named) -> Result<Option<bool>, BackendError> {
        match self.objects.head(&named.object).await {
            Ok(head) => Ok(Some(head.size != named.len)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.objects.failed("look at", &named.object, error)),
        }
    }

    async fn kinds(&self, key: &Key) -> Result<Kinds, BackendError> {
        let mut kinds = Kinds::default();
        for named in self.named(key).await? {
            match self.is_sealed(&named).await? {
                Some(true) => kinds.sealed += 1,
                Some(false) => kinds.plain += 1,
                None => {}
            }
        }
        Ok(kinds)
    }

    async fn encrypt(&self, key: &Key) -> Result<u64, BackendError> {
        let mut done = 0;
        for named in self.named(key).await? {
            if self.is_sealed(&named).await? == Some(false) {
                done += u64::from(self.encrypt_one(key, &named).await?);
            }
        }
        Ok(done)
    }

    /// Stores an object anew, sealed, and lets its row name that one. The other is the collector's.
    async fn encrypt_one(&self, key: &Key, named: &Named) -> Result<bool, BackendError> {
        let file = match self.bytes(key, &named.object, named.len).await? {
            Ok((bytes, _)) => DataSetFile::verify(bytes, &key.sid).map_err(|error| chain(&error)),
            Err((flaw, _)) => Err(chain(&flaw)),
        };
        let file = match file {
            Ok(file) => file,
            Err(why) => {
                tracing::warn!(object = named.object, why, "A damaged object is left as it is");
                return Ok(false);
            }
        };
        let object = self.store_file(key, &file).await?;
        let failed = |error| self.catalogue.failed("name a sealed object in", error);
        let mut transaction = self.catalogue.begin().await?;
        catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        name_object(&mut transaction, &object).await.map_err(failed)?;
        let update = match &named.of {
            Of::Version(number) => sqlx::query(
                "UPDATE versions SET object = $3 WHERE scope = $1 AND sid = $2 AND object = $4 AND number = $5",
            )
            .bind(scope_text(&key.scope))
            .bind(key.sid.as_str())
            .bind(&object)
            .bind(&named.object)
            .bind(signed(*number)),
            Of::Quarantined(id) => sqlx::query(
                "UPDATE quarantined SET object = $3 WHERE scope = $1 AND sid = $2 AND object = $4 AND id = $5",
            )
            .bind(scope_text(&key.scope))
            .bind(key.sid.as_str())
            .bind(&object)
            .bind(&named.object)
            .bind(id),
        };
        if update.execute(&mut *transaction).await.map_err(failed)?.rows_affected() == 0 {
            transaction.rollback().await.map_err(failed)?;
            self.discard(&object).await;
            return Ok(false);
        }
        mark_garbage(&mut transaction, &[&named.object]).await.map_err(failed)?;
        self.catalogue.commit(transaction).await?;
        Ok(true)
    }

    fn locked(&self, doing: &'static str, name: &str, source: KeyError) -> BackendError {
        BackendError::Key { doing, what: self.objects.shown(name), source }
    }
}

impl KeyedStore for ObjectBackend {
    fn at_rest(&self) -> &AtRest {
        &self.inner.at_rest
    }

    fn store_record(&self) -> Result<Option<String>, BackendError> {
        self.wait(super::CALL, self.inner.store_record())
    }

    fn replace_store_record(&self, from: &str, to: &str) -> Result<bool, BackendError> {
        self.wait(super::CALL, self.inner.replace_store_record(Some(from), to))
    }

    fn record(&self, key: &Key) -> Result<Option<String>, BackendError> {
        self.wait(super::CALL, self.inner.record(key))
    }

    fn replace_record(&self, key: &Key, from: &str, to: &str) -> Result<bool, BackendError> {
        self.wait(super::CALL, self.inner.replace_record(key, from, to))
    }

    fn kinds(&self, key: &Key) -> Result<Kinds, BackendError> {
        self.wait(super::INSPECTION, self.inner.kinds(key))
    }

    fn encrypt(&self, key: &Key) -> Result<u64, BackendError> {
        self.wait(super::INSPECTION, self.inner.encrypt(key))
    }
}

fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
