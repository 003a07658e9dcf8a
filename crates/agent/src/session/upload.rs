//! From a session's exports to storage, and what that means for the rest of the session.

use std::cell::{Cell, RefCell};

use mp_dataset::Overrides;
use mp_profile::{DataSetStore, Scope, Sid};

use super::{Agent, base::report_other_server, record::SessionRecord};
use crate::{
    chain::chain,
    plan::CachedPlan,
    report::{Outcome, Recorder},
    spool::{Deliveries, Delivery, Parcel, Room, Sent, Spool, SpoolEntry, deliver, digest},
    state::StateError,
};

/// One scope's export, packed.
pub(super) struct Export {
    /// What is to become of it. Its number is only right when it is spooled.
    pub(super) entry: SpoolEntry,
    pub(super) bytes: Vec<u8>,
    /// The file of the data set that it was made from.
    pub(super) base: Option<Vec<u8>>,
    /// Whether it is in the spool; otherwise it is only in memory.
    pub(super) spooled: bool,
}

/// What became of an export.
pub(super) enum After {
    Sent(Sent),
    Waits,
    Lost,
}

impl Agent<'_> {
    /// Sends all that waits for the user, and says what became of this session's exports.
    pub(super) fn send_exports(
        &self,
        sid: &Sid,
        plan: Option<&CachedPlan>,
        exports: &[Export],
        recorder: &mut Recorder,
    ) -> Vec<After> {
        recorder.worse(Outcome::Stored);
        let waits = |agent: &Self| agent.spool.of(sid).is_ok_and(|of| !of.entries.is_empty());
        if exports.is_empty() && !waits(self) {
            return Vec::new();
        }
        let store = match plan {
            Some(plan) => self.connections.storage(&plan.plan).map_err(|error| chain(&error)),
            None => Err("there is no plan that says where to send it".to_owned()),
        };
        if let Err(text) = &store {
            recorder.problem("MP-AGT-041", format!("{text}; the export waits in the spool"));
        }
        let store = store.as_deref().ok();
        let sent = store.map_or_else(Deliveries::default, |store| {
            self.spool.send_user(sid, store, &mut |entry, sent| self.tell_ahead(entry, sent, recorder))
        });
        let ours = |delivery: &&Delivery| {
            exports.iter().any(|export| export.spooled && export.entry.number == delivery.entry.number)
        };
        for error in &sent.damaged {
            recorder.problem("MP-AGT-020", format!("an entry of the spool cannot be sent: {}", chain(error)));
        }
        for Delivery { entry, .. } in sent.tried.iter().filter(|delivery| delivery.result.is_ok()) {
            if let Some(store) = store {
                report_other_server(&entry.scope, store, "was stored on", recorder);
            }
        }
        report_leftovers(sent.tried.iter().filter(|delivery| !ours(delivery)), recorder);
        let after = exports.iter().map(|export| {
            let delivery = sent.tried.iter().find(|delivery| delivery.entry.number == export.entry.number);
            let result = match (export.spooled, delivery, store) {
                (true, Some(delivery), _) => {
                    Some(delivery.result.as_ref().cloned().map_err(|error| chain(error)))
                }
                (true, None, _) | (false, _, None) => None,
                (false, _, Some(store)) => Some(self.send_unspooled(export, store, recorder)),
            };
            report_export(export, result, recorder)
        });
        let after: Vec<After> = after.collect();
        for (export, after) in exports.iter().zip(&after) {
            if let After::Sent(Sent::Stored(version)) = after
                && self.keeps_copies(plan)
            {
                let seen = Some((version.0.as_str(), export.bytes.as_slice()));
                self.keep_copy(sid, &export.entry.scope, seen, recorder);
            }
        }
        if waits(self) {
            recorder.worse(Outcome::Spooled);
        }
        after
    }

    /// Sends an export that the spool could not take.
    fn send_unspooled(
        &self,
        export: &Export,
        store: &dyn DataSetStore,
        recorder: &mut Recorder,
    ) -> Result<Sent, String> {
        let Export { entry, bytes, base, .. } = export;
        let merged = RefCell::default();
        let merging = |_: &str, overrides: &Overrides| {
            merged.replace(overrides.clone());
            Ok(())
        };
        let parcel = Parcel { entry, bytes, base: base.as_deref(), unanswered: Cell::new(false) };
        let sent = deliver(&parcel, store, &merging);
        match &sent {
            Ok(sent) => self.tell_ahead(entry, sent, recorder),
            // It may be stored, its acknowledgement lost, and nothing that waits would tell of it later.
            Err(_) => {
                report_overrides(&entry.scope, "an export that may be stored", &merged.take(), recorder);
            }
        }
        sent.map_err(|error| chain(&error))
    }

    /// Notes before they are sent that these exports are in the spool: they are the session's base from now on. Which
    /// version storage gives them, or whether it merges them, the next upload finds out by their digests.
    pub(super) fn note_exports(
        &self,
        sid: &Sid,
        record: Option<&mut SessionRecord>,
        exports: &[Export],
        recorder: &mut Recorder,
    ) {
        let Some(record) = record else { return };
        let mut bases = Vec::new();
        for export in exports.iter().filter(|export| export.spooled && export.entry.intent.replaces()) {
            bases.extend(rebase(record, export, None, None));
        }
        if !bases.is_empty() {
            report_record(record.write(&self.state, sid, bases.into_iter()), recorder);
        }
    }

    /// After an export the session may go on: another session of the user on this host may share the load of the hive.
    /// What was exported is its base from now on.
    pub(super) fn keep_base(
        &self,
        sid: &Sid,
        record: Option<SessionRecord>,
        exports: &[Export],
        after: &[After],
        recorder: &mut Recorder,
    ) {
        let Some(mut record) = record else {
            return report_record(SessionRecord::remove(&self.state, sid), recorder);
        };
        let mut bases = Vec::new();
        for (export, after) in exports.iter().zip(after) {
            match after {
                After::Sent(Sent::Stored(version)) => {
                    bases.extend(rebase(&mut record, export, Some(version.0.clone()), None));
                }
                // What is stored holds what is not in the profile, so an export must never replace it: the base is what
                // was exported, and the next upload is merged again.
                After::Sent(Sent::Merged { version, .. }) => {
                    bases.extend(rebase(&mut record, export, None, Some(version.0.clone())));
                }
                After::Sent(Sent::Quarantined(_)) => {
                    if let Some(scope) = record.scope_mut(&export.entry.scope) {
                        scope.merged = false;
                    }
                }
                // It was noted when it was put into the spool.
                After::Waits | After::Lost => {}
            }
        }
        report_record(record.write(&self.state, sid, bases.into_iter()), recorder);
    }
}

