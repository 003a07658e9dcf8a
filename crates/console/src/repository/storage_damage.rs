use mp_protocol::damage::{DamageFound, DamageRemedy, DamagedPart};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::any::AnyRow;

use super::{
    AuditEntry, Database, audit, column, connect::WriteTransaction, deliveries, optional_number, parsed,
    select::Select, undecodable, users,
};
use crate::domain::{
    Acknowledged, DamageFilter, Key, Order, Page, Paging, Refusal, Signal, Sort, StorageDamage, TimedDamage,
    UnixMillis, name_key,
};

const SELECT: &str = "SELECT id, server, scope, sid, part, number, quarantine, why, remedy, from_number, to_number, found, \
     first_at, last_at, times, acknowledged_at, acknowledged_by, note FROM storage_damage";

const KNOWN: &str =
    "SELECT id, remedy, from_number, to_number FROM storage_damage WHERE server_key = $1 AND report = $2";

/// What the list can be in the order of.
pub(crate) const DAMAGE_ORDERS: &[Order] = &[Order { name: "last", column: "last_at", sort: Sort::Number }];

/// Most damage of one Storage Server that is kept. One that has more says so by that.
const MOST_OF_A_SERVER: i64 = 20_000;

impl Database {
    /// Keeps the reports of a Storage Server, each damage once, and signals what is new. Gives the identities of those that are kept, and which of them
    /// say something new.
    pub(crate) async fn keep_damage(
        &self,
        now: UnixMillis,
        server: &str,
        reports: &[TimedDamage],
    ) -> Result<(Vec<String>, Vec<TimedDamage>), Refusal> {
        let mut transaction = self.begin_write().await?;
        transaction.lock(&format!("damage of {}", name_key(server))).await?;
        let (mut taken, mut news, mut signals) = (Vec::new(), Vec::new(), Vec::new());
        for report in reports {
            let Some((id, new)) = keep(&mut transaction, server, report).await? else { continue };
            taken.push(report.report.id.clone());
            if new {
                signals.push(Signal::of_damage(&id, server, &report.report, report.at));
                news.push(report.clone());
            }
        }
        deliveries::signal(&mut transaction, now, &signals).await?;
        transaction.commit().await?;
        Ok((taken, news))
    }

    /// Damage, a page of it.
    pub(crate) async fn storage_damage(
        &self,
        filter: &DamageFilter,
        paging: &Paging,
    ) -> Result<Page<StorageDamage>, Refusal> {
        Ok(select(filter).page(&self.pool, paging, ("id", Sort::Text), read).await?)
    }

    /// One of them, if the filter lets it be seen.
    pub(crate) async fn one_damage(
        &self,
        filter: &DamageFilter,
        id: &str,
    ) -> Result<Option<StorageDamage>, Refusal> {
        let mut select = select(filter);
        select.filter("id = ?", [Key::Text(id.to_owned())]);
        let paging = Paging { order: DAMAGE_ORDERS[0], descending: true, after: None, limit: 1 };
        Ok(select.page(&self.pool, &paging, ("id", Sort::Text), read).await?.items.pop())
    }

    /// How much there is that nobody has acknowledged.
    pub(crate) async fn open_damage(&self, filter: &DamageFilter) -> Result<i64, Refusal> {
        let filter = DamageFilter { acknowledged: Some(false), ..filter.clone() };
        Ok(select(&filter).count(&self.pool).await?)
    }

