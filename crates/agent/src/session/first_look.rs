//! The picture of a profile when it is first seen, which tells what a user changes before the import from the defaults.
//!
//! Without a logon script, or when logons do not wait, programs already run while the data sets are fetched. The picture
//! and the rules that it was taken by are bound to this load of the hive by its marker.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mp_dataset::ProfileKind;
use mp_profile::{Baseline, CompiledRules, DataSubset, GroupName, SessionChanges, SessionProfile, Sid};
use mp_protocol::AgentPlan;
use serde::{Deserialize, Serialize};

use super::{
    Agent, AgentError,
    record::{decode, mark_seen, marked, seen, write_whole},
};
use crate::{
    spool::digest,
    state::{StateError, StateFolder, private_folder},
};

/// What of a plan decides what is in a picture.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct TakenBy {
    plan_revision: u64,
    group: Option<GroupName>,
    subsets: Vec<DataSubset>,
}

impl TakenBy {
    fn of(plan: &AgentPlan) -> Self {
        let (group, subsets) = (plan.group.clone(), plan.subsets.clone());
        Self { plan_revision: plan.revision, group, subsets }
    }

    fn rules(&self) -> Result<CompiledRules, AgentError> {
        super::compile(&self.subsets, self.group.as_ref(), self.plan_revision)
    }
}

impl Agent<'_> {
    /// Takes the picture of a mandatory profile into which nothing was merged since it was loaded or exported for good.
    pub(crate) fn take_first_look(
        &self,
        sid: &Sid,
        profile: &mut dyn SessionProfile,
        plan: &AgentPlan,
    ) -> Result<(), AgentError> {
        let over = match marked(profile) {
            Some(marked) if !marked.over => return Ok(()),
            marked => marked.is_some(),
        };
        self.go_on()?;
        if profile.kind() != ProfileKind::Mandatory || read(&self.state, sid, profile).is_some() {
            return Ok(());
        }
        let taken_by = TakenBy::of(plan);
        let (picture, _) = Baseline::snapshot(profile, &taken_by.rules()?)?;
        let folder = self.state.session(sid);
        private_folder(&folder)?;
        let (rules_file, picture_file) = files(&folder);
        let rules = serde_json::to_vec(&taken_by)
            .map_err(io::Error::from)
            .map_err(StateError::at("write", &rules_file))?;
        let mut bytes = Vec::new();
        mp_dataset::encode(&picture.to_data_set(), &mut bytes)
            .map_err(io::Error::other)
            .map_err(StateError::at("write", &picture_file))?;
        write_whole(&rules_file, &rules)?;
        write_whole(&picture_file, &bytes)?;
        Ok(mark_seen(profile, bond(&rules, &bytes), over)?)
    }

    /// The picture of this load of the hive by this plan's rules; `None` when none was taken.
    ///
    /// When the plan has become another one since, and the user has changed something since, this session goes by the rules
    /// that the picture was taken by: only by them it is known what was changed.
    pub(super) fn first_look(
        &self,
        sid: &Sid,
        profile: &mut dyn SessionProfile,
        plan: &mut AgentPlan,
    ) -> Result<Option<Baseline>, AgentError> {
        let Some((taken_by, picture)) = read(&self.state, sid, profile) else { return Ok(None) };
        if taken_by == TakenBy::of(plan) {
            return Ok(Some(picture));
        }
        let (now, _) = Baseline::snapshot(profile, &taken_by.rules()?)?;
        if SessionChanges::between(&picture, &now).is_empty() {
            let (picture, _) = Baseline::snapshot(profile, &TakenBy::of(plan).rules()?)?;
            return Ok(Some(picture));
        }
        let TakenBy { plan_revision, group, subsets } = taken_by;
        (plan.revision, plan.group, plan.subsets) = (plan_revision, group, subsets);
        Ok(Some(picture))
    }

    /// The same for an export, which goes by the plan's rules: `None` also when only those of another plan tell what changed.
    pub(super) fn first_look_by(
        &self,
        sid: &Sid,
        profile: &mut dyn SessionProfile,
        plan: &AgentPlan,
    ) -> Result<Option<Baseline>, AgentError> {
        let mut goes_by = plan.clone();
        let picture = self.first_look(sid, profile, &mut goes_by)?;
        Ok(picture.filter(|_| TakenBy::of(&goes_by) == TakenBy::of(plan)))
    }
}

/// The picture that this load's marker names; `None` when there is none, or it is damaged or another load's.
fn read(state: &StateFolder, sid: &Sid, profile: &dyn SessionProfile) -> Option<(TakenBy, Baseline)> {
    let expected = seen(profile)?;
    let (rules, picture) = files(&state.session(sid));
    let (rules, picture) = (fs::read(rules).ok()?, fs::read(picture).ok()?);
    (expected == bond(&rules, &picture)).then_some(())?;
    Some((serde_json::from_slice(&rules).ok()?, Baseline::from_data_set(decode(&picture)?).ok()?))
}

/// Where the rules and the picture are.
fn files(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join("first-look.json"), folder.join("first-look.mpd"))
}

/// What binds both to the load.
fn bond(rules: &[u8], picture: &[u8]) -> String {
    digest(&[rules, picture].concat())
}
