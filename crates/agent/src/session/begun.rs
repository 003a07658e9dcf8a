//! Imports that were cut off: they are finished with the data sets that they were begun with, though others may be stored by now.
//! What they have brought in is told from what the session did.

use mp_dataset::DataSet;
use mp_profile::{Baseline, Scope, SessionProfile, Sid};
use mp_protocol::AgentPlan;

use super::{
    Agent,
    base::{ScopeSet, verified},
    record::{MergedScope, SessionRecord, seen},
};
use crate::report::Recorder;

/// What reports say of a data set that is imported because its import was begun and cut off.
const AS_BEGUN: &str = "imported, as was begun before";

impl Agent<'_> {
    /// What is known of an import into this load that was cut off, before its marker named a session.
    pub(super) fn begun_import(
        &self,
        sid: &Sid,
        profile: &dyn SessionProfile,
        plan: &AgentPlan,
    ) -> Option<SessionRecord> {
        let record = SessionRecord::latest(&self.state, sid)?;
        let same_load = record.picture.is_some() && record.picture == seen(profile);
        let same_plan = record.subsets == plan.subsets && record.group == plan.group;
        (same_load && same_plan).then_some(record)
    }

    /// The data sets that a record's imports were begun with. What is no longer at hand is left out.
    pub(super) fn begun_sets(
        &self,
        sid: &Sid,
        record: &SessionRecord,
        recorder: &mut Recorder,
    ) -> Vec<ScopeSet> {
        let begun = record.scopes.iter().filter(|scope| scope.begun);
        let sets: Vec<ScopeSet> = begun.filter_map(|scope| self.set_at_hand(sid, scope)).collect();
        for ScopeSet { scope, set, version, .. } in &sets {
            let bytes = set.as_ref().map(|(bytes, _)| bytes.len());
            recorder.data_set(scope, AS_BEGUN, bytes, version.clone());
        }
        sets
    }

    /// The newer data sets whose merge into the session was begun. What is no longer at hand is left out.
    pub(super) fn begun_newer(
        &self,
        sid: &Sid,
        record: &SessionRecord,
        recorder: &mut Recorder,
    ) -> Vec<ScopeSet> {
        let at_hand = |(scope, version, digest): &(Scope, Option<String>, String)| {
            let bytes = SessionRecord::file_of(&self.state, sid, scope, digest)?;
            let set = verified(&bytes).ok()?;
            recorder.data_set(scope, AS_BEGUN, Some(bytes.len()), version.clone());
            Some(ScopeSet {
                scope: scope.clone(),
                set: Some((bytes, set)),
                version: version.clone(),
                known: true,
            })
        };
        record.newer.iter().filter_map(at_hand).collect()
    }

    /// A data set whose file is in the session's folder.
    pub(super) fn set_at_hand(&self, sid: &Sid, merged: &MergedScope) -> Option<ScopeSet> {
        let (scope, version) = (merged.scope.clone(), merged.version.clone());
        let set = match &merged.digest {
            None => None,
            Some(_) => {
                let bytes = SessionRecord::base_bytes(&self.state, sid, merged)?;
                let set = verified(&bytes).ok()?;
                Some((bytes, set))
            }
        };
        Some(ScopeSet { scope, set, version, known: true })
    }
}

/// A picture as imports of these data sets have left it that were cut off; `None` when nothing was cut off.
pub(super) fn left_by(begun: &[&ScopeSet], before: &Baseline, now: &Baseline) -> Option<Baseline> {
    let sets: Vec<&DataSet> = begun.iter().filter_map(|set| Some(&set.set.as_ref()?.1)).collect();
    (!sets.is_empty()).then(|| before.as_left_by(&sets, now))
}
