//! The database: rows and statements, no rules. The same statements run on SQLite and PostgreSQL; what differs between the two
//! is in `connect.rs` and in the folder of migrations.

mod administrators;
mod audit;
mod configuration;
mod connect;
mod join_tokens;
mod machines;
mod overview;
mod user_sessions;
mod write;

use std::str::FromStr;

use sqlx::{Any, Decode, Row, Type, any::AnyRow};

pub(crate) use administrators::Account;
pub(crate) use audit::{AuditEntry, AuditLine};
pub(crate) use configuration::Ids;
pub(crate) use connect::Database;
pub(crate) use join_tokens::{JoinTokenRow, NewJoinToken};
pub(crate) use machines::{NewCertificate, NewMachine};
pub(crate) use write::Write;

use crate::domain::Refusal;

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::internal(error)
    }
}

/// One column of a row.
fn column<'r, T: Decode<'r, Any> + Type<Any>>(row: &'r AnyRow, name: &str) -> Result<T, sqlx::Error> {
    row.try_get(name)
}

/// One column of a row whose text is the form of a value.
fn parsed<T: FromStr>(row: &AnyRow, name: &str) -> Result<T, sqlx::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    parse(name, &column::<String>(row, name)?)
}

fn parse<T: FromStr>(name: &str, text: &str) -> Result<T, sqlx::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error| undecodable(name, error))
}

/// One column of a row that holds a number within a smaller range.
fn number<T: TryFrom<i64>>(row: &AnyRow, name: &str) -> Result<T, sqlx::Error>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(column::<i64>(row, name)?).map_err(|error| undecodable(name, error))
}

/// One column of a row that holds a value as JSON.
fn json<T: serde::de::DeserializeOwned>(row: &AnyRow, name: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(&column::<String>(row, name)?).map_err(|error| undecodable(name, error))
}

fn undecodable(name: &str, error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: name.to_owned(), source: Box::new(error) }
}
