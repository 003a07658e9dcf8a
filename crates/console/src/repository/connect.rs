use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    Any, AnyPool, Executor, SqlStr, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{Migration, MigrationType, Migrator},
};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::OpenError;

/// Migrations in their order; only ever added to.
const MIGRATIONS: [(i64, &str, &str); 6] = [
    (1, "farm", include_str!("../../migrations/sqlite/0001_farm.sql")),
    (2, "people", include_str!("../../migrations/sqlite/0002_people.sql")),
    (3, "agent settings", include_str!("../../migrations/sqlite/0003_agent_settings.sql")),
    (4, "user sessions", include_str!("../../migrations/sqlite/0004_user_sessions.sql")),
    (
        5,
        "user sessions by outcome",
        include_str!("../../migrations/sqlite/0005_user_sessions_by_outcome.sql"),
    ),
    (6, "lists", include_str!("../../migrations/sqlite/0006_lists.sql")),
];

/// Begins a transaction that will write: SQLite then waits for the other writer here instead of failing later.
const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
/// Begins a transaction that sees one state of everything.
const BEGIN_READ: &str = "BEGIN DEFERRED";

const MAX_CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The console's database.
#[derive(Debug)]
pub(crate) struct Database {
    pub(super) pool: AnyPool,
    /// Who may write. SQLite lets one write at a time and makes the others try again and again, some of them in vain when
    /// thousands of machines are told of a change; here they stand in line.
    turn: Arc<Mutex<()>>,
}

/// A transaction that may write, and the turn to do so.
pub(super) struct WriteTransaction {
    // The transaction first: it ends before the turn does.
    transaction: Transaction<'static, Any>,
    _turn: OwnedMutexGuard<()>,
}

impl WriteTransaction {
    pub(super) fn connection(&mut self) -> &mut Transaction<'static, Any> {
        &mut self.transaction
    }

    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }
}

impl Database {
    /// Opens the SQLite database in a file, which is made when it is not there, and brings it up to date.
    pub(crate) async fn open_file(path: &Path) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let failed = |source| OpenError::Database { path: path.to_owned(), source };
        let options = AnyConnectOptions::from_str(&url(path)?).map_err(failed)?;
        let pool = AnyPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // Acknowledged changes must survive a power cut, hence synchronous = full.
                    for pragma in [
                        "PRAGMA busy_timeout = 10000",
                        "PRAGMA journal_mode = WAL",
                        "PRAGMA synchronous = FULL",
                        "PRAGMA foreign_keys = ON",
                    ] {
                        connection.execute(pragma).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .map_err(failed)?;
        let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
            Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
        };
        Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
            .run(&pool)
            .await
            .map_err(|source| OpenError::Migration { path: path.to_owned(), source })?;
        Ok(Self { pool, turn: Arc::default() })
    }

    /// Begins to write. One transaction writes at a time.
    pub(super) async fn begin_write(&self) -> Result<WriteTransaction, sqlx::Error> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        Ok(WriteTransaction { transaction: self.pool.begin_with(BEGIN_WRITE).await?, _turn: turn })
    }

    /// Begins to read one state of everything.
    pub(super) async fn begin_read(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        self.pool.begin_with(BEGIN_READ).await
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// The path as a `sqlite:` URL; every byte that could mean something else there is percent-encoded.
fn url(path: &Path) -> Result<String, OpenError> {
    let text = path.to_str().ok_or_else(|| OpenError::Path(path.to_owned()))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~:".contains(&byte);
    let encoded: String = text
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    Ok(format!("sqlite:{encoded}?mode=rwc"))
}
