use mp_profile::VersionTag;
use sqlx::PgConnection;

use super::{
    Inner,
    catalogue::{self, ROW, Row, scope_text, signed},
};
use crate::{
    DataSetFile,
    backend::{BackendError, Base, Candidate, Change, Key, Removed, Replaced, Retention, Stamp, Version},
    store::now,
};

/// So many of the newest versions stay known when their content has fallen.
const KNOWN: u64 = 200;

/// A version that is about to be current.
pub(super) struct New<'a> {
    pub(super) version: Version,
    pub(super) object: &'a str,
    /// Tag of the version before it.
    pub(super) base: Option<String>,
    pub(super) stamp: &'a Stamp,
}

impl Inner {
    pub(super) async fn replace(
        &self,
        key: &Key,
        base: &Base,
        file: &DataSetFile,
        stamp: &Stamp,
        retention: &Retention,
    ) -> Result<Replaced, BackendError> {
        // An answer that needs no object; what counts is asked again under the lock.
        if let Some(answer) = base.answer(self.version(key).await?, file.digest()) {
            return Ok(answer);
        }
        let object = self.store_file(key, file).await?;
        let failed = |error| self.catalogue.failed("make a version current in", error);
        let mut transaction = self.catalogue.begin().await?;
        let last = catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        let before = catalogue::current(&mut transaction, key).await.map_err(failed)?.map(|row| row.version);
        if let Some(answer) = base.answer(before, file.digest()) {
            transaction.rollback().await.map_err(failed)?;
            self.discard(&object).await;
            return Ok(answer);
        }
        let version = Version::new(last + 1, file);
        let new = New { version, object: &object, base: before.map(|before| before.tag().0), stamp };
        insert(&mut transaction, key, &new).await.map_err(failed)?;
        prune(&mut transaction, key, retention, stamp.at).await.map_err(failed)?;
        // When this fails, nobody knows whether it was done: the object stays, and the collector finds out.
        self.catalogue.commit(transaction).await?;
        Ok(Replaced::As { version, created: before.is_none() })
    }

    /// Deletes an object that no row names, and of whose name nobody else knows.
    pub(super) async fn discard(&self, object: &str) {
        if let Err(error) = self.objects.delete(object).await {
            tracing::info!(object, %error, "An object is left to the collector");
        }
    }

    pub(super) async fn remove(
        &self,
        key: &Key,
        base: &VersionTag,
        change: &Change,
        retention: &Retention,
    ) -> Result<Removed, BackendError> {
        let failed = |error| self.catalogue.failed("delete a data set in", error);
        let mut transaction = self.catalogue.begin().await?;
        catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        match catalogue::current(&mut transaction, key).await.map_err(failed)? {
            None => Ok(Removed::None),
            Some(row) if row.version.tag() != *base => Ok(Removed::Conflict),
            Some(_) => {
                retire(&mut transaction, key, change.at, Some(&text(change))).await.map_err(failed)?;
                prune(&mut transaction, key, retention, change.at).await.map_err(failed)?;
                self.catalogue.commit(transaction).await?;
                Ok(Removed::Done)
            }
        }
    }

    pub(super) async fn pin(
        &self,
        key: &Key,
        tag: &VersionTag,
        pinned: bool,
        change: &Change,
    ) -> Result<bool, BackendError> {
        let Some((number, digest)) = Version::parse(tag) else { return Ok(false) };
        let failed = |error| self.catalogue.failed("pin a version in", error);
        let mut transaction = self.catalogue.begin().await?;
        // Retention is decided under the same lock.
        catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        let done = sqlx::query(
            "UPDATE versions SET pinned = $5, pin = CASE WHEN pinned = $5 THEN pin ELSE $6 END WHERE scope = $1 AND sid = $2 \
             AND number = $3 AND seal = $4 AND object IS NOT NULL AND NOT damaged",
        )
        .bind(scope_text(&key.scope))
        .bind(key.sid.as_str())
        .bind(signed(number))
        .bind(digest.to_string())
        .bind(pinned)
        .bind(text(change))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.catalogue.commit(transaction).await?;
        Ok(true)
    }
}

/// Notes about an object that a row is going to name. Fails when the collector has claimed it.
pub(super) async fn name_object(connection: &mut PgConnection, object: &str) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO objects (name) VALUES ($1)").bind(object).execute(connection).await.map(drop)
}