/// Makes an export the base of its scope: it has become this version, or is in that one, as far as is known.
fn rebase<'a>(
    record: &mut SessionRecord,
    export: &'a Export,
    version: Option<String>,
    within: Option<String>,
) -> Option<(&'a Scope, &'a [u8])> {
    let scope = record.scope_mut(&export.entry.scope)?;
    (scope.version, scope.within) = (version, within);
    scope.spared = false;
    scope.digest = Some(digest(&export.bytes));
    Some((&export.entry.scope, export.bytes.as_slice()))
}

fn report_record(kept: Result<(), StateError>, recorder: &mut Recorder) {
    if let Err(error) = kept {
        let next = "another logoff of this session replaces nothing";
        recorder
            .problem("MP-AGT-052", format!("the session's record is not kept: {}; {next}", chain(&error)));
    }
}

/// Says what became of what earlier sessions left.
pub(super) fn report_leftovers<'a>(tried: impl Iterator<Item = &'a Delivery>, recorder: &mut Recorder) {
    for delivery in tried {
        let of = format!("the data set of {} of an earlier session", delivery.entry.scope);
        match &delivery.result {
            Ok(Sent::Stored(_)) => {}
            Ok(Sent::Merged { overrides, .. }) => {
                report_overrides(&delivery.entry.scope, &of, overrides, recorder)
            }
            Ok(Sent::Quarantined(reason)) => recorder.problem(
                "MP-AGT-042",
                format!("{of} is kept beside the stored one: {reason}; look at both in the console"),
            ),
            Err(error) => {
                recorder.problem("MP-AGT-021", format!("{of} still waits in the spool: {}", chain(error)));
            }
        }
    }
}

/// Says that the spool is nearly full, while there is still room.
pub(super) fn report_room(spool: &Spool, recorder: &mut Recorder) {
    if let Ok(room) = spool.room()
        && room.is_short()
    {
        let Room { used, limit } = room;
        tracing::error!(used, limit, "The spool is nearly full");
        let next = "make storage reachable, then run `metaprofiles-agent spool --send`";
        recorder.problem("MP-AGT-046", format!("the spool is nearly full, {used} of {limit} bytes: {next}"));
    }
}

/// Says what two sessions changed differently.
fn report_overrides(scope: &Scope, of: &str, overrides: &Overrides, recorder: &mut Recorder) {
    let total = overrides.total();
    if total == 0 {
        return;
    }
    recorder.report.overrides.add(scope, overrides);
    let (theirs, mine) = (overrides.theirs_overridden, overrides.mine_overridden);
    recorder.problem(
        "MP-AGT-045",
        format!(
            "{of} was merged with what another session had stored, and both had changed {total} items differently: of {theirs} this one counts, of {mine} the other; both data sets are kept in storage"
        ),
    );
}

fn report_export(export: &Export, result: Option<Result<Sent, String>>, recorder: &mut Recorder) -> After {
    let (scope, bytes) = (&export.entry.scope, Some(export.bytes.len()));
    match result {
        Some(Ok(Sent::Stored(version))) => {
            recorder.data_set(scope, "stored", bytes, Some(version.0.clone()));
            After::Sent(Sent::Stored(version))
        }
        Some(Ok(Sent::Merged { version, overrides })) => {
            recorder.data_set(scope, "merged with a newer one and stored", bytes, Some(version.0.clone()));
            report_overrides(scope, &format!("the export of {scope}"), &overrides, recorder);
            After::Sent(Sent::Merged { version, overrides })
        }
        Some(Ok(Sent::Quarantined(reason))) => {
            recorder.data_set(scope, "quarantined", bytes, None);
            let next = "look at both in the console";
            let text = format!("the export of {scope} is kept beside the stored data set: {reason}; {next}");
            recorder.problem("MP-AGT-042", text);
            recorder.worse(Outcome::Quarantined);
            After::Sent(Sent::Quarantined(reason))
        }
        not_sent if export.spooled => {
            recorder.data_set(scope, "spooled", bytes, None);
            if let Some(Err(error)) = not_sent {
                recorder.problem("MP-AGT-041", format!("{error}; the export of {scope} waits in the spool"));
            }
            recorder.worse(Outcome::Spooled);
            After::Waits
        }
        not_sent => {
            recorder.data_set(scope, "not stored", bytes, None);
            let why = not_sent.and_then(Result::err).unwrap_or_else(|| "storage cannot be asked".to_owned());
            let next = "what is stored stays as it is; make room, and run the logoff again while the profile is loaded";
            recorder.problem("MP-AGT-044", format!("the export of {scope} is nowhere: {why}; {next}"));
            recorder.worse(Outcome::Failed);
            After::Lost
        }
    }
}
