//! The end of a load of the hive, and what the marker says about one.

use std::fs;

use mp_profile::{
    HostError, SessionProfile, Sid,
    machine::{Aim, ExportKind, Marker},
};

use super::{
    Agent, AgentError,
    record::{SessionRecord, mark_over, marked, seen},
};
use crate::{
    chain::chain,
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent},
};

impl Agent<'_> {
    /// What the marker says about this load of the hive, as far as the Agent still knows of it.
    pub(crate) fn marker_of(&self, sid: &Sid, profile: &dyn SessionProfile) -> Marker {
        match marked(profile) {
            None => Marker::None,
            Some(marked) if marked.over => Marker::Over,
            // Without its record nothing is known of what was merged.
            Some(marked)
                if marked.merged && SessionRecord::load(&self.state, sid, &marked.session).is_some() =>
            {
                Marker::Merged
            }
            Some(marked)
                if SessionRecord::load(&self.state, sid, &marked.session)
                    .is_some_and(|record| !record.awaited.is_empty()) =>
            {
                Marker::Begun
            }
            Some(_) => Marker::NotMerged,
        }
    }

    /// Whether the import of the session that goes on was only what its logon waited for.
    pub(crate) fn rest_follows(&self, sid: &Sid) -> bool {
        SessionRecord::latest(&self.state, sid).is_some_and(|record| !record.awaited.is_empty())
    }

    /// Reports a session that began without the Agent.
    pub(crate) fn report_adopted(&self, sid: &Sid, code: &str, text: &str) -> Result<(), AgentError> {
        let mut recorder = Recorder::new(SessionEvent::Adopt, sid, self.host.name(), self.clock.now());
        recorder.report.outcome = Outcome::NotMerged;
        recorder.problem(code, text.to_owned());
        self.finish(recorder, Ok(())).map(drop)
    }

    /// A load of the hive is over for the Agent: its record is removed, and the hive, if it is still loaded, says so.
    ///
    /// # Errors
    /// When the record cannot be removed.
    pub(crate) fn forget(&self, sid: &Sid) -> Result<(), AgentError> {
        let plan = CachedPlan::load(&self.state).ok().flatten();
        let _lock = self.lock(sid, plan.as_ref())?;
        match self.host.open(sid) {
            Ok(mut profile) => {
                if marked(profile.as_ref()).is_some() || seen(profile.as_ref()).is_some() {
                    mark_over(profile.as_mut())?;
                }
                profile.close()?;
            }
            Err(HostError::NotLoaded(_)) => {}
            Err(error) => return Err(error.into()),
        }
        SessionRecord::remove(&self.state, sid)?;
        Ok(())
    }

    /// Ends what a service that was killed has left: of users without a session, a hive that is still loaded is exported
    /// for the last time, and the record of one that is not is removed. What could be put nowhere is tried again at the next
    /// start, or goes on with the next session that shares the hive.
    pub(crate) fn end_former_sessions(&self, has_session: impl Fn(&Sid) -> bool) {
        let sids = fs::read_dir(self.state.sessions()).into_iter().flatten().flatten();
        let sids = sids.filter_map(|entry| entry.file_name().to_str()?.parse::<Sid>().ok());
        for sid in sids.filter(|sid| !has_session(sid)).collect::<Vec<_>>() {
            let ended = match self.export(&sid, ExportKind::Final, self.last_aim(&sid)) {
                Ok(report) if report.outcome == Outcome::Failed => {
                    tracing::error!(%sid, "What a former session changed is only in its profile, as its report says");
                    continue;
                }
                Ok(_) | Err(AgentError::Host(HostError::NotLoaded(_))) => self.forget(&sid),
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                tracing::warn!(%sid, error = chain(&error), "What a former session left stays as it is");
            }
        }
    }

    /// What may become of the last export of a load whose sessions ended without the service. One that was seen and into
    /// which nothing was merged yet may hold changes that are nowhere else.
    fn last_aim(&self, sid: &Sid) -> Aim {
        let seen = self.host.open(sid).is_ok_and(|profile| seen(profile.as_ref()).is_some());
        if seen { Aim::Beside } else { Aim::Replace }
    }
}
