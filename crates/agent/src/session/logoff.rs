use mp_dataset::{DataSet, Origin, ProfileKind};
use mp_profile::{Baseline, ExportInputs, Scope, SessionProfile, Sets, Sid};

use super::{
    Agent, AgentError,
    record::{SessionRecord, marked},
};
use crate::{
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent, SessionReport},
    spool::{Intent, Sent, SpoolEntry},
    state::StateError,
};

/// Why an export replaces nothing when the marker is not in the hive.
const NOT_MERGED: &str = "the stored data set was not merged into this load of the user's registry";

/// What is known of the session that ends.
struct Session {
    /// The record made at logon, when it speaks about this very load of the hive.
    record: Option<SessionRecord>,
    kind: ProfileKind,
    /// The profile's defaults at logon.
    baseline: Option<Baseline>,
    /// The data sets that were merged at logon.
    global: Option<DataSet>,
    group: Option<DataSet>,
}

impl Agent<'_> {
    /// A user logs off: exports what the data subsets name, puts it into the spool, lets the profile go, and sends it.
    ///
    /// # Errors
    /// When nothing could be exported. That storage is away is no error: the export waits in the spool.
    pub fn logoff(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        let mut recorder = Recorder::new(SessionEvent::Logoff, sid, self.host.name(), self.clock.now());
        let _lock = self.state.lock(sid)?;
        let plan = CachedPlan::load(&self.state)?
            .ok_or_else(|| AgentError::NoPlan("no logon has fetched one".to_owned()))?;
        let mut profile = self.host.open(sid)?;
        recorder.report.profile = profile.kind().name().to_owned();
        recorder.step("open profile");
        if matches!(profile.kind(), ProfileKind::Temporary | ProfileKind::Unknown) {
            recorder.problem(
                "MP-AGT-010",
                format!("the profile is {}: it is never exported", profile.kind().name()),
            );
            return self.finish(recorder, profile);
        }
        let session = self.session(sid, profile.as_ref());
        let record = session.record.as_ref();
        recorder.report.plan_revision = record.map_or(plan.plan.revision, |record| record.plan_revision);
        let subsets = record.map_or(&plan.plan.subsets, |record| &record.subsets);
        let group = record.map_or(plan.plan.group.as_ref(), |record| record.group.as_ref());
        let rules = super::compile(subsets, group, recorder.report.plan_revision)?;
        let group = group.cloned().map(Scope::Group);

        let inputs = ExportInputs {
            origin: self.origin(sid),
            has_group: group.is_some(),
            base: Sets { global: session.global.as_ref(), group: session.group.as_ref() },
            baseline: session.baseline.as_ref(),
            unapplied: record.map(|record| &record.unapplied),
        };
        let exported = mp_profile::export(profile.as_mut(), &rules, &inputs)?;
        recorder.step("export");
        profile.close()?;
        recorder.step("release profile");
        let sets = std::iter::once((Scope::Global, Some(exported.global), session.global.as_ref()));
        let sets = sets.chain(group.map(|scope| (scope, exported.group, session.group.as_ref())));
        let mut pending = Vec::new();
        for (scope, set, base) in sets {
            if let Some(set) = set {
                pending.extend(self.spool_export(sid, &scope, &set, base, &session, &mut recorder)?);
            }
        }
        recorder.report.export = Some(exported.report);
        recorder.step("encode and spool");
        recorder.report.outcome = self.send_exports(sid, &plan, &pending, &mut recorder);
        recorder.step("send");
        SessionRecord::remove(&self.state, sid)?;
        recorder.report.save(&self.state)?;
        Ok(recorder.report)
    }

    /// What is known of the session: only what speaks about this very load of the hive, and only if all of it can be read.
    fn session(&self, sid: &Sid, profile: &dyn SessionProfile) -> Session {
        let kind = profile.kind();
        let none = Session { record: None, kind, baseline: None, global: None, group: None };
        let Some(mut record) =
            marked(profile).and_then(|marked| SessionRecord::load(&self.state, sid, &marked.session))
        else {
            return none;
        };
        let Some(baseline) = SessionRecord::baseline(&self.state, sid) else { return none };
        let (mut global, mut group) = (None, None);
        for scope in &mut record.scopes {
            let base = SessionRecord::base(&self.state, sid, &scope.scope);
            // Without its base an export would drop what it only carries on, so it may replace nothing.
            scope.merged &= base.is_some() || scope.digest.is_none();
            match scope.scope {
                Scope::Global => global = base.filter(|_| scope.merged),
                Scope::Group(_) => group = base.filter(|_| scope.merged),
            }
        }
        Session { record: Some(record), kind, baseline: Some(baseline), global, group }
    }

    fn origin(&self, sid: &Sid) -> Origin {
        Origin {
            sid: sid.to_string(),
            host: self.host.name().to_owned(),
            software: concat!("metaprofiles-agent ", env!("CARGO_PKG_VERSION")).to_owned(),
            exported: self.clock.now(),
            ..Origin::default()
        }
    }

    /// Puts one scope's export into the spool, unless nothing in it changed.
    fn spool_export(
        &self,
        sid: &Sid,
        scope: &Scope,
        set: &DataSet,
        base: Option<&DataSet>,
        session: &Session,
        recorder: &mut Recorder,
    ) -> Result<Option<SpoolEntry>, AgentError> {
        let intent = intent(scope, session);
        let unchanged = match base {
            Some(base) => base.registry == set.registry && base.files == set.files,
            None => set.is_empty(),
        };
        if unchanged && matches!(intent, Intent::Replace { .. }) {
            recorder.data_set(scope, "unchanged", None, None);
            return Ok(None);
        }
        let mut bytes = Vec::new();
        if let Err(error) = mp_dataset::encode(set, &mut bytes) {
            recorder.data_set(scope, "not stored", None, None);
            recorder.problem(
                "MP-AGT-040",
                format!(
                    "the export of {scope} cannot be packed: {error}; the stored data set stays as it is"
                ),
            );
            return Ok(None);
        }
        Ok(Some(self.put(sid, scope, intent, session, &bytes)?))
    }

    /// A data set that this session started from and that still waits in the spool is superseded: the new one holds all
    /// of it, and takes over its base.
    fn put(
        &self,
        sid: &Sid,
        scope: &Scope,
        mut intent: Intent,
        session: &Session,
        bytes: &[u8],
    ) -> Result<SpoolEntry, StateError> {
        let mut superseded = None;
        if let Intent::Replace { base, base_digest } = &mut intent
            && let Some(waiting) = self.waiting(sid, scope)?
            && let Intent::Replace { base: its_base, base_digest: its_digest } = &waiting.intent
            && session.record.as_ref().and_then(|record| record.scope(scope)?.digest.clone())
                == Some(crate::spool::digest(&self.spool.read(&waiting)?))
        {
            base.clone_from(its_base);
            base_digest.clone_from(its_digest);
            superseded = Some(waiting);
        }
        let entry = self.spool.put(sid, scope, intent, bytes)?;
        if let Some(waiting) = superseded {
            self.spool.remove(&waiting)?;
        }
        Ok(entry)
    }

    fn waiting(&self, sid: &Sid, scope: &Scope) -> Result<Option<SpoolEntry>, StateError> {
        Ok(self.spool.entries(sid)?.into_iter().rev().find(|entry| entry.scope == *scope))
    }

    /// Sends all that waits for the user, and says what became of this session's exports.
    fn send_exports(
        &self,
        sid: &Sid,
        plan: &CachedPlan,
        pending: &[SpoolEntry],
        recorder: &mut Recorder,
    ) -> Outcome {
        if pending.is_empty() {
            return Outcome::Stored;
        }
        let sent = match self.connections.storage(&plan.plan) {
            Ok(store) => self.spool.send_user(sid, store.as_ref()),
            Err(error) => {
                recorder.problem("MP-AGT-041", format!("{error}; the export waits in the spool"));
                Vec::new()
            }
        };
        let mut outcome = Outcome::Stored;
        for entry in pending {
            let delivery = sent.iter().find(|delivery| delivery.entry.number == entry.number);
            let bytes = delivery.map(|delivery| delivery.bytes);
            match delivery.map(|delivery| &delivery.result) {
                Some(Ok(Sent::Stored(version))) => {
                    recorder.data_set(&entry.scope, "stored", bytes, Some(version.0.clone()));
                }
                Some(Ok(Sent::Quarantined(reason))) => {
                    recorder.data_set(&entry.scope, "quarantined", bytes, None);
                    let next = "look at both in the console";
                    let text = format!(
                        "the export of {} is kept beside the stored data set: {reason}; {next}",
                        entry.scope
                    );
                    recorder.problem("MP-AGT-042", text);
                    outcome = Outcome::Quarantined;
                }
                Some(Err(error)) => {
                    recorder.data_set(&entry.scope, "spooled", bytes, None);
                    let text = format!("{error}; the export of {} waits in the spool", entry.scope);
                    recorder.problem("MP-AGT-041", text);
                    outcome = Outcome::Spooled;
                }
                None => {
                    recorder.data_set(&entry.scope, "spooled", bytes, None);
                    outcome = Outcome::Spooled;
                }
            }
        }
        outcome
    }
}

/// What storage shall do with the export of a scope.
fn intent(scope: &Scope, session: &Session) -> Intent {
    let merged = session.record.as_ref().and_then(|record| record.scope(scope)).filter(|scope| scope.merged);
    match (merged, session.kind) {
        (Some(merged), _) => {
            Intent::Replace { base: merged.version.clone(), base_digest: merged.digest.clone() }
        }
        // Captured for migration: it becomes the first data set, and never replaces one.
        (None, ProfileKind::Local | ProfileKind::Roaming) => {
            Intent::Replace { base: None, base_digest: None }
        }
        (None, _) => Intent::Quarantine { reason: NOT_MERGED.to_owned() },
    }
}
