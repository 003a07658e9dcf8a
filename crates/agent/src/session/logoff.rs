use mp_dataset::{DataSet, Origin, ProfileKind};
use mp_profile::{
    Baseline, ExportInputs, HostError, Scope, SessionProfile, Sets, Sid,
    machine::{Aim, ExportKind},
};

use super::{
    Agent, AgentError,
    place::Place,
    record::{SessionRecord, marked, seen},
    upload::{After, Export, report_room},
    work::LoadedPlan,
};
use crate::{
    chain::chain,
    report::{Outcome, Recorder, SessionEvent, SessionReport},
    spool::{ConflictRules, NewEntry},
};

/// Reason written to quarantine when the marker is not in the hive, or the logon went on without the stored data set.
pub const NOT_MERGED: &str = "the stored data set was not merged into this load of the user's registry";

/// What is known of the session that ends.
pub(super) struct Session {
    /// The record made at logon, when it speaks about this very load of the hive.
    pub(super) record: Option<SessionRecord>,
    pub(super) kind: ProfileKind,
    /// Whether a picture was taken of this load of the hive, and nothing was merged into it since.
    pub(super) seen: bool,
    /// The profile's defaults at logon.
    pub(super) baseline: Option<Baseline>,
    /// The data sets that were merged at logon.
    pub(super) global: Option<DataSet>,
    pub(super) group: Option<DataSet>,
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
        if !self.settings.turned_off && self.rest_follows(sid) {
            // Without it the export would be kept beside. When it fails, that is what happens.
            drop(self.merge_late(sid));
        }
        self.work(SessionEvent::Logoff, sid, |plan, recorder| {
            self.take_out(sid, plan, None, recorder).map(|()| true)
        })
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
        self.work(event, sid, |plan, recorder| self.take_out(sid, plan, Some(aim), recorder).map(|()| true))
    }

    /// Without an aim the export is sent as well.
    fn take_out(
        &self,
        sid: &Sid,
        plan: LoadedPlan,
        aim: Option<Aim>,
        recorder: &mut Recorder,
    ) -> Result<(), AgentError> {
        let mut profile = self.host.open(sid)?;
        self.go_on()?;
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
        let mut session = self.session(sid, profile.as_ref());
        if aim == Some(Aim::Replace) && session.record.is_none() {
            return Err(AgentError::Host(HostError::NotLoaded(sid.clone())));
        }
        match self.finish_newer(sid, profile.as_mut(), &session, recorder) {
            Ok(false) => {}
            Ok(true) => session = self.session(sid, profile.as_ref()),
            // An export that takes what was brought in for the user's is better than none.
            Err(error) => {
                let text = chain(&error);
                recorder.problem(
                    "MP-AGT-076",
                    format!("a merge with what others stored was cut off, and is not finished: {text}"),
                );
            }
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
        if let (None, Some(cached)) = (record, &plan) {
            // What is kept beside then is what the session did, deletions as well, and not the profile's defaults.
            session.baseline = self.first_look_by(sid, profile.as_mut(), &cached.plan)?;
        }

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
        self.note_exports(sid, session.record.as_mut(), &exports, recorder);
        if !exports.is_empty() {
            report_room(&self.spool, recorder);
        }
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
        // An import that still comes needs the picture.
        if session.record.is_some() || !session.seen {
            self.keep_base(sid, session.record, &exports, &after, recorder);
        }
        Ok(())
    }

    /// What is known of the session: only what speaks about this very load of the hive, and only if all of it can be read.
    pub(super) fn session(&self, sid: &Sid, profile: &dyn SessionProfile) -> Session {
        let kind = profile.kind();
        let seen = seen(profile).is_some();
        let none = Session { record: None, kind, seen, baseline: None, global: None, group: None };
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
        Session { record: Some(record), kind, seen, baseline: Some(baseline), global, group }
    }

    pub(super) fn origin(&self, sid: &Sid) -> Origin {
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
        let mut place = self.place(sid, &scope, session);
        let put = self.spool.put(&new_entry(sid, &scope, session, &place, &bytes), &place.instead);
        if let Err(error) = &put {
            let text = chain(error);
            recorder.problem(
                "MP-AGT-043",
                format!("the export of {scope} cannot be put into the spool: {text}; it is sent at once"),
            );
            place = place.unspooled(&self.spool);
        }
        let spooled = put.is_ok();
        let entry = put.unwrap_or_else(|_| new_entry(sid, &scope, session, &place, &bytes).entry());
        Some(Export { entry, bytes, base: place.base, spooled })
    }
}

fn new_entry<'a>(
    sid: &'a Sid,
    scope: &'a Scope,
    session: &Session,
    place: &'a Place,
    bytes: &'a [u8],
) -> NewEntry<'a> {
    let record = session.record.as_ref();
    NewEntry {
        base: place.base.as_deref(),
        session: record.map(|record| record.session.clone()),
        rules: record.map_or_else(ConflictRules::default, |record| {
            ConflictRules::of(&record.subsets, record.group.as_ref())
        }),
        took_over: place.took_over.clone(),
        after: place.after.clone(),
        ..NewEntry::new(sid, scope, place.intent.clone(), bytes)
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
