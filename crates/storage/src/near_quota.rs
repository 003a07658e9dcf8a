//! Who takes much of a quota, for whoever wants to know before an upload is refused.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mp_profile::{Scope, Sid};
use mp_protocol::{
    StorageLimits,
    storage_status::{MAX_NEAR_QUOTA, NearQuota},
};

/// So many are remembered; more than are told, so that there are others when some free what they took.
const REMEMBERED: usize = 10 * MAX_NEAR_QUOTA;

/// The users whose last upload took much of their quota, since the service was started, and how much it took.
#[derive(Debug, Default)]
pub(crate) struct NearQuotas(Mutex<BTreeMap<(Scope, Sid), u64>>);

impl NearQuotas {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(Scope, Sid), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a user has stored, which takes much of the quota.
    pub(crate) fn near(&self, scope: Scope, sid: Sid, used: u64) {
        let mut all = self.all();
        let key = (scope, sid);
        if all.len() < REMEMBERED || all.contains_key(&key) {
            all.insert(key, used);
        }
    }

    /// Notes that a user takes little of the quota.
    pub(crate) fn far(&self, scope: &Scope, sid: &Sid) {
        self.all().remove(&(scope.clone(), sid.clone()));
    }

    /// As the console is told, by the quota of now.
    pub(crate) fn told(&self, limits: &StorageLimits) -> Vec<NearQuota> {
        let Some((limit_bytes, warning)) = limits.quota_bytes.zip(limits.quota_warning_bytes()) else {
            return Vec::new();
        };
        let all = self.all();
        let near = all.iter().filter(|(_, used)| **used >= warning).take(MAX_NEAR_QUOTA);
        near.map(|((scope, sid), used)| NearQuota {
            scope: scope.clone(),
            sid: sid.clone(),
            used_bytes: *used,
            limit_bytes,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sid(number: usize) -> Sid {
        format!("S-1-5-21-1-2-3-{}", 1000 + number).parse().expect("a SID")
    }

    #[test]
    fn a_user_is_near_the_quota_until_less_is_stored_or_the_quota_is_raised() {
        let limits = |quota_bytes| StorageLimits { quota_bytes, ..StorageLimits::default() };
        let near = NearQuotas::default();
        near.near(Scope::Global, sid(1), 900);
        near.near(Scope::Global, sid(1), 950);
        near.near(Scope::Global, sid(2), 850);
        let told = near.told(&limits(Some(1_000)));
        let told: Vec<_> = told.iter().map(|near| (near.sid.clone(), near.used_bytes)).collect();
        assert_eq!(told, [(sid(1), 950), (sid(2), 850)]);
        near.far(&Scope::Global, &sid(2));
        assert_eq!(near.told(&limits(Some(1_000))).len(), 1);
        assert!(near.told(&limits(Some(2_000))).is_empty() && near.told(&limits(None)).is_empty());
        (0..2 * REMEMBERED).for_each(|number| near.near(Scope::Global, sid(number), 900));
        assert_eq!((near.told(&limits(Some(1_000))).len(), near.all().len()), (MAX_NEAR_QUOTA, REMEMBERED));
    }
}
