//! Taking over versions of another backend with their numbers, so that Agents which hold them go on.

use std::collections::BTreeMap;

use mp_profile::VersionTag;
use mp_protocol::versions::{Author, Stamp, VersionInfo};
use sqlx::PgConnection;

use super::{
    Inner, ObjectBackend,
    catalogue::{self, scope_text, signed},
    write::{name_object, text},
};
use crate::{
    DataSetFile,
    backend::{Backend, BackendError, Key},
};

/// What was taken over of one user and scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Adopted {
    /// So many versions that were not here before.
    Versions(u64),
    /// Nothing, because somebody has stored something here since.
    Used,
}

impl ObjectBackend {
    /// Takes over the versions of a user and scope that are not here yet, under the same numbers: all or none. Nobody may be
    /// storing anything for this user and scope here meanwhile. Blocks.
    ///
    /// # Errors
    /// When the other backend cannot be read, or has something damaged; when catalogue or store fail.
    pub fn adopt(&self, key: &Key, from: &dyn Backend) -> Result<Adopted, BackendError> {
        let theirs = from.versions(key)?;
        let ours = self.versions(key)?;
        let known: BTreeMap<u64, &VersionInfo> = ours.iter().map(|info| (info.number, info)).collect();
        let strange = |(number, ours): (&u64, &&VersionInfo)| {
            theirs.iter().find(|info| info.number == *number).is_none_or(|theirs| theirs.seal != ours.seal)
        };
        // What fell out of their history is no version that was stored here.
        let oldest = theirs.last().map_or(u64::MAX, |info| info.number);
        if known.iter().any(|(number, ours)| *number >= oldest && strange((number, ours))) {
            return Ok(Adopted::Used);
        }
        let mut objects = BTreeMap::new();
        for info in theirs.iter().filter(|info| info.kept && !known.contains_key(&info.number)) {
            // Retention may be at work there: what has fallen meanwhile is listed, and no more.
            let Some(bytes) = from.read_version(key, &VersionTag(info.tag.clone()))? else { continue };
            let file = DataSetFile::verify(bytes, &key.sid);
            let file =
                file.map_err(|error| self.inner.objects.failed("take over a version for", &info.tag, error))?;
            objects.insert(info.number, self.wait(super::CALL, self.inner.store_file(key, &file))?);
        }
        self.wait(super::CALL, self.inner.adopt(key, &theirs, &objects))?;
        let new = theirs.iter().filter(|info| !known.contains_key(&info.number)).count();
        Ok(Adopted::Versions(u64::try_from(new).unwrap_or(u64::MAX)))
    }
}

impl Inner {
    async fn adopt(
        &self,
        key: &Key,
        versions: &[VersionInfo],
        objects: &BTreeMap<u64, String>,
    ) -> Result<(), BackendError> {
        let Some(newest) = versions.first() else { return Ok(()) };
        let failed = |error| self.catalogue.failed("take over versions into", error);
        let mut transaction = self.catalogue.begin().await?;
        catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        let mut replaced = None;
        for info in versions {
            let object = objects.get(&info.number).map(String::as_str);
            let replaced_at = info.removed.as_ref().map(|removed| removed.at).or(replaced);
            write(&mut transaction, key, info, object, replaced_at.filter(|_| !info.current))
                .await
                .map_err(failed)?;
            replaced = info.at.or(replaced);
        }
        sqlx::query(
            "UPDATE data_sets SET current_number = $3, last_number = $4 WHERE scope = $1 AND sid = $2",
        )
        .bind(scope_text(&key.scope))
        .bind(key.sid.as_str())
        .bind(newest.current.then_some(signed(newest.number)))
        .bind(signed(newest.number))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        self.catalogue.commit(transaction).await
    }
}

/// Writes the row of a version; of one that is there, what may have changed.
async fn write(
    connection: &mut PgConnection,
    key: &Key,
    info: &VersionInfo,
    object: Option<&str>,
    replaced: Option<u64>,
) -> Result<(), sqlx::Error> {
    let unknown = || Stamp::new(info.at.unwrap_or_default(), Author::Service);
    let stamp = info.stamp.clone().unwrap_or_else(unknown);
    if let Some(object) = object {
        name_object(connection, object).await?;
    }
    sqlx::query(
        "INSERT INTO versions (scope, sid, number, seal, bytes, object, pinned, damaged, stands_in_for, base, stamp, replaced_at, \
         removed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (scope, sid, number) DO UPDATE SET pinned = excluded.pinned, replaced_at = excluded.replaced_at, \
         removed = excluded.removed",
    )
    .bind(scope_text(&key.scope))
    .bind(key.sid.as_str())
    .bind(signed(info.number))
    .bind(&info.seal)
    .bind(signed(info.bytes))
    .bind(object)
    .bind(info.pinned)
    .bind(info.damaged)
    .bind(stamp.in_place_of.map(signed))
    .bind(&info.base)
    .bind(text(&stamp))
    .bind(replaced.map(signed))
    .bind(info.removed.as_ref().map(text))
    .execute(connection)
    .await
    .map(drop)
}
