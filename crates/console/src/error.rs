use std::{io, path::PathBuf};

/// The console cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another console uses the state folder.
    #[error("another console uses the state folder {0}; stop it first, or give this one a folder of its own")]
    Locked(PathBuf),
    /// A file or folder cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The state folder's path is not Unicode, which the database needs.
    #[error("the path {0} is not Unicode text; choose another state folder")]
    Path(PathBuf),
    /// The database cannot be opened.
    #[error("cannot open the database {database}")]
    Database {
        /// The database's file, or that it is on a server.
        database: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// The database cannot be brought up to date.
    #[error("cannot bring the database {database} up to date; was it used by a newer version?")]
    Migration {
        /// The database's file, or that it is on a server.
        database: String,
        /// What the database says.
        source: sqlx::migrate::MigrateError,
    },
    /// The connection string is not one of PostgreSQL.
    #[error(
        "the database's connection string must begin with postgres://; leave it out for a file in the state folder"
    )]
    DatabaseUrl,
    /// The database belongs to a farm with another authority.
    #[error(
        "the database belongs to a farm with another authority than the one in {0}; copy authority.pem from the state folder \
         of a console of that farm"
    )]
    ForeignAuthority(PathBuf),
    /// The authority's key and certificate are gone, but the farm's database is there.
    #[error(
        "{0} is missing; copy it from another console of the farm, or restore it from a backup: without it no machine of \
         the farm is trusted any more"
    )]
    AuthorityMissing(PathBuf),
    /// The authority's key or certificate is damaged, or cannot be made.
    #[error("cannot use the authority in {path}: {error}")]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: String,
    },
    /// A public name cannot be in a certificate.
    #[error("\"{0}\" is not a DNS name or IP address; correct the console's public names")]
    PublicName(String),
    /// The first administrator's password is too short or too long.
    #[error("the administrator's first password must have 12 to 256 characters")]
    InitialPassword,
    /// Anything else that the log explains.
    #[error("cannot prepare the console")]
    Prepare(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// An error and all that caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
