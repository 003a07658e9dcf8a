//! What could not be had at logon is brought in later, where the session has changed nothing since.

use mp_dataset::{DataSet, ProfileKind};
use mp_profile::{Baseline, DataSubset, Scope, SessionChanges, Sets, Sid};

use super::{
    Agent, AgentError,
    base::ScopeSet,
    record::{SessionRecord, marked},
};
use crate::{
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent, SessionReport},
    spool::digest,
};

impl Agent<'_> {
    /// Merges late what the logon went on without.
    ///
    /// # Errors
    /// When nothing could be done at all. That storage is still away is no error: the report says so.
    pub fn merge_late(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        if let Some(left_alone) = self.turned_off(SessionEvent::LateMerge, sid) {
            return left_alone;
        }
        let mut recorder = Recorder::new(SessionEvent::LateMerge, sid, self.host.name(), self.clock.now());
        let _lock = self.lock(sid)?;
        let done = self.bring_in_late(sid, &mut recorder);
        self.finish(recorder, done)
    }

    fn bring_in_late(&self, sid: &Sid, recorder: &mut Recorder) -> Result<(), AgentError> {
        let plan =
            CachedPlan::load(&self.state)?.ok_or_else(|| AgentError::NoPlan("none is cached".to_owned()))?;
        let mut profile = self.host.open(sid)?;
        recorder.report.profile = profile.kind().name().to_owned();
        recorder.report.outcome = Outcome::NotMerged;
        let marked = marked(profile.as_ref()).filter(|marked| !marked.over);
        if let Some(marked) = &marked {
            recorder.session(&marked.session);
        }
        let record = marked.and_then(|marked| SessionRecord::load(&self.state, sid, &marked.session));
        let known = record.zip(SessionRecord::baseline(&self.state, sid));
        let Some((mut record, before)) = known.filter(|_| profile.kind() == ProfileKind::Mandatory) else {
            recorder.problem(
                "MP-AGT-015",
                "what this session held at logon is not known, so nothing is merged into it late".to_owned(),
            );
            profile.close()?;
            return Ok(());
        };
        recorder.report.plan_revision = record.plan_revision;
        let rules =
            super::compile(&without_mirrors(&record.subsets), record.group.as_ref(), record.plan_revision)?;
        let store = self.connections.storage(&plan.plan);
        let sets = self.fetch(sid, record.group.as_ref(), store.as_deref(), false, recorder);
        recorder.step("fetch and verify");
        let missing = |set: &&ScopeSet| record.scope(&set.scope).is_some_and(|merged| !merged.merged);
        let found: Vec<&ScopeSet> = sets.iter().filter(missing).filter(|set| set.known).collect();
        if found.is_empty() {
            profile.close()?;
            return Ok(());
        }
        let (now, _) = Baseline::snapshot(profile.as_mut(), &rules)?;
        let changes = SessionChanges::between(&before, &now);
        let unchanged = |part: fn(&Scope) -> bool| -> Option<DataSet> {
            let set = found.iter().find(|set| part(&set.scope))?;
            Some(changes.without(&set.set.as_ref()?.1))
        };
        let global = unchanged(|scope| matches!(scope, Scope::Global));
        let group = unchanged(|scope| matches!(scope, Scope::Group(_)));
        let sources = Sets { global: global.as_ref(), group: group.as_ref() };
        let imported = mp_profile::import(profile.as_mut(), &rules, &sources)?;
        recorder.step("import what the session has not changed");
        recorder.report.import = Some(imported.report);
        record.unapplied.append(imported.unapplied);
        for set in &found {
            if let Some(merged) = record.scopes.iter_mut().find(|merged| merged.scope == set.scope) {
                merged.merged = true;
                merged.version.clone_from(&set.version);
                merged.digest = set.set.as_ref().map(|(bytes, _)| digest(bytes));
            }
        }
        let bases = found.iter().filter_map(|set| Some((&set.scope, set.set.as_ref()?.0.as_slice())));
        record.write(&self.state, sid, bases)?;
        record.mark(profile.as_mut())?;
        if let Err(error) = profile.close() {
            SessionRecord::remove(&self.state, sid)?;
            return Err(error.into());
        }
        recorder.step("keep base");
        if record.all_merged() {
            recorder.report.outcome = Outcome::Merged;
        }
        Ok(())
    }
}

/// What the session has made since its logon is not to be deleted because a data set does not know it.
fn without_mirrors(subsets: &[DataSubset]) -> Vec<DataSubset> {
    let mut subsets = subsets.to_vec();
    for subset in &mut subsets {
        subset.registry.iter_mut().for_each(|rule| rule.delete_if_missing = false);
        subset.folders.iter_mut().for_each(|rule| rule.delete_if_missing = false);
    }
    subsets
}