/// Makes a version current in the place of the one that is. The data set is locked.
pub(super) async fn insert(
    connection: &mut PgConnection,
    key: &Key,
    new: &New<'_>,
) -> Result<(), sqlx::Error> {
    let New { version, object, base, stamp } = new;
    retire(connection, key, stamp.at, None).await?;
    name_object(connection, object).await?;
    sqlx::query(
        "INSERT INTO versions (scope, sid, number, seal, bytes, object, stands_in_for, base, stamp) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(scope_text(&key.scope))
    .bind(key.sid.as_str())
    .bind(signed(version.sequence))
    .bind(version.digest.to_string())
    .bind(signed(version.len))
    .bind(object)
    .bind(version.stands_in_for.map(signed))
    .bind(base)
    .bind(text(stamp))
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE data_sets SET current_number = $3, last_number = $3 WHERE scope = $1 AND sid = $2")
        .bind(scope_text(&key.scope))
        .bind(key.sid.as_str())
        .bind(signed(version.sequence))
        .execute(connection)
        .await
        .map(drop)
}

/// Makes the current version, if there is one, a former one. The data set is locked.
async fn retire(
    connection: &mut PgConnection,
    key: &Key,
    at: u64,
    removed: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE versions v SET replaced_at = $3, removed = $4 FROM data_sets d WHERE d.scope = $1 AND d.sid = $2 \
         AND v.scope = $1 AND v.sid = $2 AND v.number = d.current_number",
    )
    .bind(scope_text(&key.scope))
    .bind(key.sid.as_str())
    .bind(signed(at))
    .bind(removed)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE data_sets SET current_number = NULL WHERE scope = $1 AND sid = $2")
        .bind(scope_text(&key.scope))
        .bind(key.sid.as_str())
        .execute(connection)
        .await
        .map(drop)
}

/// Lets the content of former versions fall that retention does not keep. The data set is locked.
pub(super) async fn prune(
    connection: &mut PgConnection,
    key: &Key,
    retention: &Retention,
    at: u64,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "SELECT {ROW} FROM versions v JOIN data_sets d ON d.scope = v.scope AND d.sid = v.sid WHERE v.scope = $1 AND v.sid = $2 \
         AND v.object IS NOT NULL AND v.number IS DISTINCT FROM d.current_number ORDER BY v.number DESC"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(scope_text(&key.scope)).bind(key.sid.as_str());
    let former: Vec<Row> =
        query.fetch_all(&mut *connection).await?.iter().map(Row::read).collect::<Result<_, _>>()?;
    let candidate = |row: &Row| Candidate {
        pinned: row.pinned,
        damaged: row.damaged,
        bytes: row.version.len,
        replaced: row.replaced.unwrap_or(at),
    };
    let candidates: Vec<Candidate> = former.iter().map(candidate).collect();
    let falling: Vec<&Row> =
        retention.falling(&candidates, at).into_iter().filter_map(|index| former.get(index)).collect();
    if falling.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE versions SET object = NULL WHERE scope = $1 AND sid = $2 AND number = ANY($3)")
        .bind(scope_text(&key.scope))
        .bind(key.sid.as_str())
        .bind(falling.iter().map(|row| signed(row.version.sequence)).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    let objects: Vec<&str> = falling.iter().filter_map(|row| row.object.as_deref()).collect();
    mark_garbage(connection, &objects).await?;
    sqlx::query(
        "DELETE FROM versions v USING data_sets d WHERE d.scope = $1 AND d.sid = $2 AND v.scope = $1 AND v.sid = $2 \
         AND v.object IS NULL AND v.number + $3 <= d.last_number",
    )
    .bind(scope_text(&key.scope))
    .bind(key.sid.as_str())
    .bind(signed(KNOWN))
    .execute(connection)
    .await
    .map(drop)
}

/// Leaves objects that no row names any more to the collector: a reader may be at one of them.
pub(super) async fn mark_garbage(connection: &mut PgConnection, objects: &[&str]) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE objects SET garbage_since = $2 WHERE name = ANY($1)")
        .bind(objects)
        .bind(signed(now()))
        .execute(connection)
        .await
        .map(drop)
}

/// As the tables have it.
pub(super) fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("these types have no keys that are not texts")
}
