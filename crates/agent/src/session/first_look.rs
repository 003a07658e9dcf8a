//! The picture of a profile when it is first seen, which tells what a user changes before the import from the defaults.
//!
//! Without a logon script, or when logons do not wait, programs already run while the data sets are fetched. The picture
//! and the plan that it was taken by are bound to this load of the hive by its marker.

use std::{fs, io, path::PathBuf};

use mp_dataset::ProfileKind;
use mp_profile::{Baseline, SessionProfile, Sid};

use super::{
    Agent, AgentError,
    record::{decode, mark_seen, seen, write_whole},
};
use crate::{
    plan::CachedPlan,
    spool::digest,
    state::{StateError, StateFolder, private_folder},
};

impl Agent<'_> {
    /// Takes the picture of a mandatory profile about which nothing was noted yet.
    pub(crate) fn take_first_look(
        &self,
        sid: &Sid,
        profile: &mut dyn SessionProfile,
    ) -> Result<(), AgentError> {
        let Some(plan) = CachedPlan::load(&self.state)?.map(|cached| cached.plan) else { return Ok(()) };
        if profile.kind() != ProfileKind::Mandatory || profile.marker()?.is_some() {
            return Ok(());
        }
        let rules = super::compile(&plan.subsets, plan.group.as_ref(), plan.revision)?;
        let (picture, _) = Baseline::snapshot(profile, &rules)?;
        let path = file(&self.state, sid, plan.revision);
        private_folder(&self.state.session(sid))?;
        let mut bytes = Vec::new();
        mp_dataset::encode(&picture.to_data_set(), &mut bytes)
            .map_err(io::Error::other)
            .map_err(StateError::at("write", &path))?;
        write_whole(&path, &bytes)?;
        Ok(mark_seen(profile, digest(&bytes))?)
    }

    /// The picture of this load of the hive; `None` when none was taken, or by another plan.
    pub(super) fn first_look(
        &self,
        sid: &Sid,
        profile: &dyn SessionProfile,
        revision: u64,
    ) -> Option<Baseline> {
        let bytes = fs::read(file(&self.state, sid, revision)).ok()?;
        (seen(profile)? == digest(&bytes)).then_some(())?;
        Baseline::from_data_set(decode(&bytes)?).ok()
    }
}

fn file(state: &StateFolder, sid: &Sid, revision: u64) -> PathBuf {
    state.session(sid).join(format!("first-look-{revision}.mpd"))
}
