use mp_dataset::{DataSet, Origin, ProfileKind};
use mp_profile::{
    Baseline, ExportInputs, HostError, Scope, SessionProfile, Sets, Sid,
    machine::{Aim, ExportKind},
};

use super::{
    Agent, AgentError,
    record::{MergedScope, SessionRecord, marked},
    upload::{After, Export},
};
use crate::{
    chain::chain,
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent, SessionReport},
    spool::{ConflictRules, Intent, NewEntry, SpoolEntry, digest},
};

/// Reason written to quarantine when the marker is not in the hive, or the logon went on without the stored data set.
pub const NOT_MERGED: &str = "the stored data set was not merged into this load of the user's registry";

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
    /// It may be called again for the same load of the hive, as when two sessions of a user share it: each time it exports
    /// what changed since.
    ///
    /// # Errors
    /// When nothing could be exported. That storage is away is no error: the export waits in the spool.
    pub fn logoff(&self, sid: &Sid) -> Result<SessionReport, AgentError> {
        if let Some(left_alone) = self.turned_off(SessionEvent::Logoff, sid) {
            return left_alone;
        }
        let mut recorder = Recorder::new(SessionEvent::Logoff, sid, self.host.name(), self.clock.now());
        let _lock = self.lock(sid)?;
        let done = self.take_out(sid, None, &mut recorder);
        self.finish(recorder, done)
    }

    /// Exports what changed and puts it into the spool; [`Agent::upload`] sends it.
    ///
    /// # Errors
    /// When nothing could be exported; with [`Aim::Replace`] also when this is not the load of the hive that was merged.
    pub fn export(&self, sid: &Sid, kind: ExportKind, aim: Aim) -> Result<SessionReport, AgentError> {
        let event = match kind {
            ExportKind::Checkpoint => SessionEvent::Checkpoint,
            ExportKind::Final => SessionEvent::Logoff,
        };
        if let Some(left_alone) = self.turned_off(event, sid) {
            return left_alone;
        }
        let mut recorder = Recorder::new(event, sid, self.host.name(), self.clock.now());
        let _lock = self.lock(sid)?;
        let done = self.take_out(sid, Some(aim), &mut recorder);
        self.finish(recorder, done)
    }

    /// Without an aim the export is sent as well.
    fn take_out(&self, sid: &Sid, aim: Option<Aim>, recorder: &mut Recorder) -> Result<(), AgentError> {
        let plan = CachedPlan::load(&self.state);
        let mut profile = self.host.open(sid)?;
        recorder.report.profile = profile.kind().name().to_owned();
        recorder.step("open profile");
        if matches!(profile.kind(), ProfileKind::Temporary | ProfileKind::Unknown) {
            recorder.problem(
                "MP-AGT-010",
                format!("the profile is {}: it is never exported", profile.kind().name()),
            );
            profile.close()?;
            recorder.step("release profile");
            return Ok(());
        }
        let session = self.session(sid, profile.as_ref());
        if aim == Some(Aim::Replace) && session.record.is_none() {
            return Err(AgentError::Host(HostError::NotLoaded(sid.clone())));
        }
        let record = session.record.as_ref();
        if let Some(record) = record {
            recorder.session(&record.session);
        }
        // A session that has its record can be exported without a plan; it only cannot be sent yet.
        let plan = match plan {
            Err(error) if record.is_some() => {
                recorder.problem("MP-AGT-051", chain(&error));
                None
            }
            plan => plan?,
        };
        let (revision, subsets, group) = match (record, &plan) {
            (Some(record), _) => (record.plan_revision, &record.subsets, record.group.as_ref()),
            (None, Some(cached)) => (cached.plan.revision, &cached.plan.subsets, cached.plan.group.as_ref()),
            (None, None) => return Err(AgentError::NoPlan("no logon has fetched one".to_owned())),
        };
        recorder.report.plan_revision = revision;
        let rules = super::compile(subsets, group, revision)?;
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
        let sets = std::iter::once((Scope::Global, Some(exported.global), session.global.as_ref()));
        let sets = sets.chain(group.map(|scope| (scope, exported.group, session.group.as_ref())));
        let exports: Vec<Export> = sets
            .filter_map(|(scope, set, base)| self.spool_export(sid, scope, &set?, base, &session, recorder))
            .collect();
        recorder.report.export = Some(exported.report);
        recorder.step("encode and spool");
        if let Err(error) = profile.close() {
            // The export only read, and what it read is safe.
            recorder.problem("MP-AGT-014", format!("the profile is not let go: {}", chain(&error)));
        }
        recorder.step("release profile");
        let after = if aim.is_some() && exports.iter().all(|export| export.spooled) {
            wait_in_spool(&exports, recorder)
        } else {
            let after = self.send_exports(sid, plan.as_ref(), &exports, recorder);
            recorder.step("send");
            after
        };
        self.keep_base(sid, session.record, &exports, &after, recorder);
        Ok(())
    }

    /// What is known of the session: only what speaks about this very load of the hive, and only if all of it can be read.
    fn session(&self, sid: &Sid, profile: &dyn SessionProfile) -> Session {
        let kind = profile.kind();
        let none = Session { record: None, kind, baseline: None, global: None, group: None };
        let Some(mut record) = marked(profile)
            .filter(|marked| !marked.over)
            .and_then(|marked| SessionRecord::load(&self.state, sid, &marked.session))
        else {
            return none;
        };
        let Some(baseline) = SessionRecord::baseline(&self.state, sid) else { return none };
        let (mut global, mut group) = (None, None);
        for scope in &mut record.scopes {
            let base = SessionRecord::base(&self.state, sid, scope);
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

    /// Puts one scope's export into the spool, unless there is nothing new in it.
    fn spool_export(
        &self,
        sid: &Sid,
        scope: Scope,
        set: &DataSet,
        base: Option<&DataSet>,
        session: &Session,
        recorder: &mut Recorder,
    ) -> Option<Export> {
        let unchanged = match base {
            Some(base) => base.registry == set.registry && base.files == set.files,
            None => set.is_empty(),
        };
        if unchanged {
            recorder.data_set(&scope, "unchanged", None, None);
            return None;
        }
        let mut bytes = Vec::new();
        if let Err(error) = mp_dataset::encode(set, &mut bytes) {
            recorder.data_set(&scope, "not stored", None, None);
            let text = chain(&error);
            recorder.problem(
                "MP-AGT-040",
                format!("the export of {scope} cannot be packed: {text}; the stored data set stays as it is"),
            );
            recorder.report.outcome = Outcome::Failed;
            return None;
        }
        let place = self.place(sid, &scope, session);
        let rules = match &session.record {
            Some(record) => ConflictRules::of(&record.subsets, record.group.as_ref()),
            None => ConflictRules::default(),
        };
        let new = NewEntry {
            base: place.base.as_deref(),
            session: session.record.as_ref().map(|record| record.session.clone()),
            rules,
            ..NewEntry::new(sid, &scope, place.intent, &bytes)
        };
        let put = self.spool.put(&new, &place.instead);
        let (entry, spooled) = match put {
            Ok(entry) => (entry, true),
            Err(error) => {
                let text = chain(&error);
                recorder.problem(
                    "MP-AGT-043",
                    format!("the export of {scope} cannot be put into the spool: {text}; it is sent at once"),
                );
                (new.entry(), false)
            }
        };
        Some(Export { entry, bytes, base: place.base, spooled })
    }

    /// What is to become of the export of a scope, and which entries of the spool it stands for.
    fn place(&self, sid: &Sid, scope: &Scope, session: &Session) -> Place {
        let intent = intent(scope, session);
        let waiting = self.spool.of(sid).map(|waiting| waiting.entries).unwrap_or_default();
        let waiting: Vec<_> = waiting.into_iter().filter(|entry| entry.scope == *scope).collect();
        match intent {
            Intent::Replace { base, base_digest, superseded } => {
                let merged = session.record.as_ref().and_then(|record| record.scope(scope));
                if let Some(place) = merged.and_then(|merged| self.supersede(waiting, merged)) {
                    return place;
                }
                let file = merged.and_then(|merged| SessionRecord::base_bytes(&self.state, sid, merged));
                let intent = Intent::Replace { base, base_digest, superseded };
                Place { intent, base: file, instead: Vec::new() }
            }
            intent => {
                let session = session.record.as_ref().map(|record| &record.session);
                // Each is a whole picture of the same profile: a captured one, or that of this very session.
                let former = |entry: &SpoolEntry| match intent {
                    Intent::First => entry.intent == Intent::First,
                    _ => entry.intent == intent && session.is_some() && entry.session.as_ref() == session,
                };
                let instead = waiting.into_iter().filter(former).collect();
                Place { intent, base: None, instead }
            }
        }
    }

    /// A data set that this session started from and that still waits in the spool is superseded: the new one holds all
    /// of it, and takes over its base. One whose merge may be stored already is what it was, and is sent first.
    fn supersede(&self, waiting: Vec<SpoolEntry>, merged: &MergedScope) -> Option<Place> {
        let merged = merged.digest.as_ref()?;
        let started_from = |entry: &SpoolEntry| {
            !entry.merging && self.spool.read(entry).is_ok_and(|bytes| digest(&bytes) == *merged)
        };
        let former = waiting.into_iter().rev().find(started_from)?;
        let Intent::Replace { base, base_digest, superseded } = &former.intent else { return None };
        let intent = Intent::Replace {
            base: base.clone(),
            base_digest: base_digest.clone(),
            superseded: superseded.iter().chain([merged]).cloned().collect(),
        };
        let base = self.spool.read_base(&former).ok()?;
        Some(Place { intent, base, instead: vec![former] })
    }
}

/// All of it is in the spool, from where it is sent apart.
fn wait_in_spool(exports: &[Export], recorder: &mut Recorder) -> Vec<After> {
    recorder.worse(Outcome::Stored);
    for export in exports {
        recorder.data_set(&export.entry.scope, "spooled", Some(export.bytes.len()), None);
        recorder.worse(Outcome::Spooled);
    }
    exports.iter().map(|_| After::Waits).collect()
}

/// What is to become of an export.
struct Place {
    intent: Intent,
    /// The file of the data set that it was made from.
    base: Option<Vec<u8>>,
    /// The entries of the spool whose place it takes.
    instead: Vec<SpoolEntry>,
}

/// What storage shall do with the export of a scope.
fn intent(scope: &Scope, session: &Session) -> Intent {
    let merged = session.record.as_ref().and_then(|record| record.scope(scope)).filter(|scope| scope.merged);
    match (merged, session.kind) {
        (Some(merged), _) => {
            let (base, base_digest) = (merged.version.clone(), merged.digest.clone());
            Intent::Replace { base, base_digest, superseded: Vec::new() }
        }
        // Captured for migration: it becomes the first data set, and never replaces one.
        (None, ProfileKind::Local | ProfileKind::Roaming) => Intent::First,
        (None, _) => Intent::Quarantine { reason: NOT_MERGED.to_owned() },
    }
}
