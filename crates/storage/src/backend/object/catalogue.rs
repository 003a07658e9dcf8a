//! What PostgreSQL knows: which version is current, and everything about versions but their content.

use std::{str::FromStr as _, time::Duration};

use mp_dataset::Digest;
use mp_profile::Scope;
use sqlx::{
    PgConnection, PgPool, Postgres, Row as _, SqlStr, Transaction,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};

use super::{address::Environment, open::OpenError};
use crate::backend::{BackendError, Key, Version};

/// Our tables are in a schema of their own, so that the database may be the console's.
const SCHEMA: &str = "metaprofiles_storage";
/// Connections of one node.
const CONNECTIONS: u32 = 16;
/// Key of the advisory lock under which the schema is made.
const SCHEMA_LOCK: i64 = 0x4D50_5354_0001;
/// For a connection that is free.
const ACQUIRE: Duration = Duration::from_secs(5);
/// What the server waits for: a statement, a lock, and the next statement of a transaction, in milliseconds.
const WAITS: [(&str, &str); 3] = [
    ("statement_timeout", "15000"),
    ("lock_timeout", "10000"),
    ("idle_in_transaction_session_timeout", "30000"),
];

/// Text of the migrations, in their order; only ever added to.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "catalogue", include_str!("../../../migrations/0001_catalogue.sql")),
    (2, "data keys", include_str!("../../../migrations/0002_data_keys.sql")),
];

/// The database of one store.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) pool: PgPool,
    /// Address without credentials.
    shown: String,
}

/// A version, and the object with its content.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) version: Version,
    /// `None` when it fell to retention.
    pub(super) object: Option<String>,
    pub(super) damaged: bool,
    pub(super) pinned: bool,
    pub(super) replaced: Option<u64>,
}

impl Row {
    /// What a query for [`ROW`] gives.
    pub(super) fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let seal: String = row.try_get("seal")?;
        let digest =
            Digest::from_str(&seal).map_err(|error| sqlx::Error::Decode(error.to_string().into()))?;
        Ok(Self {
            version: Version {
                sequence: unsigned(row.try_get("number")?),
                digest,
                len: unsigned(row.try_get("bytes")?),
                stands_in_for: row.try_get::<Option<i64>, _>("stands_in_for")?.map(unsigned),
            },
            object: row.try_get("object")?,
            damaged: row.try_get("damaged")?,
            pinned: row.try_get("pinned")?,
            replaced: row.try_get::<Option<i64>, _>("replaced_at")?.map(unsigned),
        })
    }
}

/// Of a version, joined with the state of its data set.
pub(super) const ROW: &str =
    "v.number, v.seal, v.bytes, v.object, v.pinned, v.damaged, v.stands_in_for, v.replaced_at";

