//! Sending what waits of one user, apart from the export that put it there.

use std::collections::BTreeMap;

use mp_profile::{DataSetStore, Sid};

use super::{Agent, AgentError, cache, record::SessionRecord, upload::report_leftovers, work::needed};
use crate::{
    chain::chain,
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent, SessionReport},
    spool::{Deliveries, Delivery, Sent, SpoolEntry, digest},
};

impl Agent<'_> {
    /// Sends what waits of a user, and notes in the record of a session that goes on what became of its export. Says
    /// whether nothing waits any more.
    ///
    /// # Errors
    /// When there is no plan that says where to send it, or the spool cannot be read.
    pub fn upload(&self, sid: &Sid) -> Result<bool, AgentError> {
        if self.settings.turned_off {
            return Err(AgentError::TurnedOff);
        }
        let plan = CachedPlan::load(&self.state);
        let _lock = self.lock(sid, plan.as_ref().ok().and_then(Option::as_ref))?;
        if self.spool.of(sid)?.entries.is_empty() {
            return Ok(true);
        }
        let plan = needed(plan)?;
        let store = self.connections.storage(&plan.plan).map_err(AgentError::Storage)?;
        self.send_and_report(sid, &plan, store.as_ref())?;
        Ok(self.spool.of(sid)?.entries.is_empty())
    }

    /// Sends what waits of a user, and reports what became of it.
    pub(super) fn send_and_report(
        &self,
        sid: &Sid,
        plan: &CachedPlan,
        store: &dyn DataSetStore,
    ) -> Result<Deliveries, AgentError> {
        let mut recorder = Recorder::new(SessionEvent::Upload, sid, self.host.name(), self.clock.now());
        recorder.report.plan_revision = plan.plan.revision;
        recorder.report.outcome = Outcome::Stored;
        let sent = self.send_waiting(sid, plan, store, &mut recorder)?;
        recorder.step("send spool");
        report_leftovers(sent.tried.iter(), &mut recorder);
        if !self.spool.of(sid)?.entries.is_empty() {
            recorder.worse(Outcome::Spooled);
        }
        // It is tried again and again while storage is away, of which the report of the export has told.
        if sent.tried.iter().any(|delivery| delivery.result.is_ok()) {
            self.report_sent(sid, &sent.tried, &mut recorder);
            self.finish(recorder, Ok(()))?;
        }
        Ok(sent)
    }

    /// Sends what waits of a user, and notes in the record of a session that goes on what became of its export.
    fn send_waiting(
        &self,
        sid: &Sid,
        plan: &CachedPlan,
        store: &dyn DataSetStore,
        recorder: &mut Recorder,
    ) -> Result<Deliveries, AgentError> {
        let copied = self.keeps_copies(Some(plan));
        let (mut digests, mut files) = (BTreeMap::new(), BTreeMap::new());
        for entry in self.spool.of(sid)?.entries {
            let Ok(bytes) = self.spool.read(&entry) else { continue };
            digests.insert(entry.number, digest(&bytes));
            if copied {
                files.insert(entry.number, bytes);
            }
        }
        let sent =
            self.spool.send_user(sid, store, &mut |entry, sent| self.tell_ahead(entry, sent, recorder));
        self.note_sent(sid, &sent.tried, &digests)?;
        for Delivery { entry, result } in &sent.tried {
            if let (Ok(Sent::Stored(version)), Some(bytes)) = (result, files.get(&entry.number))
                && let Err(error) = cache::keep(&self.state, sid, &entry.scope, Some((&version.0, bytes)))
            {
                tracing::warn!(%sid, scope = %entry.scope, error = chain(&error), "What was stored is not kept");
            }
        }
        Ok(sent)
    }

    /// Says what became of each data set, in the name of the session whose export waited last.
    fn report_sent(&self, sid: &Sid, tried: &[Delivery], recorder: &mut Recorder) {
        let kept = SessionReport::kept(&self.state, sid).unwrap_or_default();
        if let Some(waited) = kept.iter().rfind(|report| report.outcome == Outcome::Spooled) {
            recorder.session(&waited.session);
            recorder.report.profile.clone_from(&waited.profile);
        }
        for Delivery { entry, result } in tried {
            match result {
                Ok(Sent::Stored(version)) => {
                    recorder.data_set(&entry.scope, "stored", None, Some(version.0.clone()));
                }
                Ok(Sent::Merged { version, .. }) => {
                    let version = Some(version.0.clone());
                    recorder.data_set(&entry.scope, "merged with a newer one and stored", None, version);
                }
                Ok(Sent::Quarantined(_)) => {
                    recorder.data_set(&entry.scope, "quarantined", None, None);
                    recorder.worse(Outcome::Quarantined);
                }
                Err(_) => recorder.data_set(&entry.scope, "spooled", None, None),
            }
        }
    }

    /// The session that exported them may go on: it continues from what storage has now.
    fn note_sent(
        &self,
        sid: &Sid,
        tried: &[Delivery],
        digests: &BTreeMap<u64, String>,
    ) -> Result<(), AgentError> {
        let Some(mut record) = SessionRecord::latest(&self.state, sid) else { return Ok(()) };
        let of = |entry: &SpoolEntry| digests.get(&entry.number);
        let mut changed = false;
        for delivery in tried {
            let Ok(sent) = &delivery.result else { continue };
            let merged = record.scopes.iter_mut().find(|merged| {
                merged.scope == delivery.entry.scope
                    && merged.digest.is_some()
                    && merged.digest.as_ref() == of(&delivery.entry)
            });
            let Some(merged) = merged else { continue };
            changed = true;
            match sent {
                Sent::Stored(version) => {
                    (merged.version, merged.within) = (Some(version.0.clone()), None);
                }
                // What is stored holds what is not in the profile: the next upload is merged again.
                Sent::Merged { version, .. } => {
                    (merged.version, merged.within) = (None, Some(version.0.clone()));
                }
                // What was kept beside is not what a later export may continue.
                Sent::Quarantined(_) => merged.merged = false,
            }
        }
        if changed {
            record.write(&self.state, sid, std::iter::empty())?;
        }
        Ok(())
    }
}
