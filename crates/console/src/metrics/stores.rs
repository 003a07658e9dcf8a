use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use crate::domain::StorageStatus;

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Server {
    server: String,
}

/// What Storage Servers told last of their stores, by name of the Storage Server.
#[derive(Default)]
pub(super) struct Stores {
    free: Family<Server, Gauge>,
    total: Family<Server, Gauge>,
    kept: Family<Server, Gauge>,
    low: Family<Server, Gauge>,
    failing: Family<Server, Gauge>,
    near_quota: Family<Server, Gauge>,
}

impl Stores {
    pub(super) fn register(&self, registry: &mut Registry) {
        for (name, text, family) in [
            ("storage_free", "Free space of a Storage Server's volume", &self.free),
            ("storage_total", "Size of a Storage Server's volume", &self.total),
            ("storage_kept", "What an object store keeps", &self.kept),
        ] {
            registry.register_with_unit(name, text, Unit::Bytes, family.clone());
        }
        let near = "Users whose last upload took much of their quota, at most 100 of a Storage Server";
        for (name, text, family) in [
            ("storage_space_low", "1 when a Storage Server has little free space", &self.low),
            ("storage_failing", "1 when a Storage Server cannot use its store", &self.failing),
            ("storage_near_quota", near, &self.near_quota),
        ] {
            registry.register(name, text, family.clone());
        }
    }

    /// What is not told any more, as of a Storage Server that is gone, is not shown any more either.
    pub(super) fn show(&self, stores: &[StorageStatus]) {
        let Self { free, total, kept, low, failing, near_quota } = self;
        [free, total, kept, low, failing, near_quota].into_iter().for_each(Family::clear);
        for StorageStatus { server, told, is_low, .. } in stores {
            let server = Server { server: server.clone() };
            for (family, bytes) in
                [(free, told.free_bytes), (total, told.total_bytes), (kept, told.kept_bytes)]
            {
                if let Some(bytes) = bytes {
                    family.get_or_create(&server).set(i64::try_from(bytes).unwrap_or(i64::MAX));
                }
            }
            low.get_or_create(&server).set(i64::from(*is_low));
            failing.get_or_create(&server).set(i64::from(told.problem.is_some()));
            let users = i64::try_from(told.near_quota.len()).unwrap_or(i64::MAX);
            near_quota.get_or_create(&server).set(users);
        }
    }
}
