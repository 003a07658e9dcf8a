//! What other sessions have stored while this one goes on, merged when the user comes back to it.

use mp_dataset::{DataSet, FileEntry, Side};
use mp_profile::{
    DataSetStore, ExportInputs, Fetched, HeldVersion, HostError, Imported, Part, Scope, SessionProfile, Sets,
    Sid, VersionTag,
};
use mp_registry::{KeyAction, KeyEdit, ValueEdit};

use super::{
    Agent, AgentError,
    base::{ScopeSet, verified},
    late::without_mirrors,
    logoff::Session,
    record::SessionRecord,
    work::needed,
};
use crate::{
    chain::chain,
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent, SessionReport},
    spool::digest,
};

impl Agent<'_> {
    /// Merges what other sessions have stored since this one was given its data sets or exported last. What this session
    /// has changed since stays. The outcome is [`Outcome::Merged`] only when something newer was there.
    ///
    /// # Errors
    /// When the profile or its record cannot be used. That storage is away is no error: the report says so.
    pub fn merge_newer(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        self.work(SessionEvent::Connect, sid, |plan, recorder| {
            self.bring_in_newer(sid, &needed(plan)?, recorder)?;
            // A screen is unlocked many times a day.
            Ok(recorder.report.outcome == Outcome::Merged || !recorder.report.problems.is_empty())
        })
    }

    fn bring_in_newer(
        &self,
        sid: &Sid,
        plan: &CachedPlan,
        recorder: &mut Recorder,
    ) -> Result<(), AgentError> {
        let mut profile = self.host.open(sid)?;
        self.go_on()?;
        recorder.report.profile = profile.kind().name().to_owned();
        let session = self.session(sid, profile.as_ref());
        let Some(record) = session.record.as_ref().filter(|record| record.all_merged()) else {
            profile.close()?;
            return Ok(());
        };
        recorder.session(&record.session);
        recorder.report.plan_revision = record.plan_revision;
        recorder.report.outcome = Outcome::AlreadyMerged;
        let mut newer = self.begun_newer(sid, record, recorder);
        if newer.is_empty() {
            newer = self.newer_sets(sid, record, plan, recorder);
        }
        recorder.step("fetch and verify");
        if newer.is_empty() {
            profile.close()?;
            return Ok(());
        }
        self.go_on()?;
        let merged = self.merge_into(sid, profile.as_mut(), &session, &newer, recorder)?;
        profile.close()?;
        // Only now: a base that the profile does not hold would make the next export undo it.
        merged.write(&self.state, sid, std::iter::empty())?;
        recorder.step("keep base");
        recorder.report.outcome = Outcome::Merged;
        Ok(())
    }

    /// Finishes a merge of newer data sets that was cut off, before an export: what it had brought in would look like the
    /// user's work, and be exported over what others store.
    pub(super) fn finish_newer(
        &self,
        sid: &Sid,
        profile: &mut dyn SessionProfile,
        session: &Session,
        recorder: &mut Recorder,
    ) -> Result<bool, AgentError> {
        let begun = session.record.as_ref().filter(|record| record.all_merged() && !record.newer.is_empty());
        let Some(record) = begun else { return Ok(false) };
        let newer = self.begun_newer(sid, record, recorder);
        let merged = self.merge_into(sid, profile, session, &newer, recorder)?;
        merged.write(&self.state, sid, std::iter::empty())?;
        recorder.step("finish the merge");
        Ok(true)
    }

    /// Merges newer data sets into the profile of a session, which is noted before. Gives its record as it is afterwards.
    fn merge_into(
        &self,
        sid: &Sid,
        profile: &mut dyn SessionProfile,
        session: &Session,
        newer: &[ScopeSet],
        recorder: &mut Recorder,
    ) -> Result<SessionRecord, AgentError> {
        let mut record = session.record.clone().ok_or_else(|| HostError::NotLoaded(sid.clone()))?;
        let inputs = ExportInputs {
            origin: self.origin(sid),
            has_group: record.group.is_some(),
            base: Sets { global: session.global.as_ref(), group: session.group.as_ref() },
            baseline: session.baseline.as_ref(),
            unapplied: session.record.as_ref().map(|record| &record.unapplied),
        };
        record.begin_newer(newer);
        let files = newer.iter().filter_map(|set| Some((&set.scope, set.set.as_ref()?.0.as_slice())));
        record.write(&self.state, sid, files)?;
        let compile = |subsets| super::compile(subsets, record.group.as_ref(), record.plan_revision);
        let mine = mp_profile::export(profile, &compile(&record.subsets)?, &inputs)?;
        recorder.step("read what the session has changed");
        let subsets = without_mirrors(&record.subsets);
        let mut all = Imported::default();
        let mut whole = Vec::new();
        for set in newer {
            let Some((bytes, theirs)) = &set.set else { continue };
            let is_global = set.scope == Scope::Global;
            let (base, mine, part) = match &mine.group {
                Some(group) if !is_global => (session.group.as_ref(), group, Part::Group),
                _ => (session.global.as_ref(), &mine.global, Part::Global),
            };
            let merged = mp_dataset::merge(base, theirs, mine, &|_| Side::Mine);
            recorder.report.overrides.add(&set.scope, &merged.overrides);
            let wanted = differing(mine, &merged.set);
            let sources = match part {
                Part::Global => Sets { global: Some(&wanted), group: None },
                Part::Group => Sets { global: None, group: Some(&wanted) },
            };
            // What belongs to the other data set here is merged with that one.
            let rules = compile(&subsets)?.only(|_, of| of == part);
            let imported = mp_profile::import(profile, &rules, &sources)?;
            // Of what could not be written the session still has the former state, so the former data set stays its base:
            // the next upload is merged with the newer one.
            if imported.unapplied.is_empty() {
                whole.push((&set.scope, &set.version, bytes.as_slice()));
            }
            all.append(imported);
        }
        recorder.step("import what the session has not changed");
        recorder.report.import = Some(all.report);
        for (scope, version, bytes) in &whole {
            if let Some(merged) = record.scope_mut(scope) {
                merged.version.clone_from(version);
                merged.within = None;
                merged.digest = Some(digest(bytes));
            }
        }
        record.newer.clear();
        Ok(record)
    }

    /// The data sets that storage has in place of those that the session holds.
    fn newer_sets(
        &self,
        sid: &Sid,
        record: &SessionRecord,
        plan: &CachedPlan,
        recorder: &mut Recorder,
    ) -> Vec<ScopeSet> {
        // What waits in the spool is newer than what is stored; its upload merges them.
        let Ok(waiting) = self.spool.of(sid) else { return Vec::new() };
        let waits = |scope: &Scope| waiting.entries.iter().any(|entry| entry.scope == *scope);
        let asked = record.scopes.iter().filter(|merged| !waits(&merged.scope));
        let asked: Vec<_> = asked.collect();
        let held: Vec<_> = asked
            .iter()
            .map(|merged| {
                let version = VersionTag(merged.version.clone()?);
                Some((version, SessionRecord::base_bytes(&self.state, sid, merged)))
            })
            .collect();
        let held = held
            .iter()
            .map(|held| held.as_ref().map(|(version, file)| HeldVersion { version, file: file.as_deref() }));
        let scopes = asked.iter().map(|merged| merged.scope.clone());
        let wanted: Vec<(Scope, Option<HeldVersion<'_>>)> = scopes.zip(held).collect();
        let store = self.connections.storage(&plan.plan);
        let answers = store
            .and_then(|store: Box<dyn DataSetStore>| store.fetch_all(sid, &wanted).map(|all| (store, all)));
        let (store, answers) = match answers {
            Ok(answers) => answers,
            Err(error) => {
                let next = "the session goes on as it is, and its next export is merged with what is stored";
                let text = format!(
                    "whether others have stored something newer is not known: {}; {next}",
                    chain(&error)
                );
                recorder.problem("MP-AGT-072", text);
                return Vec::new();
            }
        };
        let mut newer = Vec::new();
        for (merged, answer) in asked.into_iter().zip(answers) {
            let Fetched::Data { version, bytes } = answer else { continue };
            if merged.digest.as_ref() == Some(&digest(&bytes)) {
                continue;
            }
            // Of several servers one may be behind: what it has is older than what the session holds.
            let base = merged.version.clone().or_else(|| merged.within.clone()).map(VersionTag);
            let follows = |base: &VersionTag| store.has_had(&merged.scope, sid, base).unwrap_or(false);
            if !base.as_ref().is_none_or(follows) {
                continue;
            }
            let scope = merged.scope.clone();
            match verified(&bytes) {
                Ok(set) => {
                    recorder.data_set(&scope, "imported", Some(bytes.len()), Some(version.0.clone()));
                    let version = Some(version.0);
                    newer.push(ScopeSet { scope, set: Some((bytes, set)), version, known: true });
                }
                Err(error) => {
                    recorder.data_set(&scope, "damaged, not used", Some(bytes.len()), Some(version.0));
                    let text = chain(&error);
                    recorder.problem(
                        "MP-AGT-031",
                        format!(
                            "the stored data set of {scope} is damaged: {text}; restore a former version"
                        ),
                    );
                }
            }
        }
        newer
    }
}

