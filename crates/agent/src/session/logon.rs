use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use mp_dataset::{DataSet, DecodeError, Limits, ProfileKind, Verified};
use mp_profile::{
    Baseline, DataSetStore, Fetched, GroupName, Scope, SessionProfile, Sets, Sid, StoreError, Unapplied,
    VersionTag,
};

use super::{
    Agent, AgentError,
    record::{MergedScope, SessionRecord, marked},
};
use crate::{
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent, SessionReport, profile_text},
    spool::{Intent, digest},
};

/// Beyond the plan's own bound for a connection, how long a first plan may take: without it nothing can be done at all.
const FIRST_PLAN: Duration = Duration::from_secs(15);

/// What is known of one scope's data set after storage was asked.
struct ScopeSet {
    scope: Scope,
    /// The file and its content; `None` when there is none, or it could not be had.
    set: Option<(Vec<u8>, DataSet)>,
    version: Option<String>,
    /// Whether storage answered with authority, and what it gave is sound.
    known: bool,
}

impl Agent<'_> {
    /// A user logs on: brings the user's data sets into the loaded profile.
    ///
    /// # Errors
    /// When nothing could be done at all. That storage is away is no error: the session goes on, and the report says so.
    pub fn logon(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        let mut recorder = Recorder::new(SessionEvent::Logon, sid, self.host.name(), self.clock.now());
        let _lock = self.state.lock(sid)?;
        let cached = CachedPlan::load(&self.state)?;
        let newer = self.ask_for_plan(cached.clone());
        let mut plan = match cached {
            Some(plan) => plan,
            None => {
                let first = first_plan(&newer)?;
                first.save(&self.state)?;
                first
            }
        };
        recorder.step("plan");

        let mut profile = self.host.open(sid)?;
        recorder.step("open profile");
        if !self.may_merge(profile.as_ref(), &mut recorder) {
            return self.finish(recorder, profile);
        }
        // The console was asked at the start; a plan that has come meanwhile is followed at once.
        if let Ok(Ok(Some(newer))) = newer.try_recv() {
            newer.save(&self.state)?;
            plan = newer;
        }
        recorder.report.plan_revision = plan.plan.revision;
        let rules = super::compile(&plan.plan.subsets, plan.plan.group.as_ref(), plan.plan.revision)?;
        let store = self.connections.storage(&plan.plan);
        if let Ok(store) = &store {
            self.send_leftovers(sid, store.as_ref(), &mut recorder);
        }
        let sets = self.fetch(sid, plan.plan.group.as_ref(), store, &mut recorder);
        recorder.step("fetch and verify");
        let (baseline, unread) = Baseline::snapshot(profile.as_mut(), &rules)?;
        recorder.step("read baseline");
        let sets_of = |part: fn(&Scope) -> bool| {
            let set = sets.iter().find(|set| part(&set.scope));
            set.and_then(|set| Some(&set.set.as_ref()?.1))
        };
        let sources = Sets {
            global: sets_of(|scope| matches!(scope, Scope::Global)),
            group: sets_of(|scope| matches!(scope, Scope::Group(_))),
        };
        let mut imported = mp_profile::import(profile.as_mut(), &rules, &sources)?;
        recorder.step("import");
        for note in unread.notes {
            imported.report.notes.add(note.code, note.place, note.text);
        }
        let record = self.record(&plan, &sets, imported.unapplied);
        let bases = sets.iter().filter_map(|set| Some((&set.scope, set.set.as_ref()?.0.as_slice())));
        record.save(&self.state, sid, &baseline, bases)?;
        record.mark(profile.as_mut())?;
        recorder.step("keep base");
        recorder.report.import = Some(imported.report);
        recorder.report.outcome = if record.all_merged() { Outcome::Merged } else { Outcome::NotMerged };
        let report = self.finish(recorder, profile)?;
        // The next logon follows a plan that came too late for this one.
        if let Ok(Ok(Some(late))) = newer.try_recv() {
            late.save(&self.state)?;
        }
        Ok(report)
    }

    /// Asks the console on a thread of its own, so that its round trips cost the session nothing.
    fn ask_for_plan(&self, cached: Option<CachedPlan>) -> mpsc::Receiver<Result<Option<CachedPlan>, String>> {
        let (sender, receiver) = mpsc::channel();
        let connections = Arc::clone(&self.connections);
        std::thread::spawn(move || {
            // Nobody listens any more when the session was faster; then the next one asks again.
            drop(sender.send(connections.newer_plan(cached.as_ref())));
        });
        receiver
    }

    /// Whether this profile takes data sets now; otherwise the report says why not.
    fn may_merge(&self, profile: &dyn SessionProfile, recorder: &mut Recorder) -> bool {
        let kind = profile.kind();
        recorder.report.profile = profile_text(kind).to_owned();
        match kind {
            ProfileKind::Mandatory => {}
            ProfileKind::Temporary => {
                recorder.problem("MP-AGT-010", "Windows gave the user a temporary profile: nothing is imported and nothing will be exported; find out why the profile could not be loaded".to_owned());
                return false;
            }
            ProfileKind::Local | ProfileKind::Roaming => {
                recorder.problem(
                    "MP-AGT-011",
                    format!(
                        "the profile is {}, not mandatory: it is only exported, as a source for migration",
                        profile_text(kind)
                    ),
                );
                return false;
            }
            ProfileKind::Unknown => {
                recorder.problem(
                    "MP-AGT-012",
                    "the kind of the profile cannot be told: it is left alone".to_owned(),
                );
                return false;
            }
        }
        if let Some(marked) = marked(profile) {
            recorder.report.outcome = if marked.merged { Outcome::AlreadyMerged } else { Outcome::NotMerged };
            if !marked.merged {
                recorder.problem("MP-AGT-013", "this session went on without its settings at logon; they are not merged now, over what the user has changed since".to_owned());
            }
            return false;
        }
        true
    }

    /// Sends what earlier sessions left in the spool, so that this one starts from it.
    fn send_leftovers(&self, sid: &Sid, store: &dyn DataSetStore, recorder: &mut Recorder) {
        match self.spool.entries(sid) {
            Ok(entries) if entries.is_empty() => return,
            Ok(_) => {}
            Err(error) => {
                return recorder.problem("MP-AGT-020", format!("the spool cannot be read: {error}"));
            }
        }
        for delivery in self.spool.send_user(sid, store) {
            if let Err(error) = delivery.result {
                let scope = delivery.entry.scope;
                let text = format!(
                    "the data set of {scope} of an earlier session still waits in the spool: {error}"
                );
                recorder.problem("MP-AGT-021", text);
            }
        }
        recorder.step("send spool");
    }

    /// Asks storage for the data sets of both scopes at once.
    fn fetch(
        &self,
        sid: &Sid,
        group: Option<&GroupName>,
        store: Result<Box<dyn DataSetStore>, StoreError>,
        recorder: &mut Recorder,
    ) -> Vec<ScopeSet> {
        let scopes = std::iter::once(Scope::Global).chain(group.cloned().map(Scope::Group));
        let wanted: Vec<(Scope, Option<VersionTag>)> = scopes.map(|scope| (scope, None)).collect();
        let fetched = store.and_then(|store| store.fetch_all(sid, &wanted));
        let scopes = wanted.into_iter().map(|(scope, _)| scope);
        match fetched {
            Ok(answers) => {
                scopes.zip(answers).map(|(scope, answer)| accept(scope, answer, recorder)).collect()
            }
            Err(error) => {
                let next =
                    "the session goes on without its stored settings; check the Storage Service and its port";
                recorder.problem("MP-AGT-030", format!("{error}; {next}"));
                scopes.map(|scope| self.waiting_set(sid, scope, recorder)).collect()
            }
        }
    }

    /// Storage is away. What this host exported and could not send yet is newer than anything else known here: the session
    /// continues from it, and its export will take its place in the spool with the same base.
    fn waiting_set(&self, sid: &Sid, scope: Scope, recorder: &mut Recorder) -> ScopeSet {
        let entries = self.spool.entries(sid).unwrap_or_default();
        let last = entries.iter().rev().find(|entry| entry.scope == scope);
        let replace = last.filter(|entry| matches!(entry.intent, Intent::Replace { .. }));
        let found = replace.and_then(|entry| {
            let bytes = self.spool.read(entry).ok()?;
            let set = verified(&bytes).ok()?;
            Some((bytes, set))
        });
        match found {
            Some((bytes, set)) => {
                recorder.data_set(&scope, "imported from the spool", Some(bytes.len()), None);
                ScopeSet { scope, set: Some((bytes, set)), version: None, known: true }
            }
            None => {
                recorder.data_set(&scope, "not fetched", None, None);
                ScopeSet { scope, set: None, version: None, known: false }
            }
        }
    }

    fn record(&self, plan: &CachedPlan, sets: &[ScopeSet], unapplied: Unapplied) -> SessionRecord {
        let scopes = sets.iter().map(|set| MergedScope {
            scope: set.scope.clone(),
            merged: set.known,
            version: set.version.clone(),
            digest: set.set.as_ref().map(|(bytes, _)| digest(bytes)),
        });
        SessionRecord {
            session: random_name(),
            plan_revision: plan.plan.revision,
            group: plan.plan.group.clone(),
            subsets: plan.plan.subsets.clone(),
            scopes: scopes.collect(),
            unapplied,
        }
    }
}

