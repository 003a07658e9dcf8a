//! What became of a data set is told before it goes out of the spool: a process that ends in between leaves a report of it.

use super::{Agent, upload::report_leftovers};
use crate::{
    chain::chain,
    report::{Outcome, Recorder, SessionEvent},
    spool::{Delivery, Sent, SpoolEntry},
};

impl Agent<'_> {
    /// Puts a report of its own into the queue, if there is something that nobody would tell again. The report of the work,
    /// once it is there, takes its place.
    pub(super) fn tell_ahead(&self, entry: &SpoolEntry, sent: &Sent, recorder: &mut Recorder) {
        let outcome = match sent {
            Sent::Quarantined(_) => Outcome::Quarantined,
            Sent::Merged { overrides, .. } if overrides.total() > 0 => Outcome::Stored,
            Sent::Merged { .. } | Sent::Stored(_) => return,
        };
        let mut ahead =
            Recorder::new(SessionEvent::Upload, &entry.sid, &recorder.report.host, self.clock.now());
        ahead.session(entry.session.as_ref().unwrap_or(&recorder.report.session));
        ahead.report.plan_revision = recorder.report.plan_revision;
        ahead.report.outcome = outcome;
        let delivery = Delivery { entry: entry.clone(), result: Ok(sent.clone()) };
        report_leftovers([&delivery].into_iter(), &mut ahead);
        let report = ahead.report.to_sent();
        match self.reports.put(&report) {
            Ok(_) => recorder.ahead.push(report),
            Err(error) => tracing::warn!(error = chain(&error), "What became of an export is told later"),
        }
    }
}
