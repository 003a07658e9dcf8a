use super::{Administrator, Core};
use crate::domain::{Logons, MachineCounts, Refusal, StorageDamage, StorageStatus, UnixMillis};

/// How many hours the overview looks back, the present one among them.
pub(crate) const HOURS: i64 = 24;
/// A machine that was not heard of for so long is silent: machines ask for their plan at least once a minute.
pub(super) const SILENT_AFTER: i64 = 5 * 60 * UnixMillis::SECOND;

/// The farm on one screen.
#[derive(Debug)]
pub(crate) struct Overview {
    pub(crate) now: UnixMillis,
    /// Beginning of the first of the hours.
    pub(crate) since: UnixMillis,
    pub(crate) storage_servers: usize,
    pub(crate) groups: usize,
    pub(crate) data_subsets: usize,
    pub(crate) agents: MachineCounts,
    pub(crate) storage_machines: MachineCounts,
    pub(crate) any_session: bool,
    pub(crate) logons: Vec<Logons>,
    /// How much damage of stored data nobody has acknowledged, and the newest of it.
    pub(crate) damage: (i64, Vec<StorageDamage>),
    /// Storage Servers whose store needs attention.
    pub(crate) stores: Vec<StorageStatus>,
}

impl Core {
    /// What there is, and what happened in the last day. Whoever is held to groups sees the Agents and sessions of these
    /// alone; Storage Servers are everybody's.
    pub(crate) async fn overview(&self, caller: &Administrator) -> Result<Overview, Refusal> {
        let now = self.now();
        let this_hour = UnixMillis(now.0 - now.0.rem_euclid(UnixMillis::HOUR));
        let since = this_hour.plus(-(HOURS - 1) * UnixMillis::HOUR);
        let silent_since = now.plus(-SILENT_AFTER);
        let groups = caller.groups();
        let within = groups.as_deref();
        let (configuration, _) = self.database.configuration().await?;
        let mut stores = self.storage_status(caller).await?;
        stores.retain(StorageStatus::needs_attention);
        Ok(Overview {
            now,
            since,
            storage_servers: configuration.storage_servers.len(),
            groups: configuration.groups.len(),
            data_subsets: configuration.subsets.len(),
            agents: self.database.machine_counts("agent", silent_since, within).await?,
            storage_machines: self.database.machine_counts("storage", silent_since, None).await?,
            any_session: self.database.has_user_sessions(within).await?,
            logons: self.database.logons(since, within).await?,
            damage: self.open_damage(caller).await?,
            stores,
        })
    }
}