fn first_plan(newer: &mpsc::Receiver<Result<Option<CachedPlan>, String>>) -> Result<CachedPlan, AgentError> {
    match newer.recv_timeout(FIRST_PLAN) {
        Ok(Ok(Some(plan))) => Ok(plan),
        Ok(Ok(None)) => Err(AgentError::NoPlan("it says that there is none".to_owned())),
        Ok(Err(error)) => Err(AgentError::NoPlan(error)),
        Err(_) => Err(AgentError::NoPlan(format!("no answer in {} s", FIRST_PLAN.as_secs()))),
    }
}

/// Verifies what storage gave. A damaged data set is not used, and not replaced either.
fn accept(scope: Scope, answer: Fetched, recorder: &mut Recorder) -> ScopeSet {
    match answer {
        Fetched::Data { version, bytes } => match verified(&bytes) {
            Ok(set) => {
                recorder.data_set(&scope, "imported", Some(bytes.len()), Some(version.0.clone()));
                ScopeSet { scope, set: Some((bytes, set)), version: Some(version.0), known: true }
            }
            Err(error) => {
                recorder.data_set(&scope, "damaged, not used", Some(bytes.len()), Some(version.0));
                recorder.problem(
                    "MP-AGT-031",
                    format!("the stored data set of {scope} is damaged: {error}; restore a former version"),
                );
                ScopeSet { scope, set: None, version: None, known: false }
            }
        },
        Fetched::None | Fetched::NotModified => {
            recorder.data_set(&scope, "none stored", None, None);
            ScopeSet { scope, set: None, version: None, known: true }
        }
    }
}

fn verified(bytes: &[u8]) -> Result<DataSet, DecodeError> {
    mp_dataset::decode(bytes, &Limits::default()).map(Verified::into_data_set)
}

/// Random enough that no two sessions share it.
fn random_name() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    u128::from_le_bytes(bytes).to_string()
}
