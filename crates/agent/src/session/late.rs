//! What the logon did not wait for, or could not have, is brought in later, where the session has changed nothing since.

use mp_dataset::{DataSet, ProfileKind};
use mp_profile::{
    Baseline, CompiledRules, DataSubset, Imported, Notes, Scope, Seen, SessionChanges, SessionProfile, Sets,
    Sid,
};

use super::{
    Agent, AgentError,
    base::{Copies, ScopeSet},
    begun::left_by,
    record::{SessionRecord, marked},
    work::needed,
};
use crate::{
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent, SessionReport},
};

impl Agent<'_> {
    /// Merges late what the logon did not wait for, or went on without.
    ///
    /// # Errors
    /// When nothing could be done at all. That storage is still away is no error: the report says so.
    pub fn merge_late(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        // It is tried every minute while storage is away, of which the report of the logon has told: so many reports would
        // push that one out.
        self.work(SessionEvent::LateMerge, sid, |plan, recorder| {
            self.bring_in_late(sid, &needed(plan)?, recorder)
        })
    }

    /// Says whether anything was found out that no report has told yet.
    fn bring_in_late(
        &self,
        sid: &Sid,
        plan: &CachedPlan,
        recorder: &mut Recorder,
    ) -> Result<bool, AgentError> {
        let mut profile = self.host.open(sid)?;
        self.go_on()?;
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
            return Ok(true);
        };
        recorder.report.plan_revision = record.plan_revision;
        let sets = self.missing_sets(sid, &record, plan, recorder);
        recorder.step("fetch and verify");
        let found: Vec<&ScopeSet> = sets.iter().filter(|set| set.known).collect();
        if found.is_empty() && record.awaited.is_empty() {
            profile.close()?;
            return Ok(false);
        }
        if !found.is_empty() {
            self.go_on()?;
            let begun: Vec<&ScopeSet> =
                found.iter().copied().filter(|set| record.has_begun(&set.scope)).collect();
            record.begin(&found);
            record.write(&self.state, sid, files(&found))?;
            let imported = import_unchanged(profile.as_mut(), &record, &before, &found, &begun)?;
            recorder.step("import what the session has not changed");
            record.note_spared(&imported.report);
            recorder.report.import = Some(imported.report);
            record.unapplied.append(imported.unapplied);
        }
        record.awaited.clear();
        for set in &found {
            if let Some(merged) = record.scope_mut(&set.scope) {
                (merged.merged, merged.held, merged.begun) = (true, false, false);
            }
        }
        record.write(&self.state, sid, std::iter::empty())?;
        record.mark(profile.as_mut())?;
        if let Err(error) = profile.close() {
            SessionRecord::remove(&self.state, sid)?;
            return Err(error.into());
        }
        recorder.step("keep base");
        if self.keeps_copies(Some(plan)) {
            self.keep_copies(sid, &sets, recorder);
        }
        if record.all_merged() {
            recorder.report.outcome = Outcome::Merged;
        }
        Ok(true)
    }

    /// The data sets that were not merged, or not wholly. What was fetched at logon is not fetched again.
    fn missing_sets(
        &self,
        sid: &Sid,
        record: &SessionRecord,
        plan: &CachedPlan,
        recorder: &mut Recorder,
    ) -> Vec<ScopeSet> {
        let mut sets = Vec::new();
        let mut to_fetch = Vec::new();
        for scope in record.scopes.iter().filter(|scope| !scope.merged) {
            let at_hand = scope.held || scope.begun;
            match at_hand.then(|| self.set_at_hand(sid, scope)).flatten() {
                Some(set) => sets.push(set),
                None => to_fetch.push(scope.scope.clone()),
            }
        }
        if !to_fetch.is_empty() {
            let store = self.connections.storage(&plan.plan);
            let copies = Copies::of(self.settings.over(Some(&plan.plan)).storage_away).only_held();
            sets.extend(self.fetch(sid, to_fetch, store.as_deref(), copies, recorder));
        }
        sets
    }
}

/// The files of data sets.
fn files<'s>(sets: &'s [&ScopeSet]) -> impl Iterator<Item = (&'s Scope, &'s [u8])> {
    sets.iter().filter_map(|set| Some((&set.scope, set.set.as_ref()?.0.as_slice())))
}

/// Imports what the session has not changed since its logon. `begun` were begun before, and cut off.
fn import_unchanged(
    profile: &mut dyn SessionProfile,
    record: &SessionRecord,
    before: &Baseline,
    found: &[&ScopeSet],
    begun: &[&ScopeSet],
) -> Result<Imported, AgentError> {
    let subsets = without_mirrors(&record.subsets);
    let rules = || -> Result<CompiledRules, AgentError> {
        super::compile(&subsets, record.group.as_ref(), record.plan_revision)
    };
    let seen = Seen::read(profile, &rules()?)?;
    let left = left_by(begun, before, &seen.baseline);
    let changes = SessionChanges::between(left.as_ref().unwrap_or(before), &seen.baseline);
    let held = |set: &ScopeSet| record.scope(&set.scope).is_some_and(|scope| scope.held);
    let mut import = |rules: &CompiledRules, also_held: bool, seen: Option<&Seen>| -> Result<_, AgentError> {
        let mut spared = Notes::default();
        let mut unchanged = |part: fn(&Scope) -> bool| -> Option<DataSet> {
            let set = found.iter().find(|set| part(&set.scope) && (also_held || !held(set)))?;
            Some(changes.without(&set.set.as_ref()?.1, &mut spared))
        };
        let global = unchanged(|scope| matches!(scope, Scope::Global));
        let group = unchanged(|scope| matches!(scope, Scope::Group(_)));
        let sources = Sets { global: global.as_ref(), group: group.as_ref() };
        let mut imported = match seen {
            Some(seen) => mp_profile::import_seen(profile, rules, &sources, seen)?,
            None => mp_profile::import(profile, rules, &sources)?,
        };
        imported.report.notes.append(spared);
        Ok(imported)
    };
    if record.awaited.is_empty() {
        return import(&rules()?, true, Some(&seen));
    }
    // What the logon brought in is the user's since, also where the user has put it back to what it was before.
    let awaited = |subset: &str| record.awaited.iter().any(|name| name == subset);
    let mut imported = import(&rules()?.only(|subset, _| !awaited(subset)), true, Some(&seen))?;
    // A data set that was not asked for at logon may hold what a data subset has moved away from.
    let moved = import(&rules()?.only(|subset, _| awaited(subset)), false, None)?;
    imported.append(moved);
    Ok(imported)
}

/// What the session has made since its logon is not to be deleted because a data set does not know it.
pub(super) fn without_mirrors(subsets: &[DataSubset]) -> Vec<DataSubset> {
    let mut subsets = subsets.to_vec();
    for subset in &mut subsets {
        subset.registry.iter_mut().for_each(|rule| rule.delete_if_missing = false);
        subset.folders.iter_mut().for_each(|rule| rule.delete_if_missing = false);
    }
    subsets
}
