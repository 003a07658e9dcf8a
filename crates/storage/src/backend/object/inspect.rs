//! Reading every byte of a data set, and what is done about damage.

use mp_dataset::{Limits, check};

use super::{
    Inner,
    catalogue::{self, ROW, Row, scope_text, signed},
    read::Found,
    write::{New, insert},
};
use crate::{
    DataSetFile,
    backend::{Author, BackendError, Damage, Damaged, Inspection, Key, Remedy, Stamp, Version},
    refusal::chain,
};

impl Inner {
    pub(super) async fn inspect(&self, key: &Key, repair: Option<u64>) -> Result<Inspection, BackendError> {
        let mut done = Inspection::default();
        let current = self.catalogue.current(key).await?;
        let number = current.as_ref().map(|row| row.version.sequence);
        let mut intact = None;
        for row in self.kept(key).await?.into_iter().filter(|row| Some(row.version.sequence) != number) {
            let number = row.version.sequence;
            match self.look(key, &row, &mut done).await? {
                Ok(bytes) if !row.damaged => {
                    intact.get_or_insert((row, bytes));
                }
                Ok(_) => {}
                Err(why) => {
                    let remedy = match repair {
                        Some(_) if !row.damaged => self.set_aside(key, &row).await?,
                        _ => Remedy::None,
                    };
                    done.damage.push(Damage { what: Damaged::Former(number), why, remedy });
                }
            }
        }
        if let Some(row) = current
            && let Err(why) = self.look(key, &row, &mut done).await?
        {
            let remedy = match (repair, intact) {
                (None, _) => Remedy::None,
                (Some(_), None) => Remedy::NothingIntact,
                (Some(at), Some((former, bytes))) => self.fall_back(key, &row, &former, bytes, at).await?,
            };
            done.damage.push(Damage { what: Damaged::Current(row.version.sequence), why, remedy });
        }
        self.inspect_quarantined(key, &mut done).await?;
        Ok(done)
    }

    async fn inspect_quarantined(&self, key: &Key, done: &mut Inspection) -> Result<(), BackendError> {
        for info in self.quarantined(key).await? {
            let Some((object, len)) = self.quarantined_object(key, &info.id).await? else { continue };
            let looked = self.intact(key, &object, len).await?;
            done.files += 1;
            done.bytes += len;
            if let Err((error, _)) = looked {
                let why = format!("{}: {}", self.objects.shown(&object), chain(&error));
                done.damage.push(Damage { what: Damaged::Quarantined(info.id), why, remedy: Remedy::None });
            }
        }
        Ok(())
    }

    /// Versions with an object, newest first.
    async fn kept(&self, key: &Key) -> Result<Vec<Row>, BackendError> {
        let sql = format!(
            "SELECT {ROW} FROM versions v WHERE v.scope = $1 AND v.sid = $2 AND v.object IS NOT NULL ORDER BY v.number DESC"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(scope_text(&key.scope))
            .bind(key.sid.as_str())
            .fetch_all(&self.catalogue.pool)
            .await;
        let rows = rows.and_then(|rows| rows.iter().map(Row::read).collect());
        rows.map_err(|error| self.catalogue.failed("list the versions in", error))
    }

    /// Reads a version, a second time if it seems damaged: what came may be, and what is stored not.
    async fn look(
        &self,
        key: &Key,
        row: &Row,
        done: &mut Inspection,
    ) -> Result<Result<Vec<u8>, String>, BackendError> {
        let found = match self.content(key, row).await? {
            Found::Damaged(..) => self.content(key, row).await?,
            intact => intact,
        };
        // Of what was sealed the own seal, too, must be right.
        let found = match found {
            Found::Intact(bytes) => match check(&bytes, &Limits::default()) {
                Ok(_) => Found::Intact(bytes),
                Err(error) => Found::Damaged(error.into(), row.version.len),
            },
            damaged => damaged,
        };
        done.files += 1;
        Ok(match found {
            Found::Intact(bytes) => {
                done.bytes += row.version.len;
                Ok(bytes)
            }
            Found::Damaged(error, len) => {
                done.bytes += len;
                let object = row.object.as_deref().unwrap_or_default();
                Err(format!("{}: {}", self.objects.shown(object), chain(&error)))
            }
        })
    }

    async fn set_aside(&self, key: &Key, row: &Row) -> Result<Remedy, BackendError> {
        let failed = |error| self.catalogue.failed("mark a damaged version in", error);
        // Retention may have let it fall meanwhile, and then this changes nothing.
        let done = mark_damaged(&self.catalogue.pool, key, row.version.sequence).await.map_err(failed)?;
        Ok(if done { Remedy::SetAside } else { Remedy::None })
    }

    /// Makes the content of an intact former version current, as the version after the damaged one, unless another node was
    /// faster.
    async fn fall_back(
        &self,
        key: &Key,
        damaged: &Row,
        former: &Row,
        bytes: Vec<u8>,
        at: u64,
    ) -> Result<Remedy, BackendError> {
        let Ok(file) = DataSetFile::verify(bytes, &key.sid) else { return Ok(Remedy::NothingIntact) };
        let object = self.store_file(key, &file).await?;
        let failed = |error| self.catalogue.failed("fall back to a former version in", error);
        let mut transaction = self.catalogue.begin().await?;
        let last = catalogue::lock(&mut transaction, key).await.map_err(failed)?;
        let current = catalogue::current(&mut transaction, key).await.map_err(failed)?;
        if current.is_none_or(|row| row.version != damaged.version) {
            transaction.rollback().await.map_err(failed)?;
            self.discard(&object).await;
            return Ok(Remedy::None);
        }
        let number = damaged.version.sequence;
        let version = Version { sequence: last + 1, stands_in_for: Some(number), ..former.version };
        let mut stamp = Stamp::new(at, Author::Service);
        stamp.restored_from = Some(former.version.sequence);
        stamp.in_place_of = Some(number);
        mark_damaged(&mut *transaction, key, number).await.map_err(failed)?;
        let new = New { version, object: &object, base: None, stamp: &stamp };
        insert(&mut transaction, key, &new).await.map_err(failed)?;
        self.catalogue.commit(transaction).await?;
        Ok(Remedy::FellBack { from: former.version.sequence, to: version.sequence })
    }
}

async fn mark_damaged(
    executor: impl sqlx::PgExecutor<'_>,
    key: &Key,
    number: u64,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE versions SET damaged = TRUE WHERE scope = $1 AND sid = $2 AND number = $3 AND object IS NOT NULL",
    )
    .bind(scope_text(&key.scope))
    .bind(key.sid.as_str())
    .bind(signed(number))
    .execute(executor)
    .await?;
    Ok(done.rows_affected() > 0)
}
