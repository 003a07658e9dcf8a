use mp_protocol::{MachineId, session_report::Outcome};
use sqlx::any::AnyRow;

use super::{
    Database, column, connect::WriteTransaction, deliveries, json, parsed, select::Select, undecodable, users,
};
use crate::domain::{
    Key, Order, Page, Paging, Refusal, SessionFilter, Signal, Sort, TimedReport, UnixMillis, UserSession,
    name_key,
};

const SELECT: &str = "SELECT id, machine_id, host, sid, started_at, last_at, logon_ms, outcome, overridden, reports \
     FROM user_sessions";
const SELECT_ONE: &str = "SELECT id, machine_id, host, sid, started_at, last_at, logon_ms, outcome, overridden, reports \
     FROM user_sessions WHERE id = $1";

/// What the list of sessions can be in the order of.
pub(crate) const SESSION_ORDERS: &[Order] = &[
    Order { name: "started", column: "started_at", sort: Sort::Number },
    Order { name: "logon-ms", column: "COALESCE(logon_ms, -1)", sort: Sort::Number },
];

impl Database {
    /// Keeps the reports of an Agent, each of them once, and signals what failed. All or none.
    pub(crate) async fn keep_reports(
        &self,
        now: UnixMillis,
        machine: &MachineId,
        host: &str,
        reports: &[TimedReport],
    ) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        // The same report may come to two consoles at once. Users are noted in one order by all, so that nobody waits for
        // whoever waits for him.
        transaction.lock(&format!("reports of {machine}")).await?;
        let mut reports: Vec<&TimedReport> = reports.iter().collect();
        reports.sort_by(|a, b| a.report.sid.as_str().cmp(b.report.sid.as_str()));
        let mut signals = Vec::new();
        for report in reports {
            if let Some(session) = keep(&mut transaction, machine, host, report).await? {
                signals.extend(Signal::of_report(report, &session, host));
            }
        }
        deliveries::signal(&mut transaction, now, &signals).await?;
        Ok(transaction.commit().await?)
    }

    /// Sessions.
    pub(crate) async fn user_sessions(
        &self,
        filter: &SessionFilter,
        paging: &Paging,
    ) -> Result<Page<UserSession>, Refusal> {
        let mut select = Select::new(SELECT);
        if let Some(groups) = &filter.within
            && !self.hold_sessions(&mut select, groups).await?
        {
            return Ok(Page::default());
        }
        let mut equals = |condition: &str, value: Option<String>| {
            if let Some(value) = value {
                select.filter(condition, [Key::Text(value)]);
            }
        };
        equals("sid = ?", filter.sid.as_ref().map(ToString::to_string));
        equals("host_key = ?", filter.host.as_deref().map(name_key));
        equals("outcome = ?", filter.outcome.map(|outcome| outcome.word().to_owned()));
        if let Some(from) = filter.from {
            select.filter("started_at >= ?", [Key::Number(from.0)]);
        }
        if let Some(to) = filter.to {
            select.filter("started_at < ?", [Key::Number(to.0)]);
        }
        if let Some(text) = &filter.search
            && !self.search_sessions(&mut select, text).await?
        {
            return Ok(Page::default());
        }
        Ok(select.page(&self.pool, paging, ("id", Sort::Text), session).await?)
    }

    /// One session with its reports, oldest first.
    pub(crate) async fn user_session(
        &self,
        id: &str,
    ) -> Result<Option<(UserSession, Vec<TimedReport>)>, Refusal> {
        let mut transaction = self.begin_read().await?;
        let row = sqlx::query(SELECT_ONE).bind(id).fetch_optional(&mut *transaction).await?;
        let Some(row) = row else { return Ok(None) };
        let rows = sqlx::query(
            "SELECT started_at, content FROM session_reports WHERE session_id = $1 ORDER BY started_at, report_id",
        )
        .bind(id)
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let report = |row: &AnyRow| -> Result<TimedReport, sqlx::Error> {
            Ok(TimedReport { started: UnixMillis(column(row, "started_at")?), report: json(row, "content")? })
        };
        let reports = rows.iter().map(report).collect::<Result<_, _>>()?;
        Ok(Some((session(&row)?, reports)))
    }

    /// Removes sessions of which nothing was heard since a time, with their reports. Gives how many went; if there were
    /// many, some are left for the next call.
    pub(crate) async fn trim_user_sessions(&self, before: UnixMillis) -> Result<u64, Refusal> {
        self.remove_some("user_sessions", "last_at < $1", before).await
    }
}

