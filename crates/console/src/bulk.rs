//! Fills a console's database at once with what many Agents reported in many days: for measurements. What is in the database
//! afterwards is what it would be if the Agents had sent it all, which a test compares.

use std::collections::BTreeMap;

use mp_profile::Sid;
use mp_protocol::session_report::SentReport;

use crate::{
    BackupError, ConsoleConfig,
    console::{lock, open_database},
    domain::{TimedReport, UnixMillis, UserName, name_key},
    repository::{Cell, Database, Fill, TableRow, searched_name},
    secret::new_id,
};

/// What an Agent Server reported of one session that nobody knew before, oldest first, by the console's clock.
#[derive(Clone, PartialEq, Debug)]
pub struct ReportedSession {
    /// The Agent Server's name in the console; it has joined.
    pub host: String,
    /// At least one, all of the same user and session.
    pub reports: Vec<SentReport>,
}

/// What a directory calls a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedUser {
    /// The user.
    pub sid: Sid,
    /// `DOMAIN\name`.
    pub name: String,
    /// As people read it.
    pub display_name: String,
}

/// Adds sessions and names to the database of a console that does not run and knows none yet.
///
/// # Errors
/// When a console runs in the state folder, the database fails, or a host has not joined.
pub async fn fill(
    config: &ConsoleConfig,
    sessions: impl Iterator<Item = ReportedSession>,
    names: impl Iterator<Item = NamedUser>,
) -> Result<(), BackupError> {
    let _lock = lock(&config.state_folder)?;
    let database = open_database(config).await?;
    let filled = add(&database, config.clock.now(), sessions, names).await;
    database.close().await;
    filled
}

async fn add(
    database: &Database,
    now: UnixMillis,
    sessions: impl Iterator<Item = ReportedSession>,
    names: impl Iterator<Item = NamedUser>,
) -> Result<(), BackupError> {
    let (farm, _) = database.farm().await.map_err(refused)?;
    let ids: BTreeMap<&str, &str> =
        farm.machines.values().map(|machine| (machine.name.as_str(), machine.id.as_str())).collect();
    let mut fill = database.begin_add().await?;
    let mut users = BTreeMap::<Sid, SeenUser>::new();
    for ReportedSession { host, reports } in sessions {
        let machine = ids.get(host.as_str());
        let machine = machine.ok_or_else(|| refused(format!("{host} has not joined")))?;
        let reports: Vec<TimedReport> = reports.into_iter().map(timed).collect();
        let id = new_id().map_err(refused)?;
        let session = session(&id, machine, &host, &reports).ok_or_else(|| refused("no report"))?;
        note(&mut users, &id, &host, &reports);
        insert(&mut fill, session).await?;
        for timed in &reports {
            let content = serde_json::to_string(&timed.report).map_err(refused)?;
            let row = [
                ("machine_id", text(machine)),
                ("report_id", text(&timed.report.id)),
                ("session_id", text(&id)),
                ("started_at", number(timed.started)),
                ("content", Cell::Text(content)),
            ];
            insert(&mut fill, table("session_reports", row)).await?;
        }
    }
    for (sid, user) in users {
        insert(&mut fill, user.row(&sid)).await?;
    }
    for NamedUser { sid, name, display_name } in names {
        let name = UserName { name, display_name };
        let row = [
            ("sid", text(sid.as_str())),
            ("name_key", Cell::Text(searched_name(&name.name, &name.display_name))),
            ("name", Cell::Text(name.name)),
            ("display_name", Cell::Text(name.display_name)),
            ("looked_up_at", number(now)),
        ];
        insert(&mut fill, table("directory_names", row)).await?;
    }
    Ok(fill.commit().await?)
}

fn timed(report: SentReport) -> TimedReport {
    let started = UnixMillis(i64::try_from(report.started).unwrap_or(i64::MAX));
    TimedReport { started, report }
}

/// A session's row; `None` without reports.
fn session(id: &str, machine: &str, host: &str, reports: &[TimedReport]) -> Option<TableRow> {
    let first = reports.first()?;
    let outcome = reports.iter().skip(1).fold(first.report.outcome, |outcome, later| {
        outcome.followed_by(later.report.event, later.report.outcome)
    });
    let logon = reports.iter().find_map(TimedReport::logon_ms);
    let row = [
        ("id", text(id)),
        ("machine_id", text(machine)),
        ("session", text(&first.report.session)),
        ("sid", text(first.report.sid.as_str())),
        ("host", text(host)),
        ("host_key", Cell::Text(name_key(host))),
        ("started_at", number(first.started)),
        ("last_at", number(last(reports))),
        ("logon_ms", logon.map_or(Cell::Null, Cell::Number)),
        ("outcome", text(outcome.word())),
        ("overridden", Cell::Number(reports.iter().map(TimedReport::overridden).sum())),
        ("reports", Cell::Number(i64::try_from(reports.len()).unwrap_or(i64::MAX))),
    ];
    Some(table("user_sessions", row))
}

fn last(reports: &[TimedReport]) -> UnixMillis {
    reports.iter().map(TimedReport::ended).max().unwrap_or(UnixMillis(0))
}

/// A user as all his sessions show him.
struct SeenUser {
    first: UnixMillis,
    last: UnixMillis,
    host: String,
    session: String,
    sessions: i64,
}

fn note(users: &mut BTreeMap<Sid, SeenUser>, id: &str, host: &str, reports: &[TimedReport]) {
    let Some(first) = reports.first() else { return };
    let seen = SeenUser {
        first: first.started,
        last: last(reports),
        host: host.to_owned(),
        session: id.to_owned(),
        sessions: 1,
    };
    match users.get_mut(&first.report.sid) {
        Some(user) if seen.last >= user.last => {
            *user = SeenUser { first: user.first.min(seen.first), sessions: user.sessions + 1, ..seen };
        }
        Some(user) => {
            user.first = user.first.min(seen.first);
            user.sessions += 1;
        }
        None => drop(users.insert(first.report.sid.clone(), seen)),
    }
}

impl SeenUser {
    fn row(self, sid: &Sid) -> TableRow {
        let row = [
            ("sid", text(sid.as_str())),
            ("first_seen_at", number(self.first)),
            ("last_seen_at", number(self.last)),
            ("last_host", Cell::Text(self.host)),
            ("last_session", Cell::Text(self.session)),
            ("sessions", Cell::Number(self.sessions)),
        ];
        table("users", row)
    }
}

async fn insert(fill: &mut Fill, row: TableRow) -> Result<(), BackupError> {
    let name = row.table.clone();
    match fill.insert(row).await? {
        true => Ok(()),
        false => Err(refused(format!("{name} is no table"))),
    }
}

fn table<const N: usize>(name: &str, row: [(&str, Cell); N]) -> TableRow {
    let row = row.into_iter().map(|(column, cell)| (column.to_owned(), cell)).collect();
    TableRow { table: name.to_owned(), row }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn number(time: UnixMillis) -> Cell {
    Cell::Number(time.0)
}

fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BackupError {
    BackupError::File(std::io::Error::other(error))
}

#[cfg(test)]
mod tests;