/// Only what is to become different: the rest may change under the user's hands between reading and writing.
fn differing(mine: &DataSet, merged: &DataSet) -> DataSet {
    let mut wanted = DataSet { registry: KeyEdit::root(), ..merged.clone() };
    wanted.registry = differing_key(Some(&mine.registry), &merged.registry);
    let differs =
        |entry: &&FileEntry| mine.file(&entry.path).is_none_or(|other| other.change != entry.change);
    wanted.replace_files(merged.files.iter().filter(differs).cloned().collect());
    wanted
}

fn differing_key(mine: Option<&KeyEdit>, merged: &KeyEdit) -> KeyEdit {
    if mine == Some(merged) {
        return KeyEdit::new(merged.name.clone(), KeyAction::Pass);
    }
    let is_whole = |edit: &KeyEdit| matches!(edit.action, KeyAction::Delete | KeyAction::Replace);
    if is_whole(merged) || mine.is_some_and(is_whole) {
        return merged.clone();
    }
    let same_action = mine.is_some_and(|mine| mine.action == merged.action);
    let action = if same_action { KeyAction::Pass } else { merged.action };
    let mut wanted = merged.clone();
    wanted.action = action;
    let differs = |value: &&ValueEdit| mine.and_then(|mine| mine.value(value.name())) != Some(value);
    wanted.replace_values(merged.values().iter().filter(differs).cloned().collect());
    let below = merged
        .subkeys()
        .iter()
        .map(|below| differing_key(mine.and_then(|mine| mine.subkey(&below.name)), below));
    wanted.replace_subkeys(below.filter(|below| !below.is_noop()).collect());
    wanted
}
