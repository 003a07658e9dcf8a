use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use mp_protocol::session_report::Outcome;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    problem::Problem, storage_damage::StorageDamage, storage_status::StorageStatus, user_session::OutcomeForm,
};
use crate::{
    domain::{self, Logons, Refusal, UnixMillis, percentile},
    ops::{Administrator, Core, OVERVIEW_HOURS},
};

/// The farm on one screen.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Overview {
    /// The console's time, RFC 3339.
    #[schema(format = DateTime)]
    now: String,
    storage_servers: usize,
    agent_server_groups: usize,
    data_subsets: usize,
    agents: MachineCounts,
    storage_machines: MachineCounts,
    /// Whether a session was ever reported, and is kept still.
    any_session: bool,
    /// The last 24 hours together, the present one among them.
    day: LogonTimes,
    /// The same, hour by hour, oldest first.
    hours: Vec<LogonHour>,
    /// Sessions of the last 24 hours by outcome.
    outcomes: Vec<OutcomeCount>,
    /// How many items two sessions had changed in different ways, in the last 24 hours.
    overridden: i64,
    storage_damage: OpenDamage,
    /// Storage Servers that have little space, a store that does not work, or users near their quota.
    storage_status: Vec<StorageStatus>,
}

/// Damage of stored data that nobody has acknowledged.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct OpenDamage {
    count: i64,
    /// The last found, at most five.
    newest: Vec<StorageDamage>,
}

/// Machines that are not revoked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct MachineCounts {
    active: i64,
    /// Those that did not ask for their plan for five minutes.
    silent: i64,
    /// Those in no group.
    without_group: i64,
}

/// How many logons there were, and what their import took.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct LogonTimes {
    sessions: i64,
    /// Milliseconds, to about two figures, as those below; null without a logon.
    p50: Option<i64>,
    p95: Option<i64>,
    p99: Option<i64>,
}

/// Logons of an hour.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct LogonHour {
    /// Beginning of the hour, RFC 3339.
    #[schema(format = DateTime)]
    start: String,
    #[serde(flatten)]
    times: LogonTimes,
}

/// How many sessions had an outcome.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct OutcomeCount {
    #[serde(with = "OutcomeForm")]
    #[schema(value_type = OutcomeForm)]
    outcome: Outcome,
    sessions: i64,
}

impl LogonTimes {
    fn of(logons: &[Logons]) -> Self {
        Self {
            sessions: logons.iter().map(|logons| logons.sessions).sum(),
            p50: percentile(logons.iter(), 50),
            p95: percentile(logons.iter(), 95),
            p99: percentile(logons.iter(), 99),
        }
    }
}

impl From<domain::MachineCounts> for MachineCounts {
    fn from(counts: domain::MachineCounts) -> Self {
        let domain::MachineCounts { active, silent, without_group } = counts;
        Self { active, silent, without_group }
    }
}

/// Health of the farm, and its logons of the last 24 hours
#[utoipa::path(get, path = "/overview", tag = "overview", operation_id = "get-overview", responses(
    (status = 200, body = Overview),
    (status = "default", body = Problem),
))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<Overview>, Refusal> {
    let found = core.overview(&caller).await?;
    let mut outcomes = BTreeMap::new();
    for logons in &found.logons {
        outcomes.entry(logons.outcome.word()).or_insert((logons.outcome, 0)).1 += logons.sessions;
    }
    let hour = |hour: i64| {
        let logons: Vec<Logons> = found.logons.iter().filter(|logons| logons.hour == hour).copied().collect();
        let start = found.since.plus(hour * UnixMillis::HOUR).rfc3339();
        LogonHour { start, times: LogonTimes::of(&logons) }
    };
    Ok(Json(Overview {
        now: found.now.rfc3339(),
        storage_servers: found.storage_servers,
        agent_server_groups: found.groups,
        data_subsets: found.data_subsets,
        agents: found.agents.into(),
        storage_machines: found.storage_machines.into(),
        any_session: found.any_session,
        day: LogonTimes::of(&found.logons),
        hours: (0..OVERVIEW_HOURS).map(hour).collect(),
        outcomes: outcomes
            .into_values()
            .map(|(outcome, sessions)| OutcomeCount { outcome, sessions })
            .collect(),
        overridden: found.logons.iter().map(|logons| logons.overridden).sum(),
        storage_damage: OpenDamage {
            count: found.damage.0,
            newest: found.damage.1.into_iter().map(Into::into).collect(),
        },
        storage_status: found.stores.into_iter().map(Into::into).collect(),
    }))
}
