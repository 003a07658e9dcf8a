use mp_protocol::{MachineId, storage_status::NearQuota};
use sqlx::any::AnyRow;

use super::{Database, column, deliveries::signal, json, optional_number};
use crate::domain::{Refusal, Signal, StorageStatus, UnixMillis, is_low};

const SELECT: &str = "SELECT m.name AS machine_name, s.name AS server_name, t.reported_at, t.free_bytes, t.total_bytes, \
                      t.kept_bytes, t.problem, t.near_quota, t.is_low FROM storage_status t \
                      JOIN machines m ON m.id = t.machine_id LEFT JOIN storage_servers s ON s.id = m.storage_server_id";

fn read(row: &AnyRow) -> Result<StorageStatus, sqlx::Error> {
    let server: Option<String> = column(row, "server_name")?;
    Ok(StorageStatus {
        server: server.map_or_else(|| column(row, "machine_name"), Ok)?,
        reported_at: UnixMillis(column(row, "reported_at")?),
        told: mp_protocol::storage_status::StorageStatus {
            free_bytes: optional_number(row, "free_bytes")?,
            total_bytes: optional_number(row, "total_bytes")?,
            kept_bytes: optional_number(row, "kept_bytes")?,
            problem: column(row, "problem")?,
            near_quota: json(row, "near_quota")?,
        },
        is_low: column::<i64>(row, "is_low")? != 0,
    })
}

impl Database {
    /// What the Storage Servers that may come told last, by name.
    pub(crate) async fn storage_status(&self) -> Result<Vec<StorageStatus>, Refusal> {
        let sql = format!("{SELECT} WHERE m.state = 'active' ORDER BY m.name_key, m.id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Keeps what a Storage Server tells, and signals what is new of it.
    pub(crate) async fn keep_storage_status(
        &self,
        machine: &MachineId,
        server: &str,
        told: mp_protocol::storage_status::StorageStatus,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        transaction.lock("storage status").await?;
        let sql = format!("{SELECT} WHERE t.machine_id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(machine.as_str())
            .fetch_optional(&mut **transaction.connection())
            .await?;
        let before = row.as_ref().map(read).transpose()?;
        let is_low = is_low(&told, before.as_ref().is_some_and(|before| before.is_low));
        let status = StorageStatus { server: server.to_owned(), reported_at: now, told, is_low };
        let bytes = |bytes: Option<u64>| bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        sqlx::query(
            "INSERT INTO storage_status \
             (machine_id, reported_at, free_bytes, total_bytes, kept_bytes, problem, near_quota, is_low) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (machine_id) DO UPDATE SET \
             reported_at = excluded.reported_at, free_bytes = excluded.free_bytes, total_bytes = excluded.total_bytes, \
             kept_bytes = excluded.kept_bytes, problem = excluded.problem, near_quota = excluded.near_quota, \
             is_low = excluded.is_low",
        )
        .bind(machine.as_str())
        .bind(now.0)
        .bind(bytes(status.told.free_bytes))
        .bind(bytes(status.told.total_bytes))
        .bind(bytes(status.told.kept_bytes))
        .bind(&status.told.problem)
        .bind(serde_json::to_string(&status.told.near_quota).map_err(Refusal::internal)?)
        .bind(i64::from(is_low))
        .execute(&mut **transaction.connection())
        .await?;
        signal(&mut transaction, now, &news(before.as_ref(), &status)).await?;
        Ok(transaction.commit().await?)
    }
}

/// What was not so before.
fn news(before: Option<&StorageStatus>, status: &StorageStatus) -> Vec<Signal> {
    let was_low = before.is_some_and(|before| before.is_low);
    let space = (status.is_low && !was_low).then(|| Signal::of_low_space(status));
    let known = |near: &&NearQuota| {
        before.is_some_and(|before| {
            before.told.near_quota.iter().any(|known| (&known.sid, &known.scope) == (&near.sid, &near.scope))
        })
    };
    let near = status.told.near_quota.iter().filter(|near| !known(near));
    let failed = before.is_some_and(|before| before.told.problem.is_some());
    let failing = (status.told.problem.is_some() && !failed).then(|| Signal::of_failing_store(status));
    space.into_iter().chain(failing).chain(near.map(|near| Signal::of_near_quota(status, near))).collect()
}
