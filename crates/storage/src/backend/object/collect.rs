//! Deletes objects that no row names, on whichever node is first.
//!
//! Nothing here depends on a clock being right: a name that the collector has claimed in the catalogue can never be named by
//! a version, so that an upload that is older than the grace is refused when it comes to its transaction.

use std::{pin::pin, sync::Weak, time::Duration};

use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, Row as _};

use super::{Inner, ObjectBackend, catalogue::signed};
use crate::{backend::BackendError, refusal::chain, store::now};

/// So long objects stay that no row names: as long a backup of the database may be old, and nothing that it names is lost.
const GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Between two looks of a node at the garbage.
const LOOK: Duration = Duration::from_secs(10 * 60);
/// Between two listings of the whole store by any node.
const LISTING: Duration = Duration::from_secs(24 * 60 * 60);
/// A name that was claimed stays claimed so long: no upload takes longer.
const CLAIM: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// Names in one statement.
const BATCH: usize = 1000;
/// Key of the advisory lock.
const LOCK: i64 = 0x4D50_5354_0002;

/// What a collection did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Collected {
    /// Whether another node was at it, so that this one did nothing.
    pub busy: bool,
    /// Objects that were listed.
    pub listed: u64,
    /// Of these, objects that no row named.
    pub orphans: u64,
    /// Objects that were deleted, orphans and others.
    pub deleted: u64,
}

impl ObjectBackend {
    /// Deletes objects that no row has named for `grace`. With `list` the whole store is listed, to find those that no row
    /// ever named.
    ///
    /// # Errors
    /// When catalogue or store cannot be reached; what was done is done.
    pub fn collect(&self, grace: Duration, list: bool) -> Result<Collected, BackendError> {
        let runtime = self.runtime.as_ref().expect("it is there until it is dropped");
        runtime.block_on(self.inner.collect(grace, Some(list)))
    }

    /// Collects by itself from now on, as long as the backend lives.
    pub fn collect_regularly(&self) {
        let runtime = self.runtime.as_ref().expect("it is there until it is dropped");
        runtime.spawn(collect_regularly(std::sync::Arc::downgrade(&self.inner)));
    }
}

async fn collect_regularly(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(inner) = inner.upgrade() else { return };
        match inner.collect(GRACE, None).await {
            Ok(Collected { deleted: 0, .. }) => {}
            Ok(done) => tracing::info!(
                deleted = done.deleted,
                orphans = done.orphans,
                "Deleted objects that no version names"
            ),
            Err(error) => tracing::warn!(
                error = chain(&error),
                "Cannot delete objects that no version names; it is tried again"
            ),
        }
    }
}

impl Inner {
    /// Lists when asked to; when nobody says, once a day.
    async fn collect(&self, grace: Duration, list: Option<bool>) -> Result<Collected, BackendError> {
        let failed = |error| self.catalogue.failed("collect garbage in", error);
        let mut connection = self.catalogue.pool.acquire().await.map_err(failed)?;
        let got = sqlx::query("SELECT pg_try_advisory_lock($1) AS got")
            .bind(LOCK)
            .fetch_one(&mut *connection)
            .await;
        if !got.map_err(failed)?.get::<bool, _>("got") {
            return Ok(Collected { busy: true, ..Collected::default() });
        }
        // The lock is the connection's: it ends with it, however this node ends.
        let done = self.collect_alone(&mut connection, grace, list).await;
        let unlocked =
            sqlx::query("SELECT pg_advisory_unlock($1)").bind(LOCK).execute(&mut *connection).await;
        if unlocked.is_err() {
            connection.close_on_drop();
        }
        done
    }

    async fn collect_alone(
        &self,
        connection: &mut PgConnection,
        grace: Duration,
        list: Option<bool>,
    ) -> Result<Collected, BackendError> {
        let failed = |error| self.catalogue.failed("collect garbage in", error);
        let ours =
            self.is_ours().await.map_err(|error| self.objects.failed("read the marker of", "", error))?;
        if !ours {
            return Err(self.objects.failed("trust", "", "the store's marker is gone, or another's"));
        }
        let mut done = Collected::default();
        let due = sqlx::query("SELECT listed_at < $1 AS due FROM store")
            .bind(before(LISTING))
            .fetch_one(&mut *connection)
            .await;
        if list.unwrap_or(due.map_err(failed)?.get("due")) {
            self.claim_orphans(connection, grace, &mut done).await?;
        }
        loop {
            let rows = sqlx::query(
                "SELECT name FROM objects WHERE garbage_since <= $1 AND deleted_at IS NULL ORDER BY garbage_since LIMIT 1000",
            )
            .bind(before(grace))
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
            if rows.is_empty() {
                break;
            }
            let names: Vec<&str> = rows.iter().map(|row| row.get("name")).collect();
            for name in &names {
                self.objects
                    .delete(name)
                    .await
                    .map_err(|error| self.objects.failed("delete", name, error))?;
                done.deleted += 1;
            }
            sqlx::query("UPDATE objects SET deleted_at = $2 WHERE name = ANY($1)")
                .bind(&names)
                .bind(signed(now()))
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
        }
        sqlx::query("DELETE FROM objects WHERE deleted_at < $1")
            .bind(before(CLAIM))
            .execute(connection)
            .await
            .map_err(failed)?;
        Ok(done)
    }

    /// Claims what no row names, and nobody has claimed before.
    async fn claim_orphans(
        &self,
        connection: &mut PgConnection,
        grace: Duration,
        done: &mut Collected,
    ) -> Result<(), BackendError> {
        let failed = |error| self.catalogue.failed("collect garbage in", error);
        let old = before(grace);
        let mut listing = pin!(self.objects.list());
        loop {
            let mut names = Vec::new();
            let mut more = true;
            while more && names.len() < BATCH {
                match listing.try_next().await.map_err(|error| self.objects.failed("list", "", error))? {
                    Some((name, changed)) => {
                        done.listed += 1;
                        names.extend((changed <= old).then_some(name));
                    }
                    None => more = false,
                }
            }
            let claimed = sqlx::query(
                "INSERT INTO objects (name, garbage_since) SELECT name, $2 FROM unnest($1) AS name ON CONFLICT (name) DO NOTHING",
            )
            .bind(names)
            .bind(old)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
            done.orphans += claimed.rows_affected();
            if !more {
                break;
            }
        }
        let listed =
            sqlx::query("UPDATE store SET listed_at = $1").bind(signed(now())).execute(connection).await;
        listed.map(drop).map_err(failed)
    }
}

/// A time so long ago, in milliseconds since 1970.
fn before(span: Duration) -> i64 {
    signed(now()).saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}
