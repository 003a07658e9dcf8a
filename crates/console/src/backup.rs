//! The whole console in one file: its database and its authority, as they are at one moment. The file is text, one JSON object
//! per line; it does not say which engine it comes from, and is restored to either.
//!
//! It holds the authority's key and the hashes of passwords: whoever reads it can be the farm's authority.

use std::{
    io::{self, BufRead, Read, Write},
    path::PathBuf,
};

use mp_durable::Readers;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    ConsoleConfig, OpenError,
    console::{AUTHORITY, create_folder, lock, open_database},
    repository::{Database, SCHEMA, TableRow},
    secret::hexadecimal,
};

/// Format of the file; a reader refuses another one.
const FORMAT: u32 = 1;
/// The longest line of a file that is read: a session's report is the longest row.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// What a line of the file is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", untagged)]
enum Line {
    Head(Head),
    Row(TableRow),
    End(End),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Head {
    metaprofiles_console_backup: u32,
    /// Number of the last migration.
    schema: i64,
    /// RFC 3339.
    at: String,
    /// Key and certificate, PEM.
    authority: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct End {
    rows: u64,
    /// SHA-256 of all bytes before this line, in hexadecimal.
    sha256: String,
}

/// A console cannot be saved or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The state folder or the database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database fails.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A file cannot be read or written.
    #[error("cannot read or write")]
    File(#[from] io::Error),
    /// The file is no backup of a console, or is damaged.
    #[error("the backup cannot be used: line {line}: {problem}")]
    Damaged {
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// There is a farm where one would be restored.
    #[error(
        "there is a farm already; restore into an empty database and an empty state folder, so that nothing is lost by mistake"
    )]
    NotEmpty,
}

/// Writes the console of a state folder to a file, which must be for its owner's eyes only. The console may run. Gives how
/// many rows it has.
///
/// # Errors
/// When the console's state or the file cannot be read or written.
pub async fn backup(config: &ConsoleConfig, file: &mut impl Write) -> Result<u64, BackupError> {
    let path = config.state_folder.join(AUTHORITY);
    let authority =
        std::fs::read_to_string(&path).map_err(|source| OpenError::File { path: path.clone(), source })?;
    let database = open_database(config).await?;
    database.migrate(SCHEMA).await?;
    let mut out = Hashed { file, hash: Sha256::new() };
    let head = Head {
        metaprofiles_console_backup: FORMAT,
        schema: SCHEMA,
        at: config.clock.now().rfc3339(),
        authority,
    };
    out.line(&Line::Head(head))?;
    let mut rows = 0;
    database
        .dump(|row| {
            rows += 1;
            out.line(&Line::Row(row.clone()))
        })
        .await?;
    let sha256 = hexadecimal(&out.hash.clone().finalize());
    out.line(&Line::End(End { rows, sha256 }))?;
    database.close().await;
    Ok(rows)
}

/// Makes the console of a file anew, in an empty state folder and database. All of it or nothing. Gives how many rows it has.
///
/// # Errors
/// When a console runs in the state folder, there is a farm already, or the file is damaged.
pub async fn restore(config: &ConsoleConfig, file: impl BufRead) -> Result<u64, BackupError> {
    let folder = &config.state_folder;
    create_folder(folder).map_err(|source| OpenError::File { path: folder.clone(), source })?;
    let _lock = lock(folder)?;
    let mut lines = Lines { file, hash: Sha256::new(), number: 0 };
    let head = match lines.next()? {
        Some((Line::Head(head), _)) if head.metaprofiles_console_backup == FORMAT => head,
        _ => return Err(lines.damaged(format!("it does not begin as a backup of format {FORMAT}"))),
    };
    if !(2..=SCHEMA).contains(&head.schema) {
        let problem =
            format!("it is of version {} of the database; this program knows {SCHEMA}", head.schema);
        return Err(lines.damaged(problem));
    }
    let database = open_database(config).await?;
    if database.holds_a_farm().await {
        return Err(BackupError::NotEmpty);
    }
    place_authority(folder.join(AUTHORITY), &head.authority)?;
    database.migrate(head.schema).await?;
    let rows = fill(&database, &mut lines).await;
    database.close().await;
    rows
}

async fn fill(database: &Database, lines: &mut Lines<impl BufRead>) -> Result<u64, BackupError> {
    let mut fill = database.begin_fill().await?;
    let mut rows = 0;
    loop {
        match lines.next()? {
            Some((Line::Row(row), _)) => {
                rows += 1;
                if !fill.insert(row).await? {
                    return Err(lines.damaged("no table of a console has such a row".to_owned()));
                }
            }
            Some((Line::End(end), before)) if end.rows == rows && end.sha256 == before => break,
            Some((Line::End(_), _)) => {
                return Err(lines.damaged("rows are missing or were changed".to_owned()));
            }
            Some((Line::Head(_), _)) => return Err(lines.damaged("it begins once more".to_owned())),
            None => return Err(lines.damaged("it ends too early".to_owned())),
        }
    }
    fill.commit().await?;
    Ok(rows)
}

/// Writes the authority's file, unless it is there already.
fn place_authority(path: PathBuf, text: &str) -> Result<(), BackupError> {
    match std::fs::read_to_string(&path) {
        Ok(there) if there == text => Ok(()),
        Ok(_) => Err(BackupError::NotEmpty),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            mp_durable::replace(&path, text.as_bytes(), Readers::OwnerOnly)
                .map_err(|source| OpenError::File { path, source }.into())
        }
        Err(source) => Err(OpenError::File { path, source }.into()),
    }
}

/// What is written, and the hash of it.
struct Hashed<'a, W> {
    file: &'a mut W,
    hash: Sha256,
}

impl<W: Write> Hashed<'_, W> {
    fn line(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.hash.update(&text);
        self.file.write_all(&text)
    }
}

/// What is read, line by line.
struct Lines<R> {
    file: R,
    hash: Sha256,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The next line, and the hash of all before it.
    fn next(&mut self) -> Result<Option<(Line, String)>, BackupError> {
        let before = self.hash.clone();
        let mut text = Vec::new();
        let length = (&mut self.file).take(MAX_LINE).read_until(b'\n', &mut text)?;
        self.number += 1;
        if length == 0 {
            return Ok(None);
        }
        if text.last() != Some(&b'\n') {
            return Err(self.damaged("it ends within a line, or the line is too long".to_owned()));
        }
        self.hash.update(&text);
        let line = serde_json::from_slice(&text).map_err(|error| self.damaged(error.to_string()))?;
        // Hashing all again for each line would be slow; the end alone is compared.
        let hash = if matches!(line, Line::End(_)) { hexadecimal(&before.finalize()) } else { String::new() };
        Ok(Some((line, hash)))
    }

    fn damaged(&self, problem: String) -> BackupError {
        BackupError::Damaged { line: self.number, problem }
    }
}
