//! All rows of all tables as lines of JSON, and back, on either engine.

use std::{collections::BTreeMap, io};

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::{
    Any, AssertSqlSafe, Column, Row, Transaction, ValueRef,
    any::{AnyRow, AnyTypeInfoKind},
};

use super::{Database, Engine};

/// The tables whose rows are kept, those before that others refer to. Sessions are left out: who was signed in signs in again.
const TABLES: [&str; 27] = [
    "farm",
    "storage_servers",
    "agent_server_groups",
    "group_storage_servers",
    "data_subsets",
    "storage_moves",
    "peer_rounds",
    "storage_damage",
    "machines",
    "former_groups",
    "certificates",
    "join_tokens",
    "administrators",
    "access_tokens",
    "recovery_codes",
    "console_settings",
    "audit_log",
    "audit_chain",
    "configuration_history",
    "user_sessions",
    "session_reports",
    "users",
    "directory_names",
    "webhooks",
    "webhook_deliveries",
    "machines_away",
    "storage_status",
];

/// Rows that one statement adds at most. SQLite takes 32,766 parameters in a statement.
const ROWS_AT_ONCE: usize = 100;
/// So many bytes of text are kept until a statement adds them.
const BYTES_AT_ONCE: usize = 1024 * 1024;

/// A value of a row; nothing else is in the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Null,
    Number(i64),
    Text(String),
}

impl Cell {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Null | Self::Number(_) => 0,
        }
    }
}

/// A row by the names of its columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TableRow {
    pub(crate) table: String,
    pub(crate) row: BTreeMap<String, Cell>,
}

impl Database {
    /// Gives every row, as they are at one moment.
    pub(crate) async fn dump(
        &self,
        mut sink: impl FnMut(&TableRow) -> io::Result<()>,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.begin_read().await?;
        for table in TABLES {
            let statement = AssertSqlSafe(format!("SELECT * FROM {table}"));
            let mut rows = sqlx::query(statement).fetch(&mut *transaction);
            while let Some(row) = rows.try_next().await? {
                sink(&TableRow { table: table.to_owned(), row: cells(&row)? })?;
            }
        }
        transaction.commit().await
    }

    /// Whether there is a farm in the database.
    pub(crate) async fn holds_a_farm(&self) -> bool {
        let row = sqlx::query("SELECT id FROM administrators LIMIT 1").fetch_optional(&self.pool).await;
        // Without the table there is none.
        row.is_ok_and(|row| row.is_some())
    }

    /// Begins to fill an empty database.
    pub(crate) async fn begin_fill(&self) -> Result<Fill, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        for table in TABLES.iter().rev() {
            // Migrations made some first rows. Tables of later versions are not there yet.
            if self.has_table(&mut transaction, table).await? {
                let statement = AssertSqlSafe(format!("DELETE FROM {table}"));
                sqlx::query(statement).execute(&mut *transaction).await?;
            }
        }
        Ok(Fill::new(transaction, self.engine()))
    }

    /// Begins to add rows to what there is.
    #[cfg(any(test, feature = "bulk"))]
    pub(crate) async fn begin_add(&self) -> Result<Fill, sqlx::Error> {
        Ok(Fill::new(self.pool.begin().await?, self.engine()))
    }

    async fn has_table(
        &self,
        transaction: &mut Transaction<'static, Any>,
        table: &str,
    ) -> Result<bool, sqlx::Error> {
        let statement = match self.engine() {
            Engine::Sqlite => "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = $1",
            Engine::Postgres => {
                "SELECT 1 AS found FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"
            }
        };
        Ok(sqlx::query(statement).bind(table).fetch_optional(&mut **transaction).await?.is_some())
    }
}

/// A database that is being filled; without [`Fill::commit`] it stays as it was.
pub(crate) struct Fill {
    transaction: Transaction<'static, Any>,
    engine: Engine,
    /// Rows of one table with the same columns, which go into one statement.
    pending: Vec<TableRow>,
    pending_bytes: usize,
}

impl Fill {
    fn new(transaction: Transaction<'static, Any>, engine: Engine) -> Self {
        Self { transaction, engine, pending: Vec::new(), pending_bytes: 0 }
    }

    /// Adds a row. False when its table is none of a console's, or a column's name is none.
    pub(crate) async fn insert(&mut self, row: TableRow) -> Result<bool, sqlx::Error> {
        let is_name = |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !TABLES.contains(&row.table.as_str()) || row.row.is_empty() || !row.row.keys().all(is_name) {
            return Ok(false);
        }
        let fits = |first: &TableRow| first.table == row.table && first.row.keys().eq(row.row.keys());
        let full = self.pending.len() == ROWS_AT_ONCE || self.pending_bytes > BYTES_AT_ONCE;
        if full || !self.pending.first().is_none_or(fits) {
            self.flush().await?;
        }
        self.pending_bytes += row.row.values().map(Cell::bytes).sum::<usize>();
        self.pending.push(row);
        Ok(true)
    }

    /// Adds the rows that were kept until now.
    async fn flush(&mut self) -> Result<(), sqlx::Error> {
        self.pending_bytes = 0;
        let rows = std::mem::take(&mut self.pending);
        let Some(TableRow { table, row }) = rows.first() else { return Ok(()) };
        let columns: Vec<&str> = row.keys().map(String::as_str).collect();
        let mut filled = 0;
        // Nothing is written out: PostgreSQL would want to know of what sort a parameter with nothing in it is.
        let mut place = |cell: &Cell| match cell {
            Cell::Null => "NULL".to_owned(),
            Cell::Number(_) | Cell::Text(_) => {
                filled += 1;
                format!("${filled}")
            }
        };
        let values: Vec<String> = rows
            .iter()
            .map(|TableRow { row, .. }| {
                let places: Vec<String> = row.values().map(&mut place).collect();
                format!("({})", places.join(", "))
            })
            .collect();
        let statement = format!("INSERT INTO {table} ({}) VALUES {}", columns.join(", "), values.join(", "));
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for cell in rows.into_iter().flat_map(|row| row.row.into_values()) {
            query = match cell {
                Cell::Number(number) => query.bind(number),
                Cell::Text(text) => query.bind(text),
                Cell::Null => query,
            };
        }
        query.execute(&mut *self.transaction).await.map(drop)
    }

    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.flush().await?;
        if self.engine == Engine::Postgres {
            sqlx::query(
                "SELECT CAST(setval(pg_get_serial_sequence('audit_log', 'id'), \
                 (SELECT COALESCE(max(id), 0) + 1 FROM audit_log), false) AS BIGINT) AS next",
            )
            .execute(&mut *self.transaction)
            .await?;
        }
        self.transaction.commit().await
    }
}

fn cells(row: &AnyRow) -> Result<BTreeMap<String, Cell>, sqlx::Error> {
    let cell = |index: usize| -> Result<Cell, sqlx::Error> {
        let value = row.try_get_raw(index)?;
        if value.is_null() {
            return Ok(Cell::Null);
        }
        Ok(match value.type_info().kind() {
            AnyTypeInfoKind::Text => Cell::Text(row.try_get(index)?),
            AnyTypeInfoKind::Null => Cell::Null,
            _ => Cell::Number(row.try_get(index)?),
        })
    };
    row.columns().iter().map(|column| Ok((column.name().to_owned(), cell(column.ordinal())?))).collect()
}
