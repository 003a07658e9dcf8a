//! Trials of data subsets: what one would keep of a user's stored data sets, or of a hive that somebody sends. The former are
//! looks into a user's data, and in the audit log as such.

use std::sync::Arc;

use mp_dataset::DataSet;
use mp_profile::{
    Applies, DataSubset, GroupName, Scope, Sid, Trial, TrialError, memory::MemoryProfile, try_subset,
};

use super::{
    Administrator, Core,
    data_sets::{Target, reaches, subject},
};
use crate::domain::{Refusal, SampleHive, SampleKeys, check_subset};

/// What a draft is called that has no name yet.
const UNNAMED: &str = "draft";

/// What a data subset is tried on.
pub(crate) enum Source {
    /// The newest data sets of a user: the global one, and a group's.
    User {
        sid: Sid,
        /// The first one of the data subset if none is said.
        group: Option<GroupName>,
    },
    /// A user's hive.
    Hive(Vec<u8>),
}

/// What a data subset was tried on.
pub(crate) enum TriedOn {
    /// Versions of data sets, by scope.
    DataSets(Vec<(Scope, u64)>),
    /// A hive with so many pieces of damage, and whether its last write was not finished.
    Hive { damage: usize, dirty: bool },
}

/// What came out of a trial.
pub(crate) struct Tried {
    pub(crate) on: TriedOn,
    pub(crate) trial: Trial,
}

impl Core {
    /// The keys of a hive. Nothing of it is kept.
    pub(crate) async fn sample_keys(&self, _: &Administrator, hive: Vec<u8>) -> Result<SampleKeys, Refusal> {
        apart(move || SampleHive::read(&hive).map(|hive| hive.keys())).await
    }

    /// What a data subset would keep.
    pub(crate) async fn try_subset(
        &self,
        caller: &Administrator,
        mut subset: DataSubset,
        source: Source,
    ) -> Result<Tried, Refusal> {
        if subset.name.trim().is_empty() {
            UNNAMED.clone_into(&mut subset.name);
        }
        check_subset(&subset, &self.farm().await?.configuration.groups)?;
        match source {
            Source::Hive(bytes) => {
                apart(move || {
                    let hive = SampleHive::read(&bytes)?;
                    let on = TriedOn::Hive { damage: hive.damage, dirty: hive.dirty };
                    tried(on, hive.into_profile(), &subset)
                })
                .await
            }
            Source::User { sid, group } => {
                let group = group.or_else(|| first_group(&subset));
                let (versions, sets) = self.newest(caller, &sid, group, &subset.name).await?;
                let on = TriedOn::DataSets(versions);
                let profile = move || MemoryProfile::of_data_sets(sets.iter().map(Arc::as_ref));
                apart(move || tried(on, profile(), &subset)).await
            }
        }
    }

    /// The newest data sets of a user that the caller may look into.
    async fn newest(
        &self,
        caller: &Administrator,
        sid: &Sid,
        group: Option<GroupName>,
        subset: &str,
    ) -> Result<(Vec<(Scope, u64)>, Vec<Arc<DataSet>>), Refusal> {
        let (mut versions, mut sets) = (Vec::new(), Vec::new());
        let scopes = [Some(Scope::Global), group.map(Scope::Group)].into_iter().flatten();
        for scope in scopes.filter(|scope| reaches(caller, scope)) {
            let of = self.stored(caller, &Target { sid: sid.clone(), scope, server: None }).await?;
            let known = self.versions_of(&of).await?;
            let Some(current) = known.current() else { continue };
            sets.push(self.storage.open(&of, current).await?);
            let what = format!("version {}: what data subset \"{subset}\" keeps of it", current.number);
            self.note(&caller.did("looked at", subject(&of), what)).await?;
            versions.push((of.scope, current.number));
        }
        if sets.is_empty() {
            return Err(Refusal::NothingStored(sid.clone()));
        }
        Ok((versions, sets))
    }
}

fn first_group(subset: &DataSubset) -> Option<GroupName> {
    match &subset.applies {
        Applies::Global => None,
        Applies::Groups(groups) => groups.first().cloned(),
    }
}

fn tried(on: TriedOn, mut profile: MemoryProfile, subset: &DataSubset) -> Result<Tried, Refusal> {
    let trial = try_subset(&mut profile, subset).map_err(|error| match error {
        TrialError::Encode(error) => Refusal::NotStorable(error.to_string()),
        other => Refusal::internal(other),
    })?;
    Ok(Tried { on, trial })
}

/// Work that takes long, beside what else the console does.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(Refusal::internal)?
}
