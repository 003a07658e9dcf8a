use mp_profile::Scope;
use mp_protocol::peers::PeerRound;
use sqlx::{Any, Transaction, any::AnyRow};

use super::{Database, Write, column, json, number, parsed};
use crate::domain::{Phase, Refusal, StorageMove, UnixMillis, name_key};

/// Most moves that are listed; the newest.
const LISTED: i64 = 200;

const SELECT: &str = "SELECT id, scope, from_server, to_server, phase, round, started_at, started_by, switched_at, ended_at \
                      FROM storage_moves";

fn read(row: &AnyRow) -> Result<StorageMove, sqlx::Error> {
    Ok(StorageMove {
        id: column(row, "id")?,
        scope: parsed::<Scope>(row, "scope")?,
        from: column(row, "from_server")?,
        to: column(row, "to_server")?,
        phase: Phase::of_word(&column::<String>(row, "phase")?),
        round: number(row, "round")?,
        started_at: UnixMillis(column(row, "started_at")?),
        started_by: column(row, "started_by")?,
        switched_at: column::<Option<i64>>(row, "switched_at")?.map(UnixMillis),
        ended_at: column::<Option<i64>>(row, "ended_at")?.map(UnixMillis),
    })
}

/// Those that are under way.
pub(super) async fn under_way(
    transaction: &mut Transaction<'static, Any>,
) -> Result<Vec<StorageMove>, sqlx::Error> {
    let sql = format!("{SELECT} WHERE phase NOT IN ('ended', 'cancelled') ORDER BY started_at, id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut **transaction).await?;
    rows.iter().map(read).collect()
}

impl Database {
    /// The newest ones, newest first.
    pub(crate) async fn storage_moves(&self) -> Result<Vec<StorageMove>, Refusal> {
        let sql = format!("{SELECT} ORDER BY started_at DESC, id LIMIT {LISTED}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// How far a Storage Server is with taking over a scope from another one.
    pub(crate) async fn peer_round(
        &self,
        server: &str,
        scope: &Scope,
        peer: &str,
    ) -> Result<Option<PeerRound>, Refusal> {
        let row = sqlx::query("SELECT round FROM peer_rounds WHERE server = $1 AND scope = $2 AND peer = $3")
            .bind(name_key(server))
            .bind(scope.to_string())
            .bind(name_key(peer))
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| json(&row, "round")).transpose()?)
    }

    /// Notes how far a Storage Server is.
    pub(crate) async fn put_peer_rounds(
        &self,
        server: &str,
        rounds: &[PeerRound],
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        for round in rounds {
            let Some(scope) = &round.scope else { continue };
            sqlx::query(
                "INSERT INTO peer_rounds (server, scope, peer, round, at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (server, scope, peer) DO UPDATE SET round = excluded.round, at = excluded.at",
            )
            .bind(name_key(server))
            .bind(scope.to_string())
            .bind(name_key(&round.peer))
            .bind(serde_json::to_string(round).map_err(Refusal::internal)?)
            .bind(now.0)
            .execute(&mut **transaction.connection())
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The hash of the plan that each machine was told last.
    pub(crate) async fn plan_hashes(&self) -> Result<Vec<(String, String)>, Refusal> {
        let rows = sqlx::query("SELECT id, plan_hash FROM machines").fetch_all(&self.pool).await?;
        let hash = |row: &AnyRow| Ok((column(row, "id")?, column(row, "plan_hash")?));
        Ok(rows.iter().map(hash).collect::<Result<_, sqlx::Error>>()?)
    }
}

impl Write<'_> {
    /// Writes a move as it is now.
    pub(crate) async fn put_storage_move(&mut self, moved: &StorageMove) -> Result<(), Refusal> {
        sqlx::query(
            "INSERT INTO storage_moves \
             (id, scope, from_server, to_server, phase, round, started_at, started_by, switched_at, ended_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET phase = excluded.phase, \
             round = excluded.round, switched_at = excluded.switched_at, ended_at = excluded.ended_at",
        )
        .bind(&moved.id)
        .bind(moved.scope.to_string())
        .bind(&moved.from)
        .bind(&moved.to)
        .bind(moved.phase.word())
        .bind(i64::try_from(moved.round).unwrap_or(i64::MAX))
        .bind(moved.started_at.0)
        .bind(&moved.started_by)
        .bind(moved.switched_at.map(|at| at.0))
        .bind(moved.ended_at.map(|at| at.0))
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }
}
