//! The end of the service, or of the machine.

use super::{
    Load, SessionMachine, State, Wants,
    action::{Action, Answer, Incident, Timer},
    event::Request,
};

impl SessionMachine {
    /// The last work begins. Sessions that go on are adopted again when the service starts.
    pub(super) fn stop(&mut self) {
        let released = match self.state {
            State::Absent | State::Released => true,
            State::Detected if self.load == Load::Fresh => {
                self.load = Load::Unmerged;
                false
            }
            State::Detected => true,
            _ => self.wants.look && self.is_unsure(),
        };
        if released && self.load != Load::Unknown {
            // What is loaded from now on is another load.
            self.load = Load::LeftAlone;
        }
        self.wants = Wants { export: !released, upload: self.wants.upload, ..Wants::default() };
        let timers: Vec<Timer> = self.armed().collect();
        for timer in timers {
            if !matches!(timer, Timer::Stop | Timer::Job | Timer::Request(_)) {
                self.disarm(timer);
            }
        }
        self.state = State::Stopping;
        self.answer_all(Request::Logon, Answer::Stopping);
        self.answer_all(Request::Refresh, Answer::Stopping);
    }

    pub(super) fn advance_stop(&mut self) {
        if self.wants.export && self.load.aim().is_some() && !self.may_be_another_load() {
            self.begin_whole_export();
        } else if self.wants.upload {
            self.begin_upload();
        } else {
            self.end();
        }
    }

    pub(super) fn force_stop(&mut self) {
        self.give_up_job();
        self.act(Action::Report(Incident::StopForced));
        self.end();
    }

    fn end(&mut self) {
        self.release();
        self.answer_everything(Answer::Stopping);
        let timers: Vec<Timer> = self.armed().collect();
        for timer in timers {
            self.disarm(timer);
        }
        let nothing_left = self.job.is_none() && !self.leaving.unsaved;
        if self.sessions.is_empty() && nothing_left && self.load != Load::Unknown {
            self.act(Action::Forget);
        }
        self.sessions.clear();
        self.state = State::Absent;
        self.stopped = true;
        self.act(Action::Stopped);
    }
}
