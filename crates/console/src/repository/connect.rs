use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    Any, AnyPool, Executor, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions},
};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{migrations, told::Notes};
use crate::{OpenError, Secret};

const MAX_CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Schemes of a connection string of PostgreSQL.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// What keeps the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    /// A file, of one console alone.
    Sqlite,
    /// A server, which several consoles may share.
    Postgres,
}

/// The console's database.
#[derive(Debug)]
pub(crate) struct Database {
    pub(super) pool: AnyPool,
    engine: Engine,
    /// As messages call it.
    name: String,
    /// Who may write to SQLite, which lets one write at a time and makes the others try again and again, some of them in vain
    /// when thousands of machines are told of a change; here they stand in line. PostgreSQL locks rows.
    turn: Arc<Mutex<()>>,
    pub(super) notes: Notes,
}

/// A transaction that may write, and with SQLite the turn to do so.
pub(super) struct WriteTransaction {
    // The transaction first: it ends before the turn does.
    transaction: Transaction<'static, Any>,
    engine: Engine,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl WriteTransaction {
    pub(super) fn connection(&mut self) -> &mut Transaction<'static, Any> {
        &mut self.transaction
    }

    /// Lets others that name the same thing wait until this transaction ends. With SQLite they do anyway.
    pub(super) async fn lock(&mut self, name: &str) -> Result<(), sqlx::Error> {
        if self.engine == Engine::Postgres {
            sqlx::query(
                "SELECT 1 AS locked FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 0))) AS l",
            )
            .bind(name)
            .execute(&mut *self.transaction)
            .await?;
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }
}

impl Database {
    /// Opens the SQLite database in a file, which is made when it is not there.
    pub(crate) async fn open_file(path: &Path) -> Result<Self, OpenError> {
        Self::open(Engine::Sqlite, &url(path)?, path.display().to_string()).await
    }

    /// Opens the PostgreSQL database of a connection string.
    pub(crate) async fn open_server(url: &Secret) -> Result<Self, OpenError> {
        if !SCHEMES.iter().any(|scheme| url.reveal().starts_with(scheme)) {
            return Err(OpenError::DatabaseUrl);
        }
        Self::open(Engine::Postgres, url.reveal(), "on the PostgreSQL server".to_owned()).await
    }

    async fn open(engine: Engine, url: &str, name: String) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let failed = |source| OpenError::Database { database: name.clone(), source };
        let options = AnyConnectOptions::from_str(url).map_err(failed)?;
        let pool = AnyPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(move |connection, _| {
                // Acknowledged changes must survive a power cut, hence synchronous = full.
                let pragmas: &[&str] = match engine {
                    Engine::Sqlite => &[
                        "PRAGMA busy_timeout = 10000",
                        "PRAGMA journal_mode = WAL",
                        "PRAGMA synchronous = FULL",
                        "PRAGMA foreign_keys = ON",
                    ],
                    Engine::Postgres => &[],
                };
                Box::pin(async move {
                    for pragma in pragmas {
                        connection.execute(*pragma).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .map_err(failed)?;
        Ok(Self { pool, engine, name, turn: Arc::default(), notes: Notes::default() })
    }

    /// Brings the database up to date, or to what a former version had.
    pub(crate) async fn migrate(&self, version: i64) -> Result<(), OpenError> {
        let migrated = migrations::run(self.engine, &self.pool, version).await;
        migrated.map_err(|source| OpenError::Migration { database: self.name.clone(), source })
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    /// How many connections are open, and how many of them nobody uses.
    pub(crate) fn connections(&self) -> (u32, usize) {
        (self.pool.size(), self.pool.num_idle())
    }

    /// Whether other consoles may write to the same database.
    pub(crate) fn is_shared(&self) -> bool {
        self.engine == Engine::Postgres
    }

    /// Begins to write. With SQLite one transaction writes at a time, and waits for that here instead of failing later.
    pub(super) async fn begin_write(&self) -> Result<WriteTransaction, sqlx::Error> {
        let (turn, statement) = match self.engine {
            Engine::Sqlite => (Some(Arc::clone(&self.turn).lock_owned().await), "BEGIN IMMEDIATE"),
            Engine::Postgres => (None, "BEGIN"),
        };
        let transaction = self.pool.begin_with(statement).await?;
        Ok(WriteTransaction { transaction, engine: self.engine, _turn: turn })
    }

    /// Begins to read one state of everything.
    pub(super) async fn begin_read(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        self.pool
            .begin_with(match self.engine {
                Engine::Sqlite => "BEGIN DEFERRED",
                Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            })
            .await
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
