use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use mp_dataset::ProfileKind;
use mp_profile::{DataSetStore, Scope, Seen, SessionChanges, SessionProfile, Sets, Sid, Unapplied};

use super::{
    Agent, AgentError,
    base::{Copies, ScopeSet},
    begun::left_by,
    late::without_mirrors,
    parts::{Awaited, scopes},
    record::{self, MergedScope, SessionRecord, marked},
    upload::report_leftovers,
};
use crate::{
    chain::chain,
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent, SessionReport},
    spool::digest,
};

/// Beyond the plan's own bound for a connection, how long a first plan may take: without it nothing can be done at all.
const FIRST_PLAN: Duration = Duration::from_secs(15);

impl Agent<'_> {
    /// A user logs on: brings the user's data sets into the loaded profile.
    ///
    /// # Errors
    /// When nothing could be done at all. That storage is away is no error: the session goes on, and the report says so.
    pub fn logon(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        self.begin(sid, false)
    }

    /// The same, but of a plan whose logons wait for some data subsets only, it brings in just these;
    /// [`Agent::merge_late`] is to bring in the rest at once.
    ///
    /// # Errors
    /// As [`Agent::logon`].
    pub fn import(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        self.begin(sid, true)
    }

    fn begin(&self, sid: &Sid, in_parts: bool) -> Result<SessionReport, AgentError> {
        self.work(SessionEvent::Logon, sid, |plan, recorder| {
            self.bring_in(sid, plan?, in_parts, recorder).map(|()| true)
        })
    }

    fn bring_in(
        &self,
        sid: &Sid,
        cached: Option<CachedPlan>,
        in_parts: bool,
        recorder: &mut Recorder,
    ) -> Result<(), AgentError> {
        let newer = self.ask_for_plan(cached.clone());
        let mut plan = match cached {
            Some(plan) => plan,
            None => {
                let plan = first_plan(&newer)?;
                self.keep_plan(&plan, recorder);
                plan
            }
        };
        recorder.step("plan");

        let mut profile = self.host.open(sid)?;
        self.go_on()?;
        recorder.step("open profile");
        if !self.may_merge(profile.as_ref(), recorder) {
            profile.close()?;
            recorder.step("release profile");
            return Ok(());
        }
        // The console was asked at the start; a plan that has come meanwhile is followed at once.
        if let Ok(Ok(Some(newer))) = newer.try_recv() {
            self.keep_plan(&newer, recorder);
            plan = newer;
        }
        let first = self.first_look(sid, profile.as_mut(), &mut plan.plan)?;
        recorder.report.plan_revision = plan.plan.revision;
        let settings = self.settings.over(Some(&plan.plan));
        recorder.report.mode = Some(settings.mode);
        let rules = super::compile(&plan.plan.subsets, plan.plan.group.as_ref(), plan.plan.revision)?;
        let awaited = Awaited::of(&plan.plan, &settings).filter(|_| in_parts);
        let store = self.connections.storage(&plan.plan);
        if let Ok(store) = &store {
            self.send_leftovers(sid, store.as_ref(), recorder);
        }
        let copies = Copies::of(settings.storage_away);
        let all = scopes(plan.plan.group.as_ref());
        let wanted = awaited.as_ref().map_or_else(|| all.clone(), |awaited| awaited.scopes.clone());
        let begun = match first {
            Some(_) => self.begun_import(sid, profile.as_ref(), &plan.plan),
            None => None,
        };
        let mut sets = begun.as_ref().map_or_else(Vec::new, |begun| self.begun_sets(sid, begun, recorder));
        let begun_with = sets.len();
        let wanted: Vec<Scope> =
            wanted.into_iter().filter(|scope| sets.iter().all(|set| set.scope != *scope)).collect();
        if !wanted.is_empty() {
            sets.extend(self.fetch(sid, wanted, store.as_deref(), copies, recorder));
        }
        // What cannot be had now leaves the session without; then nothing else need be put off.
        let awaited = awaited.filter(|_| sets.iter().all(|set| set.known));
        recorder.step("fetch and verify");
        let mut seen = Seen::read(profile.as_mut(), &rules)?;
        let mut notes = std::mem::take(&mut seen.notes);
        // What the user has changed since the profile was first seen stays the user's.
        let left = first
            .as_ref()
            .and_then(|first| left_by(&sets[..begun_with].iter().collect::<Vec<_>>(), first, &seen.baseline));
        let before = left.as_ref().or(first.as_ref());
        let changes = before.map(|before| SessionChanges::between(before, &seen.baseline));
        let changes = changes.filter(|changes| !changes.is_empty());
        let spared: Vec<_> = sets
            .iter()
            .filter_map(|set| Some((&set.scope, changes.as_ref()?.without(&set.set.as_ref()?.1, &mut notes))))
            .collect();
        recorder.step("read baseline");
        let sets_of = |part: fn(&Scope) -> bool| {
            let spared = spared.iter().find(|(scope, _)| part(scope)).map(|(_, set)| set);
            let set = sets.iter().find(|set| part(&set.scope));
            spared.or_else(|| set.and_then(|set| Some(&set.set.as_ref()?.1)))
        };
        let sources = Sets {
            global: sets_of(|scope| matches!(scope, Scope::Global)),
            group: sets_of(|scope| matches!(scope, Scope::Group(_))),
        };
        let rules = match &changes {
            Some(_) => {
                let subsets = without_mirrors(&plan.plan.subsets);
                super::compile(&subsets, plan.plan.group.as_ref(), plan.plan.revision)?
            }
            None => rules,
        };
        let now = match &awaited {
            Some(awaited) => rules.only(|subset, _| awaited.has(subset)),
            None => rules,
        };
        self.go_on()?;
        let mut record = self.record(&plan, &all, &sets, awaited.as_ref());
        record.note_servers(store.as_deref().ok(), begun.as_ref());
        let bases = sets.iter().filter_map(|set| Some((&set.scope, set.set.as_ref()?.0.as_slice())));
        let baseline = first.as_ref().unwrap_or(&seen.baseline);
        // With a picture of the load, an import that is cut off can be finished.
        match record::seen(profile.as_ref()) {
            Some(picture) => record.begun(picture).save(&self.state, sid, baseline, bases)?,
            None => record.save(&self.state, sid, baseline, bases)?,
        }
        recorder.step("keep base");
        let mut imported = mp_profile::import_seen(profile.as_mut(), &now, &sources, &seen)?;
        recorder.step(if awaited.is_some() { "import what the logon waits for" } else { "import" });
        imported.report.notes.append(notes);
        record.unapplied = imported.unapplied;
        record.note_spared(&imported.report);
        recorder.report.import = Some(imported.report);
        recorder.session(&record.session);
        record.write(&self.state, sid, std::iter::empty())?;
        record.mark(profile.as_mut())?;
        if let Err(error) = profile.close() {
            // What was imported may not be in the hive that stays, so nothing may be said about it.
            SessionRecord::remove(&self.state, sid)?;
            return Err(error.into());
        }
        recorder.step("release profile");
        if copies != Copies::None {
            self.keep_copies(sid, &sets, recorder);
        }
        let whole = record.all_merged() || awaited.is_some();
        recorder.report.outcome = if whole { Outcome::Merged } else { Outcome::NotMerged };
        // The next logon follows a plan that came too late for this one.
        if let Ok(Ok(Some(late))) = newer.try_recv() {
            self.keep_plan(&late, recorder);
        }
        Ok(())
    }

    /// A session can do without the plan on disk; the next one may not.
    fn keep_plan(&self, plan: &CachedPlan, recorder: &mut Recorder) {
        if let Err(error) = plan.save(&self.state) {
            recorder.problem("MP-AGT-051", format!("the new plan is not kept: {}", chain(&error)));
        }
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
        recorder.report.profile = kind.name().to_owned();
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
                        kind.name()
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
        if let Some(marked) = marked(profile).filter(|marked| !marked.over) {
            recorder.session(&marked.session);
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
        let sent =
            self.spool.send_user(sid, store, &mut |entry, sent| self.tell_ahead(entry, sent, recorder));
        for error in &sent.damaged {
            recorder.problem("MP-AGT-020", format!("an entry of the spool cannot be sent: {}", chain(error)));
        }
        report_leftovers(sent.tried.iter(), recorder);
        if !sent.tried.is_empty() {
            recorder.step("send spool");
        }
    }

    fn record(
        &self,
        plan: &CachedPlan,
        all: &[Scope],
        sets: &[ScopeSet],
        awaited: Option<&Awaited>,
    ) -> SessionRecord {
        let scopes = all.iter().map(|scope| {
            let set = sets.iter().find(|set| set.scope == *scope);
            let known = set.is_some_and(|set| set.known);
            MergedScope {
                scope: scope.clone(),
                merged: known && awaited.is_none(),
                held: known && awaited.is_some(),
                begun: false,
                spared: false,
                version: set.and_then(|set| set.version.clone()),
                digest: set.and_then(|set| set.set.as_ref()).map(|(bytes, _)| digest(bytes)),
                within: None,
                server: None,
            }
        });
        SessionRecord {
            session: random_name(),
            plan_revision: plan.plan.revision,
            group: plan.plan.group.clone(),
            subsets: plan.plan.subsets.clone(),
            picture: None,
            awaited: awaited.map(Awaited::names).unwrap_or_default(),
            scopes: scopes.collect(),
            newer: Vec::new(),
            unapplied: Unapplied::default(),
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

/// Random enough that no two sessions share it.
fn random_name() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    u128::from_le_bytes(bytes).to_string()
}
