//! What all work for a user's session begins and ends with.

use std::time::Duration;

use mp_profile::Sid;
use mp_protocol::Waits;

use super::{Agent, AgentError, TURNED_OFF};
use crate::{
    chain::chain,
    plan::CachedPlan,
    report::{Outcome, Recorder, SessionEvent, SessionReport},
    state::{SessionLock, StateError},
};

/// The plan as it is cached, or why it cannot be read.
pub(super) type LoadedPlan = Result<Option<CachedPlan>, StateError>;

impl Agent<'_> {
    /// Does work for a user with all other work for this user kept out. When the work says that there is something to tell,
    /// or fails, its report is kept and sent.
    pub(super) fn work(
        &self,
        event: SessionEvent,
        sid: &Sid,
        work: impl FnOnce(LoadedPlan, &mut Recorder) -> Result<bool, AgentError>,
    ) -> Result<SessionReport, AgentError> {
        if let Some(left_alone) = self.turned_off(event, sid) {
            return left_alone;
        }
        let mut recorder = Recorder::new(event, sid, self.host.name(), self.clock.now());
        let plan = CachedPlan::load(&self.state);
        let _lock = self.lock(sid, plan.as_ref().ok().and_then(Option::as_ref))?;
        match work(plan, &mut recorder) {
            Ok(false) => Ok(recorder.report),
            done => self.finish(recorder, done.map(drop)),
        }
    }

    /// Keeps all other work for this user out, after waiting for it as long as the plan allows.
    pub(crate) fn lock(&self, sid: &Sid, plan: Option<&CachedPlan>) -> Result<SessionLock, AgentError> {
        let waits = plan.map_or_else(Waits::default, |cached| cached.plan.waits);
        Ok(self.state.lock(sid, Duration::from_millis(waits.lock_ms))?)
    }

    /// The report of an event for which nothing is done, when Group Policy turned the Agent off.
    fn turned_off(&self, event: SessionEvent, sid: &Sid) -> Option<Result<SessionReport, AgentError>> {
        self.settings.turned_off.then(|| {
            let mut recorder = Recorder::new(event, sid, self.host.name(), self.clock.now());
            recorder.problem(
                TURNED_OFF,
                "the Agent is turned off by Group Policy on this machine: nothing is imported or exported"
                    .to_owned(),
            );
            self.finish(recorder, Ok(()))
        })
    }

    /// Keeps the report of what was done, also of a failure.
    pub(super) fn finish(
        &self,
        mut recorder: Recorder,
        done: Result<(), AgentError>,
    ) -> Result<SessionReport, AgentError> {
        if let Err(error) = &done {
            recorder.report.outcome = Outcome::Failed;
            let text = chain(error);
            recorder.problem(error.code(), text.trim_start_matches(error.code()).trim_start().to_owned());
        }
        self.join_unnamed(&mut recorder);
        let queued = self.reports.put(&recorder.report.to_sent());
        if queued.is_ok() {
            recorder.ahead.iter().for_each(|report| self.reports.withdraw(report));
        }
        match queued {
            Ok(0) => {}
            Ok(dropped) => recorder.problem(
                "MP-AGT-053",
                format!(
                    "{dropped} session reports were dropped, for too many wait for the console; check that this machine reaches it"
                ),
            ),
            Err(error) => {
                recorder.problem("MP-AGT-056", format!("the console will not see this report: {}", chain(&error)));
            }
        }
        // The session's data are where they belong; that the report of it cannot be kept must not look like a failure.
        if let Err(error) = recorder.report.save(&self.state) {
            recorder.problem("MP-AGT-050", format!("this report is not kept: {}", chain(&error)));
        }
        done.map(|()| recorder.report)
    }

    /// A session into which nothing was merged has no marker. What follows its logon on this host belongs to it all the same.
    fn join_unnamed(&self, recorder: &mut Recorder) {
        let report = &recorder.report;
        if report.session != report.id || report.event == SessionEvent::Logon {
            return;
        }
        let kept = SessionReport::kept(&self.state, &report.sid).unwrap_or_default();
        if let Some(last) = kept.last().filter(|last| last.event != SessionEvent::Logoff) {
            recorder.session(&last.session);
        }
    }
}

/// The plan without which nothing can be sent or fetched.
pub(super) fn needed(plan: LoadedPlan) -> Result<CachedPlan, AgentError> {
    plan?.ok_or_else(|| AgentError::NoPlan("none is cached".to_owned()))
}
