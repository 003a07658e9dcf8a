//! The database: rows and statements, no rules. The same statements run on SQLite and PostgreSQL; what differs between the two
//! is in `connect.rs` and in the folders of migrations.

mod administrators;
mod audit;
mod backup;
mod configuration;
mod connect;
mod deliveries;
mod directory;
mod held;
mod history;
mod join_tokens;
mod machine_list;
mod machines;
mod migrations;
mod overview;
mod search;
mod second_factors;
mod select;
mod settings;
mod sign_ins;
mod storage_damage;
mod storage_moves;
mod storage_status;
mod tokens;
mod told;
mod trim;
mod user_sessions;
mod users;
mod webhooks;
mod write;

use std::str::FromStr;

use sqlx::{Any, Decode, Row, Type, any::AnyRow};

pub(crate) use administrators::{ACCOUNT_ORDERS, Account};
pub(crate) use audit::{AUDIT_ORDERS, AuditChange, AuditEntry, AuditFilter, AuditLine, AuditProof};
pub(crate) use backup::TableRow;
#[cfg(any(test, feature = "bulk"))]
pub(crate) use backup::{Cell, Fill};
pub(crate) use configuration::Ids;
pub(crate) use connect::Database;
use connect::Engine;
pub(crate) use deliveries::{Attempted, Claimed};
#[cfg(any(test, feature = "bulk"))]
pub(crate) use directory::searched_name;
pub(crate) use history::{FormerConfiguration, HISTORY_ORDERS};
pub(crate) use join_tokens::{JOIN_TOKEN_ORDERS, JoinTokenFilter, JoinTokenRow, NewJoinToken};
pub(crate) use machine_list::MACHINE_ORDERS;
pub(crate) use machines::{NewCertificate, NewMachine};
pub(crate) use migrations::SCHEMA;
pub(crate) use settings::Setting;
pub(crate) use storage_damage::DAMAGE_ORDERS;
pub(crate) use tokens::{ACCESS_TOKEN_ORDERS, AccessToken};
pub(crate) use user_sessions::SESSION_ORDERS;
pub(crate) use users::USER_ORDERS;
pub(crate) use webhooks::{LastTold, StoredWebhook};
pub(crate) use write::Write;

use crate::domain::Refusal;

/// PostgreSQL's codes for text that holds a NUL, which it keeps nowhere: character_not_in_repertoire and
/// untranslatable_character.
const NO_TEXT: [&str; 2] = ["22021", "22P05"];

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code());
        match code {
            Some(code) if NO_TEXT.contains(&code.as_ref()) => {
                Self::Request("a text of the request holds a NUL, which no name has".to_owned())
            }
            _ => Self::internal(error),
        }
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

/// One column of a row that may hold a number within a smaller range.
fn optional_number<T: TryFrom<i64>>(row: &AnyRow, name: &str) -> Result<Option<T>, sqlx::Error>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let value = column::<Option<i64>>(row, name)?;
    value.map(T::try_from).transpose().map_err(|error| undecodable(name, error))
}

/// One column of a row that holds a value as JSON.
fn json<T: serde::de::DeserializeOwned>(row: &AnyRow, name: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(&column::<String>(row, name)?).map_err(|error| undecodable(name, error))
}

fn undecodable(name: &str, error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: name.to_owned(), source: Box::new(error) }
}