/// Gives the session's identity, unless the report is known already.
async fn keep(
    transaction: &mut WriteTransaction,
    machine: &MachineId,
    host: &str,
    timed: &TimedReport,
) -> Result<Option<String>, Refusal> {
    let TimedReport { started, report } = timed;
    let known =
        sqlx::query("SELECT 1 AS found FROM session_reports WHERE machine_id = $1 AND report_id = $2")
            .bind(machine.as_str())
            .bind(&report.id)
            .fetch_optional(&mut **transaction.connection())
            .await?;
    if known.is_some() {
        return Ok(None);
    }
    let before =
        sqlx::query("SELECT outcome FROM user_sessions WHERE machine_id = $1 AND sid = $2 AND session = $3")
            .bind(machine.as_str())
            .bind(report.sid.as_str())
            .bind(&report.session)
            .fetch_optional(&mut **transaction.connection())
            .await?;
    let is_new = before.is_none();
    let outcome = match before {
        Some(before) => outcome(&before)?.followed_by(report.event, report.outcome),
        None => report.outcome,
    };
    let row = sqlx::query(
        "INSERT INTO user_sessions (id, machine_id, session, sid, host, host_key, started_at, last_at, logon_ms, outcome, \
         overridden, reports) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1) \
         ON CONFLICT (machine_id, sid, session) DO UPDATE SET \
         started_at = CASE WHEN excluded.started_at < user_sessions.started_at THEN excluded.started_at \
         ELSE user_sessions.started_at END, \
         last_at = CASE WHEN excluded.last_at > user_sessions.last_at THEN excluded.last_at ELSE user_sessions.last_at END, \
         logon_ms = COALESCE(user_sessions.logon_ms, excluded.logon_ms), \
         outcome = excluded.outcome, \
         overridden = user_sessions.overridden + excluded.overridden, reports = user_sessions.reports + 1 RETURNING id",
    )
    .bind(crate::secret::new_id()?)
    .bind(machine.as_str())
    .bind(&report.session)
    .bind(report.sid.as_str())
    .bind(host)
    .bind(name_key(host))
    .bind(started.0)
    .bind(timed.ended().0)
    .bind(timed.logon_ms())
    .bind(outcome.word())
    .bind(timed.overridden())
    .fetch_one(&mut **transaction.connection())
    .await?;
    let id: String = column(&row, "id")?;
    let seen = users::SeenSession {
        sid: &report.sid,
        host,
        id: &id,
        started: *started,
        last: timed.ended(),
        is_new,
    };
    users::note(transaction, &seen).await?;
    sqlx::query(
        "INSERT INTO session_reports (machine_id, report_id, session_id, started_at, content) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(machine.as_str())
    .bind(&report.id)
    .bind(&id)
    .bind(started.0)
    .bind(serde_json::to_string(report).map_err(Refusal::internal)?)
    .execute(&mut **transaction.connection())
    .await?;
    Ok(Some(id))
}

pub(super) fn outcome(row: &AnyRow) -> Result<Outcome, sqlx::Error> {
    let word: String = column(row, "outcome")?;
    serde_json::from_value(word.into()).map_err(|error| undecodable("outcome", error))
}

fn session(row: &AnyRow) -> Result<UserSession, sqlx::Error> {
    Ok(UserSession {
        id: column(row, "id")?,
        machine: parsed(row, "machine_id")?,
        host: column(row, "host")?,
        sid: parsed(row, "sid")?,
        user: None,
        started: UnixMillis(column(row, "started_at")?),
        last: UnixMillis(column(row, "last_at")?),
        logon_ms: column(row, "logon_ms")?,
        outcome: outcome(row)?,
        overridden: column(row, "overridden")?,
        reports: column(row, "reports")?,
    })
}