impl Catalogue {
    /// Connects, and brings the tables up to date. `url` may hold a password; nothing that is shown does.
    pub(super) async fn open(url: &str, environment: &Environment) -> Result<Self, OpenError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError::CatalogueAddress);
        }
        let mut options = PgConnectOptions::from_str(url).map_err(|_| OpenError::CatalogueAddress)?;
        if let Some(password) = environment.get("PGPASSWORD") {
            options = options.password(password);
        }
        options = options
            .application_name("metaprofiles storage")
            .options([("search_path", SCHEMA)])
            .options(WAITS);
        let shown = shown(url);
        let failed = |source: sqlx::Error| OpenError::Catalogue { what: shown.clone(), source };
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE)
            .connect_with(options)
            .await
            .map_err(failed)?;
        let row = sqlx::query(
            "SELECT pg_is_in_recovery() AS standby, current_setting('server_version_num')::BIGINT AS version, \
             current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits",
        )
        .fetch_one(&pool)
        .await
        .map_err(failed)?;
        if row.get("standby") {
            return Err(OpenError::Standby(shown));
        }
        if row.get::<i64, _>("version") < 120_000 {
            return Err(OpenError::OldServer(shown));
        }
        if row.get::<&str, _>("fsync") == "off" || row.get::<&str, _>("commits") == "off" {
            tracing::warn!(
                catalogue = shown,
                "MP-STO-146 PostgreSQL does not flush what it commits (fsync or synchronous_commit is off): a power cut loses versions"
            );
        }
        make_schema(&pool).await.map_err(failed)?;
        let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
            Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
        };
        let migrated = Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect()).run(&pool).await;
        migrated.map_err(|source| OpenError::Schema { what: shown.clone(), source })?;
        Ok(Self { pool, shown })
    }

    /// How much is kept, in bytes: versions that did not fall to retention, and what is in quarantine.
    pub(super) async fn kept_bytes(&self) -> Result<u64, BackendError> {
        let sum = "SELECT CAST(COALESCE((SELECT SUM(bytes) FROM versions WHERE object IS NOT NULL), 0) \
                   + COALESCE((SELECT SUM(bytes) FROM quarantined), 0) AS BIGINT) AS kept";
        let row = sqlx::query(sum).fetch_one(&self.pool).await;
        row.map(|row| unsigned(row.get("kept"))).map_err(|error| self.failed("add up", error))
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, BackendError> {
        self.pool.begin().await.map_err(|error| self.failed("begin a transaction in", error))
    }

    pub(super) async fn commit(
        &self,
        transaction: Transaction<'static, Postgres>,
    ) -> Result<(), BackendError> {
        transaction.commit().await.map_err(|error| self.failed("commit to", error))
    }

    pub(super) fn failed(&self, doing: &'static str, source: sqlx::Error) -> BackendError {
        BackendError::Remote { doing, what: format!("the catalogue {}", self.shown), source: source.into() }
    }

    /// The current version.
    pub(super) async fn current(&self, key: &Key) -> Result<Option<Row>, BackendError> {
        let mut connection = self.pool.acquire().await.map_err(|error| self.failed("reach", error))?;
        current(&mut connection, key).await.map_err(|error| self.failed("read", error))
    }

    /// A version of any kind.
    pub(super) async fn numbered(&self, key: &Key, number: u64) -> Result<Option<Row>, BackendError> {
        let sql = format!("SELECT {ROW} FROM versions v WHERE v.scope = $1 AND v.sid = $2 AND v.number = $3");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(scope_text(&key.scope))
            .bind(key.sid.as_str())
            .bind(signed(number))
            .fetch_optional(&self.pool)
            .await;
        let row = row.and_then(|row| row.as_ref().map(Row::read).transpose());
        row.map_err(|error| self.failed("read", error))
    }
}

/// Makes the schema, which nodes that start at the same time do one after another.
async fn make_schema(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK).execute(&mut *transaction).await?;
    sqlx::query("CREATE SCHEMA IF NOT EXISTS metaprofiles_storage").execute(&mut *transaction).await?;
    transaction.commit().await
}

/// The current version, as a connection sees it.
pub(super) async fn current(connection: &mut PgConnection, key: &Key) -> Result<Option<Row>, sqlx::Error> {
    let sql = format!(
        "SELECT {ROW} FROM data_sets d JOIN versions v ON v.scope = d.scope AND v.sid = d.sid AND v.number = d.current_number \
         WHERE d.scope = $1 AND d.sid = $2"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(scope_text(&key.scope)).bind(key.sid.as_str());
    query.fetch_optional(connection).await?.as_ref().map(Row::read).transpose()
}

/// Locks a data set until the transaction ends, and gives the number of its last version; 0 when there was none.
pub(super) async fn lock(connection: &mut PgConnection, key: &Key) -> Result<u64, sqlx::Error> {
    let row = sqlx::query(
        "INSERT INTO data_sets (scope, sid) VALUES ($1, $2) \
         ON CONFLICT (scope, sid) DO UPDATE SET scope = excluded.scope RETURNING last_number",
    )
    .bind(scope_text(&key.scope))
    .bind(key.sid.as_str())
    .fetch_one(connection)
    .await?;
    Ok(unsigned(row.try_get("last_number")?))
}

/// A scope as the tables have it: group names in lower case, since case means nothing in them.
pub(super) fn scope_text(scope: &Scope) -> String {
    scope.to_string().to_ascii_lowercase()
}

/// A count or time as the tables have it.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// A connection string without user, password and parameters.
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", ""));
    let rest = rest.split('?').next().unwrap_or_default();
    let rest = rest.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{rest}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_shown_of_an_address_has_no_password() {
        for url in ["postgres://u:p@ss@db:5432/farm?password=x", "postgres://db:5432/farm"] {
            assert_eq!(super::shown(url), "postgres://db:5432/farm");
        }
    }
}