    /// Acknowledges damage, with a line in the audit log. False when somebody has done so meanwhile.
    pub(crate) async fn acknowledge_damage(
        &self,
        id: &str,
        acknowledged: &Acknowledged,
        entry: &AuditEntry,
    ) -> Result<bool, Refusal> {
        let mut transaction = self.begin_write().await?;
        let changed = sqlx::query(
            "UPDATE storage_damage SET acknowledged_at = $1, acknowledged_by = $2, note = $3 \
             WHERE id = $4 AND acknowledged_at IS NULL",
        )
        .bind(acknowledged.at.0)
        .bind(&acknowledged.by)
        .bind(&acknowledged.note)
        .bind(id)
        .execute(&mut **transaction.connection())
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        audit::insert(&mut transaction, acknowledged.at, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Removes what was acknowledged before a time. If there was much, some is left for the next call.
    pub(crate) async fn trim_damage(&self, before: UnixMillis) -> Result<u64, Refusal> {
        self.remove_some("storage_damage", "acknowledged_at < $1 AND last_at < $1", before).await
    }
}

fn select(filter: &DamageFilter) -> Select {
    let mut select = Select::new(SELECT);
    if let Some(groups) = &filter.within {
        // Their own data sets, and the global ones of users who were seen there.
        let marks = vec!["?"; groups.len()].join(", ");
        let condition = format!(
            "(lower(scope) IN ({marks}) OR (scope = 'global' AND EXISTS (SELECT 1 FROM user_sessions s \
             JOIN machines m ON m.id = s.machine_id JOIN agent_server_groups g ON g.id = m.group_id \
             WHERE s.sid = storage_damage.sid AND g.name_key IN ({marks}))))"
        );
        let scopes = groups.iter().map(|group| Key::Text(format!("group:{group}").to_lowercase()));
        let keys = groups.iter().map(|group| Key::Text(name_key(group.as_str())));
        select.filter(&condition, scopes.chain(keys));
    }
    if let Some(server) = &filter.server {
        select.filter("server_key = ?", [Key::Text(name_key(server))]);
    }
    match filter.acknowledged {
        Some(true) => select.filter("acknowledged_at IS NOT NULL", []),
        Some(false) => select.filter("acknowledged_at IS NULL", []),
        None => {}
    }
    if let Some(text) = &filter.search {
        select.contains(&["lower(sid)", &users::name_column("storage_damage.sid")], text);
    }
    select
}

/// `None` when there is no room for more of this server; otherwise its identity here, and whether it says something new.
async fn keep(
    transaction: &mut WriteTransaction,
    server: &str,
    timed: &TimedDamage,
) -> Result<Option<(String, bool)>, Refusal> {
    let TimedDamage { at, report } = timed;
    let (from, to) = match report.remedy {
        DamageRemedy::FellBack { from, to } => (Some(stored(from)), Some(stored(to))),
        _ => (None, None),
    };
    let known = sqlx::query(KNOWN)
        .bind(name_key(server))
        .bind(&report.id)
        .fetch_optional(&mut **transaction.connection())
        .await?;
    let Some(known) = known else {
        let row = sqlx::query("SELECT COUNT(*) AS kept FROM storage_damage WHERE server_key = $1")
            .bind(name_key(server))
            .fetch_one(&mut **transaction.connection())
            .await?;
        if column::<i64>(&row, "kept")? >= MOST_OF_A_SERVER {
            return Ok(None);
        }
        let id = crate::secret::new_id()?;
        sqlx::query(
            "INSERT INTO storage_damage (id, report, server, server_key, scope, sid, part, number, quarantine, why, remedy, \
             from_number, to_number, found, first_at, last_at, times) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)",
        )
        .bind(&id)
        .bind(&report.id)
        .bind(server)
        .bind(name_key(server))
        .bind(report.scope.to_string())
        .bind(report.sid.as_str())
        .bind(word(&report.part)?)
        .bind(report.number.map(stored))
        .bind(&report.quarantine)
        .bind(&report.why)
        .bind(remedy_word(report.remedy))
        .bind(from)
        .bind(to)
        .bind(word(&report.found)?)
        .bind(at.0)
        .bind(at.0)
        .execute(&mut **transaction.connection())
        .await?;
        return Ok(Some((id, true)));
    };
    let id: String = column(&known, "id")?;
    let more = report.remedy.rank() > remedy(&known)?.rank();
    sqlx::query(
        "UPDATE storage_damage SET times = times + 1, last_at = CASE WHEN last_at < $1 THEN $2 ELSE last_at END WHERE id = $3",
    )
    .bind(at.0)
    .bind(at.0)
    .bind(&id)
    .execute(&mut **transaction.connection())
    .await?;
    if more {
        // Whoever acknowledged it knew less.
        sqlx::query(
            "UPDATE storage_damage SET part = $1, why = $2, remedy = $3, from_number = $4, to_number = $5, found = $6, \
             acknowledged_at = NULL, acknowledged_by = '', note = '' WHERE id = $7",
        )
        .bind(word(&report.part)?)
        .bind(&report.why)
        .bind(remedy_word(report.remedy))
        .bind(from)
        .bind(to)
        .bind(word(&report.found)?)
        .bind(&id)
        .execute(&mut **transaction.connection())
        .await?;
    }
    Ok(Some((id, more)))
}

fn read(row: &AnyRow) -> Result<StorageDamage, sqlx::Error> {
    let acknowledged_at: Option<i64> = column(row, "acknowledged_at")?;
    let (by, note) = (column(row, "acknowledged_by")?, column(row, "note")?);
    Ok(StorageDamage {
        id: column(row, "id")?,
        server: column(row, "server")?,
        scope: parsed(row, "scope")?,
        sid: parsed(row, "sid")?,
        user: None,
        part: of_word::<DamagedPart>(row, "part")?,
        number: optional_number(row, "number")?,
        quarantine: column(row, "quarantine")?,
        why: column(row, "why")?,
        remedy: remedy(row)?,
        found: of_word::<DamageFound>(row, "found")?,
        first: UnixMillis(column(row, "first_at")?),
        last: UnixMillis(column(row, "last_at")?),
        times: column(row, "times")?,
        acknowledged: acknowledged_at.map(|at| Acknowledged { at: UnixMillis(at), by, note }),
    })
}

fn remedy(row: &AnyRow) -> Result<DamageRemedy, sqlx::Error> {
    let number = |name| Ok::<u64, sqlx::Error>(optional_number(row, name)?.unwrap_or_default());
    Ok(match column::<String>(row, "remedy")?.as_str() {
        "set-aside" => DamageRemedy::SetAside,
        "nothing-intact" => DamageRemedy::NothingIntact,
        "fell-back" => DamageRemedy::FellBack { from: number("from_number")?, to: number("to_number")? },
        _ => DamageRemedy::None,
    })
}

fn remedy_word(remedy: DamageRemedy) -> &'static str {
    match remedy {
        DamageRemedy::None => "none",
        DamageRemedy::SetAside => "set-aside",
        DamageRemedy::NothingIntact => "nothing-intact",
        DamageRemedy::FellBack { .. } => "fell-back",
    }
}

/// The word that stands for a value on the wire.
fn word(value: &impl Serialize) -> Result<String, Refusal> {
    let value = serde_json::to_value(value).map_err(Refusal::internal)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

fn of_word<T: DeserializeOwned>(row: &AnyRow, name: &str) -> Result<T, sqlx::Error> {
    serde_json::from_value(column::<String>(row, name)?.into()).map_err(|error| undecodable(name, error))
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
