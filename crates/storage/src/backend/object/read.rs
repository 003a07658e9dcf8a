use mp_dataset::{DecodeError, Header, Limits, check};
use mp_profile::{Scope, Sid, VersionTag};
use sqlx::{Row as _, postgres::PgRow};

use super::{
    Inner,
    catalogue::{ROW, Row, scope_text},
};
use crate::{
    at_rest::Flaw,
    backend::{BackendError, Key, Read, Version, VersionInfo},
};

/// Objects that are gone are looked for so many times under the name that the catalogue then gives.
const TRIES: u32 = 3;

/// What is found under the name of an object.
pub(super) enum Found {
    Intact(Vec<u8>),
    /// What is wrong, and how many bytes are there.
    Damaged(Flaw, u64),
}

impl Inner {
    pub(super) async fn version(&self, key: &Key) -> Result<Option<Version>, BackendError> {
        Ok(self.catalogue.current(key).await?.map(|row| row.version))
    }

    pub(super) async fn read(&self, key: &Key, held: Option<&VersionTag>) -> Result<Read, BackendError> {
        for last in (0..TRIES).map(|tried| tried + 1 == TRIES) {
            let Some(row) = self.catalogue.current(key).await? else { return Ok(Read::None) };
            if held == Some(&row.version.tag()) {
                return Ok(Read::NotModified(row.version));
            }
            match self.content(key, &row).await? {
                Found::Intact(bytes) => return Ok(Read::Data(row.version, bytes)),
                Found::Damaged(source, _) if last => return Err(self.damaged(&row, source)),
                Found::Damaged(..) => {}
            }
        }
        Ok(Read::None)
    }

    pub(super) async fn read_version(
        &self,
        key: &Key,
        tag: &VersionTag,
    ) -> Result<Option<Vec<u8>>, BackendError> {
        let Some((number, digest)) = Version::parse(tag) else { return Ok(None) };
        for last in (0..TRIES).map(|tried| tried + 1 == TRIES) {
            let row = self.catalogue.numbered(key, number).await?;
            let Some(row) =
                row.filter(|row| row.version.digest == digest && row.object.is_some() && !row.damaged)
            else {
                return Ok(None);
            };
            match self.content(key, &row).await? {
                Found::Intact(bytes) => return Ok(Some(bytes)),
                Found::Damaged(source, _) if last => return Err(self.damaged(&row, source)),
                Found::Damaged(..) => {}
            }
        }
        Ok(None)
    }

    fn damaged(&self, row: &Row, source: Flaw) -> BackendError {
        BackendError::Damaged { what: self.objects.shown(row.object.as_deref().unwrap_or_default()), source }
    }

    /// The bytes of a version, compared with what the catalogue says of them.
    pub(super) async fn content(&self, key: &Key, row: &Row) -> Result<Found, BackendError> {
        let (name, version) = (row.object.as_deref().unwrap_or_default(), row.version);
        let got = self.bytes(key, name, version.len).await?;
        // What was sealed is intact when it opens; its own seal is read, and not calculated.
        let bytes = got.and_then(|(bytes, sealed)| {
            let header = if sealed { Header::parse(&bytes) } else { check(&bytes, &Limits::default()) };
            match header {
                Ok(header) if header.digest == version.digest => Ok(bytes),
                Ok(header) => {
                    let (expected, found) = (version.digest, header.digest);
                    Err((DecodeError::Seal { expected, found }.into(), version.len))
                }
                Err(error) => Err((error.into(), version.len)),
            }
        });
        Ok(match bytes {
            Ok(bytes) => Found::Intact(bytes),
            Err((flaw, len)) => Found::Damaged(flaw, len),
        })
    }

    pub(super) async fn versions(&self, key: &Key) -> Result<Vec<VersionInfo>, BackendError> {
        let sql = format!(
            "SELECT {ROW}, v.base, v.stamp, v.removed, v.number IS NOT DISTINCT FROM d.current_number AS current \
             FROM versions v JOIN data_sets d ON d.scope = v.scope AND d.sid = v.sid \
             WHERE v.scope = $1 AND v.sid = $2 ORDER BY v.number DESC"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(scope_text(&key.scope))
            .bind(key.sid.as_str())
            .fetch_all(&self.catalogue.pool)
            .await;
        let infos = rows.and_then(|rows| rows.iter().map(info).collect());
        infos.map_err(|error| self.catalogue.failed("list the versions in", error))
    }

    pub(super) async fn scopes(&self) -> Result<Vec<Scope>, BackendError> {
        let rows = sqlx::query("SELECT DISTINCT scope FROM data_sets").fetch_all(&self.catalogue.pool).await;
        let rows = rows.map_err(|error| self.catalogue.failed("list the scopes in", error))?;
        let mut scopes: Vec<Scope> =
            rows.iter().filter_map(|row| row.get::<&str, _>("scope").parse().ok()).collect();
        scopes.sort();
        Ok(scopes)
    }

    pub(super) async fn users(
        &self,
        scope: &Scope,
        after: Option<&Sid>,
        limit: usize,
    ) -> Result<Vec<Sid>, BackendError> {
        let rows = sqlx::query(
            "SELECT sid FROM data_sets d WHERE scope = $1 AND sid > $2 AND (last_number > 0 OR EXISTS \
             (SELECT FROM quarantined q WHERE q.scope = d.scope AND q.sid = d.sid) OR EXISTS \
             (SELECT FROM data_keys k WHERE k.scope = d.scope AND k.sid = d.sid)) ORDER BY sid LIMIT $3",
        )
        .bind(scope_text(scope))
        .bind(after.map_or("", Sid::as_str))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.catalogue.pool)
        .await;
        let rows = rows.map_err(|error| self.catalogue.failed("list the users in", error))?;
        Ok(rows.iter().filter_map(|row| row.get::<&str, _>("sid").parse().ok()).collect())
    }
}

fn info(row: &PgRow) -> Result<VersionInfo, sqlx::Error> {
    let decoded = |error: serde_json::Error| sqlx::Error::Decode(error.into());
    let Row { version, object, damaged, pinned, .. } = Row::read(row)?;
    let stamp: mp_protocol::versions::Stamp = serde_json::from_str(row.try_get("stamp")?).map_err(decoded)?;
    let removed: Option<&str> = row.try_get("removed")?;
    Ok(VersionInfo {
        tag: version.tag().0,
        number: version.sequence,
        seal: version.digest.to_string(),
        bytes: version.len,
        current: row.try_get("current")?,
        kept: object.is_some() && !damaged,
        pinned,
        damaged,
        at: Some(stamp.at),
        base: row.try_get("base")?,
        stamp: Some(stamp),
        removed: removed.map(serde_json::from_str).transpose().map_err(decoded)?,
    })
}
