//! Jobs that do not end.

use super::{
    JobEnd, SessionMachine,
    action::{Action, Incident},
};

impl SessionMachine {
    /// The running job has taken too long: for the user's sessions it has failed, whatever still becomes of it.
    pub(super) fn give_up_hanging(&mut self) {
        let Some(running) = self.job else { return };
        self.give_up_job();
        self.act(Action::Report(Incident::JobHangs));
        self.hanging.insert(running.number);
        self.conclude(running, JobEnd::Failed);
    }
}
