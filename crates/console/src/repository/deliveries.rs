//! What waits to be told, and which machines are known to be away.

use mp_protocol::MachineRole;
use sqlx::any::AnyRow;

use super::{Database, column, connect::WriteTransaction, json, number, parsed};
use crate::{
    domain::{Refusal, Signal, SignalKind, UnixMillis, WatchedMachine},
    secret::new_id,
};

/// Most deliveries that wait for one webhook. More are not kept, and the log says so.
const MAX_WAITING: i64 = 10_000;

/// Something that this console is to tell now, and nobody else.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) id: String,
    pub(crate) payload: String,
    /// This one counted.
    pub(crate) attempts: u32,
}

/// What became of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Attempted {
    Delivered,
    /// It is tried again at this time.
    Again(UnixMillis),
    GivenUp,
}

impl Attempted {
    /// As the metrics count it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Again(_) => "failed",
            Self::GivenUp => "given-up",
        }
    }
}

/// Puts signals into the queues of those webhooks that want them, within a transaction.
pub(super) async fn signal(
    transaction: &mut WriteTransaction,
    now: UnixMillis,
    signals: &[Signal],
) -> Result<(), Refusal> {
    if signals.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query("SELECT id, name, kinds FROM webhooks WHERE enabled = 1")
        .fetch_all(&mut **transaction.connection())
        .await?;
    for row in &rows {
        let (id, name): (String, String) = (column(row, "id")?, column(row, "name")?);
        let kinds: Vec<SignalKind> = json(row, "kinds")?;
        let wanted: Vec<&Signal> = signals.iter().filter(|signal| kinds.contains(&signal.kind)).collect();
        if wanted.is_empty() {
            continue;
        }
        let waiting = sqlx::query(
            "SELECT COUNT(*) AS waiting FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'waiting'",
        )
        .bind(&id)
        .fetch_one(&mut **transaction.connection())
        .await?;
        let room = MAX_WAITING - column::<i64>(&waiting, "waiting")?;
        let room = usize::try_from(room).unwrap_or(0);
        if wanted.len() > room {
            tracing::error!(
                webhook = name,
                lost = wanted.len() - room,
                "MP-CON-140 Too much waits for a webhook"
            );
        }
        for signal in wanted.into_iter().take(room) {
            sqlx::query(
                "INSERT INTO webhook_deliveries (id, webhook_id, payload, state, attempts, created_at, due_at, claimed_until) \
                 VALUES ($1, $2, $3, 'waiting', 0, $4, $5, 0)",
            )
            .bind(new_id()?)
            .bind(&id)
            .bind(signal.payload().to_string())
            .bind(now.0)
            .bind(now.0)
            .execute(&mut **transaction.connection())
            .await?;
        }
    }
    Ok(())
}

impl Database {
    /// How much waits to be told.
    pub(crate) async fn waiting_deliveries(&self) -> Result<i64, Refusal> {
        let row = sqlx::query("SELECT COUNT(*) AS waiting FROM webhook_deliveries WHERE state = 'waiting'")
            .fetch_one(&self.pool)
            .await?;
        Ok(column(&row, "waiting")?)
    }

    /// The webhooks for which something is due.
    pub(crate) async fn due_webhooks(&self, now: UnixMillis) -> Result<Vec<String>, Refusal> {
        let rows = sqlx::query(
            "SELECT DISTINCT webhook_id FROM webhook_deliveries WHERE state = 'waiting' AND due_at <= $1 AND claimed_until <= $2",
        )
        .bind(now.0)
        .bind(now.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().map(|row| column(row, "webhook_id")).collect::<Result<_, _>>()?)
    }

    /// Takes what is due for a webhook, the oldest first: until a time nobody else gets it.
    pub(crate) async fn claim_deliveries(
        &self,
        webhook: &str,
        now: UnixMillis,
        until: UnixMillis,
        limit: i64,
    ) -> Result<Vec<Claimed>, Refusal> {
        let mut transaction = self.begin_write().await?;
        // The last condition is looked at again when another console had a row locked.
        let rows = sqlx::query(
            "UPDATE webhook_deliveries SET claimed_until = $1, attempts = attempts + 1 WHERE id IN \
             (SELECT id FROM webhook_deliveries WHERE webhook_id = $2 AND state = 'waiting' AND due_at <= $3 \
              AND claimed_until <= $4 ORDER BY created_at, id LIMIT $5) \
             AND state = 'waiting' AND claimed_until <= $6 RETURNING id, payload, attempts, created_at",
        )
        .bind(until.0)
        .bind(webhook)
        .bind(now.0)
        .bind(now.0)
        .bind(limit)
        .bind(now.0)
        .fetch_all(&mut **transaction.connection())
        .await?;
        transaction.commit().await?;
        let read = |row: &AnyRow| {
            let claimed = Claimed {
                id: column(row, "id")?,
                payload: column(row, "payload")?,
                attempts: number(row, "attempts")?,
            };
            Ok::<_, sqlx::Error>((column::<i64>(row, "created_at")?, claimed))
        };
        let mut claimed: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
        claimed.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
        Ok(claimed.into_iter().map(|(_, claimed)| claimed).collect())
    }

    /// Notes what became of an attempt.
    pub(crate) async fn attempted(&self, id: &str, attempted: Attempted) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        let (state, due) = match attempted {
            Attempted::Delivered => ("delivered", None),
            Attempted::Again(at) => ("waiting", Some(at.0)),
            Attempted::GivenUp => ("given-up", None),
        };
        sqlx::query(
            "UPDATE webhook_deliveries SET state = $1, due_at = COALESCE($2, due_at), claimed_until = 0 WHERE id = $3",
        )
        .bind(state)
        .bind(due)
        .bind(id)
        .execute(&mut **transaction.connection())
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Removes what was told, or given up, and is from before a time. If there was much, some is left for the next call.
    pub(crate) async fn trim_deliveries(&self, before: UnixMillis) -> Result<u64, Refusal> {
        self.remove_some("webhook_deliveries", "state <> 'waiting' AND due_at < $1", before).await
    }

    /// Notes which machines were not heard of since a time, and which are there again, and signals both. Nothing while there is
    /// no webhook.
    pub(crate) async fn watch_machines(
        &self,
        now: UnixMillis,
        silent_since: UnixMillis,
    ) -> Result<(), Refusal> {
        if sqlx::query("SELECT 1 AS found FROM webhooks LIMIT 1").fetch_optional(&self.pool).await?.is_none()
        {
            return Ok(());
        }
        let changed = "SELECT m.id, m.role, m.name, m.last_seen_at, a.since FROM machines m \
             LEFT JOIN machines_away a ON a.machine_id = m.id \
             WHERE (a.since IS NULL AND m.state = 'active' AND m.last_seen_at < $1) \
             OR (a.since IS NOT NULL AND (m.state <> 'active' OR m.last_seen_at >= $2)) ORDER BY m.id";
        let query = || sqlx::query(changed).bind(silent_since.0).bind(silent_since.0);
        if query().fetch_optional(&self.pool).await?.is_none() {
            return Ok(());
        }
        let mut transaction = self.begin_write().await?;
        transaction.lock("machines away").await?;
        let rows = query().fetch_all(&mut **transaction.connection()).await?;
        let mut signals = Vec::new();
        for row in &rows {
            let role: String = column(row, "role")?;
            let machine = WatchedMachine {
                id: parsed(row, "id")?,
                role: if role == "storage" { MachineRole::Storage } else { MachineRole::Agent },
                name: column(row, "name")?,
                last_seen: column::<Option<i64>>(row, "last_seen_at")?.map(UnixMillis),
            };
            let away = column::<Option<i64>>(row, "since")?.is_none();
            let statement = match away {
                true => sqlx::query("INSERT INTO machines_away (machine_id, since) VALUES ($1, $2)")
                    .bind(machine.id.as_str().to_owned())
                    .bind(now.0),
                false => sqlx::query("DELETE FROM machines_away WHERE machine_id = $1")
                    .bind(machine.id.as_str().to_owned()),
            };
            statement.execute(&mut **transaction.connection()).await?;
            // A machine that was revoked is neither away nor back.
            if away || machine.last_seen.is_some_and(|seen| seen >= silent_since) {
                signals.push(Signal::of_machine(&machine, away, now));
            }
        }
        signal(&mut transaction, now, &signals).await?;
        Ok(transaction.commit().await?)
    }
}
