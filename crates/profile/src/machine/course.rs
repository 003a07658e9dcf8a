//! The course of a load of the hive: from its detection to its release, and which job comes next.

use mp_dataset::ProfileKind;

use super::{
    JobNumber, Load, Marker, Running, SessionMachine, State, Wants,
    action::{Action, Answer, ExportKind, Incident, Job, Timer},
    event::Request,
};

/// The timers that belong to a load of the hive.
const OF_THE_LOAD: [Timer; 7] = [
    Timer::Grace,
    Timer::Hive,
    Timer::Checkpoint,
    Timer::LateMerge,
    Timer::SessionEnd,
    Timer::Gone,
    Timer::Release,
];

impl SessionMachine {
    /// Begins the next job, or takes the next step that needs none.
    pub(super) fn advance(&mut self) {
        if self.job.is_some() || self.stopped {
            return;
        }
        match self.state {
            State::Absent | State::Merging => {}
            State::Detected => self.advance_detected(),
            State::Merged | State::MergeFailed => {
                if !self.sessions.any_alive() {
                    self.leave();
                    self.advance();
                } else if self.wants.tasks {
                    self.begin_tasks();
                } else {
                    self.go_on();
                    self.advance();
                }
            }
            State::Live => self.advance_live(),
            State::Exporting => {
                if self.wants.export && !self.may_be_another_load() {
                    self.begin_whole_export();
                } else if self.leaving.begun && self.leaving.last_pass {
                    self.let_go();
                    self.advance();
                } else if self.wants.upload {
                    self.begin_upload();
                }
            }
            State::Released => {
                if self.wants.upload {
                    self.begin_upload();
                } else if self.sessions.is_empty() {
                    self.vanish();
                }
            }
            State::Stopping => self.advance_stop(),
        }
    }

    fn advance_detected(&mut self) {
        if self.wants.look {
            self.wants.look = false;
            self.begin(Job::Look);
        } else if !self.sessions.any_alive() {
            if self.load == Load::Fresh {
                self.load = Load::Unmerged;
            }
            self.leave();
            self.advance();
        } else if self.load == Load::Fresh && self.requests.waits(Request::Logoff) {
            self.load = Load::Unmerged;
            self.go_on();
            self.advance();
        }
    }

    /// Whether a session has come of which it is not known yet that it shares the load of the hive.
    pub(super) fn is_unsure(&self) -> bool {
        let looks = self.job.is_some_and(|running| running.work == Job::Look);
        !self.held && (self.wants.look || looks)
    }

    fn advance_live(&mut self) {
        if !self.sessions.any_alive() && !self.is_unsure() {
            self.leave();
            self.advance();
        } else if self.wants.look {
            self.wants.look = false;
            self.begin(Job::Look);
        } else if self.load == Load::Begun {
            self.begin(Job::LateMerge);
        } else if self.requests.waits(Request::Logoff) && self.load.aim().is_some() {
            if self.sessions.alive().all(|session| self.requests.leaves(session)) {
                self.disarm(Timer::LateMerge);
                self.leaving = super::Leaving::default();
                self.wants = Wants { export: true, ..Wants::default() };
                self.state = State::Exporting;
            }
            self.begin_export();
        } else if self.wants.export {
            self.begin_export();
        } else if self.wants.upload {
            self.begin_upload();
        } else if self.wants.late_merge {
            self.wants.late_merge = false;
            self.begin(Job::LateMerge);
        } else if self.wants.tasks {
            self.begin_tasks();
        } else if self.wants.newer {
            self.wants.newer = false;
            self.begin(Job::MergeNewer);
        }
    }

    /// A load of the hive begins for us. What is left of a former one is forgotten.
    pub(super) fn detect(&mut self) {
        // What they waited for was put into the spool; it is sent with the next load.
        self.answer_served(Request::Logoff, Answer::Spooled);
        self.answer_all(Request::Logoff, Answer::Continue);
        let unsafe_to_import = match self.load {
            Load::Unmerged => !self.leaving.exported,
            // Its sessions were refused.
            Load::LeftAlone => self.import_failed,
            _ => false,
        };
        self.reset();
        if unsafe_to_import {
            // It may be the same load, with changes that are nowhere else and no marker that tells.
            self.load = Load::Unmerged;
        }
        self.sessions.keep_alive();
        self.wants.look = true;
    }

    pub(super) fn reset(&mut self) {
        for timer in OF_THE_LOAD {
            self.disarm(timer);
        }
        self.state = State::Detected;
        self.load = Load::Unknown;
        self.kind = ProfileKind::Unknown;
        self.wants = Wants::default();
        self.leaving = super::Leaving::default();
        self.imported = false;
        self.import_failed = false;
        self.polls = 0;
    }

    /// Decides what this load of the hive is.
    pub(super) fn settle(&mut self) {
        let (kind, marker) = self.found;
        self.kind = kind;
        // Once it was decided that this load is not imported into, a session that joins it changes nothing.
        let undecided = matches!(self.load, Load::Unknown | Load::Fresh) && self.sessions.all_fresh();
        let settled = match (kind, marker) {
            (ProfileKind::Temporary | ProfileKind::Unknown, _) => Load::LeftAlone,
            (ProfileKind::Local | ProfileKind::Roaming, _) => Load::Captured,
            (ProfileKind::Mandatory, Marker::Merged) => Load::Merged,
            (ProfileKind::Mandatory, Marker::Begun) => Load::Begun,
            (ProfileKind::Mandatory, Marker::NotMerged) => Load::NotMerged,
            (ProfileKind::Mandatory, Marker::None | Marker::Over) if undecided => Load::Fresh,
            (ProfileKind::Mandatory, Marker::Over) if !matches!(self.load, Load::Unmerged | Load::Fresh) => {
                Load::LeftAlone
            }
            (ProfileKind::Mandatory, Marker::None | Marker::Over) => Load::Unmerged,
        };
        if settled == Load::Unmerged && self.load == Load::Unknown {
            self.act(Action::Report(Incident::Adopted));
        }
        self.load = settled;
        if kind == ProfileKind::Mandatory && settled != Load::LeftAlone {
            self.take_hold();
        }
        if settled != Load::Fresh {
            return self.go_on();
        }
        self.state = State::Detected;
        if !self.timing.synchronous || self.requests.waits(Request::Logon) {
            self.import();
        } else if self.sessions.any_alive() && !self.armed.contains(&Timer::Grace) {
            self.arm(Timer::Grace, self.timing.grace);
        }
    }

    /// A hold is taken while a session is there: later it could load or make another profile.
    fn take_hold(&mut self) {
        let Some(session) = self.sessions.alive().next().filter(|_| !self.held) else { return };
        self.held = true;
        self.act(Action::TakeHold(session));
        self.act(Action::Protect);
    }

    pub(super) fn release(&mut self) {
        if std::mem::take(&mut self.held) {
            self.act(Action::ReleaseHold);
        }
    }

    pub(super) fn await_hive(&mut self) {
        self.polls += 1;
        if !self.sessions.any_alive() {
            // The next step lets go of what was never there.
        } else if self.polls < self.timing.hive_polls {
            self.arm(Timer::Hive, self.timing.hive_poll);
        } else {
            self.act(Action::Report(Incident::HiveNeverLoaded));
            self.load = Load::LeftAlone;
            self.go_on();
        }
    }

    /// Imports, if this load may be imported into. Otherwise the one that waits is answered when that is known.
    pub(super) fn import(&mut self) {
        if self.load != Load::Fresh || self.job.is_some() {
            return;
        }
        if !self.sessions.all_fresh() {
            // An older session was found meanwhile: its changes are not to be written over.
            self.load = Load::Unmerged;
            return self.go_on();
        }
        self.disarm(Timer::Grace);
        self.state = State::Merging;
        if self.timing.synchronous {
            self.requests.serve(Request::Logon);
        } else {
            self.answer_all(Request::Logon, Answer::Continue);
        }
        self.begin(Job::Import);
    }

    pub(super) fn go_on(&mut self) {
        self.state = State::Live;
        self.disarm(Timer::Grace);
        self.disarm(Timer::Hive);
        let imported = std::mem::take(&mut self.imported);
        if imported && !self.requests.any(Request::Logon) {
            self.refresh();
        }
        self.answer_all(Request::Logon, self.standing());
        if self.load == Load::NotMerged || (self.load == Load::Unmerged && imported) {
            self.miss_settings();
        }
        self.sessions.settle();
        if self.load.aim().is_none() {
            self.answer_all(Request::Logoff, self.standing());
        }
        if !self.takes_tasks() {
            self.wants.tasks = false;
            self.answer_all(Request::Refresh, self.standing());
        }
        self.arm_late_merge();
    }

    pub(super) fn takes_tasks(&self) -> bool {
        !matches!(self.load, Load::LeftAlone | Load::Captured)
    }

    pub(super) fn refresh(&mut self) {
        for session in self.sessions.alive().collect::<Vec<_>>() {
            self.act(Action::Refresh(session));
        }
    }

    pub(super) fn arm_late_merge(&mut self) {
        if let Some(pause) = self.timing.late_merge.filter(|_| self.load == Load::NotMerged) {
            self.arm(Timer::LateMerge, pause);
        }
    }

    pub(super) fn arm_checkpoint(&mut self) {
        let wanted = self.load.has_checkpoints() && !self.armed.contains(&Timer::Checkpoint);
        if let Some(pause) = self.timing.checkpoint.filter(|_| wanted) {
            self.arm(Timer::Checkpoint, pause);
        }
    }

    /// The last session ends: the last export begins, if there is one.
    pub(super) fn leave(&mut self) {
        for timer in OF_THE_LOAD {
            self.disarm(timer);
        }
        self.answer_all(Request::Logon, self.standing());
        self.answer_all(Request::Refresh, Answer::Continue);
        self.wants = Wants { export: self.load.aim().is_some(), ..Wants::default() };
        self.leaving = super::Leaving {
            begun: true,
            // Without a script the session still goes on for a while, and another pass sees the rest.
            last_pass: !self.wants.export || self.sessions.is_empty() || self.requests.waits(Request::Logoff),
            ..super::Leaving::default()
        };
        self.state = State::Exporting;
    }

    /// Whether what the profile's name leads to may be the load of a session that came after this one's end.
    pub(super) fn may_be_another_load(&self) -> bool {
        self.leaving.begun && !self.held && (self.leaving.overtaken || self.sessions.any_alive())
    }

    /// Lets the profile go. A session that has come meanwhile is detected anew.
    pub(super) fn let_go(&mut self) {
        for timer in OF_THE_LOAD {
            self.disarm(timer);
        }
        self.release();
        if self.sessions.any_alive() {
            return self.detect();
        }
        self.answer_unserved_logoffs();
        self.state = State::Released;
        if !self.sessions.is_empty() {
            self.polls = 0;
            self.arm(Timer::Gone, self.timing.gone_poll);
        }
    }

    fn vanish(&mut self) {
        for timer in OF_THE_LOAD {
            self.disarm(timer);
        }
        self.answer_everything(Answer::Continue);
        // A hive that something else keeps loaded goes on with what could be put nowhere; the next session shares it.
        if !self.leaving.unsaved {
            self.act(Action::Forget);
        }
        self.load = Load::Unknown;
        self.state = State::Absent;
    }

    /// What the logon did not wait for comes first: without it, what the session changed would be kept beside.
    pub(super) fn begin_whole_export(&mut self) {
        if self.load == Load::Begun {
            self.begin(Job::LateMerge);
        } else {
            self.begin_export();
        }
    }

    pub(super) fn begin_export(&mut self) {
        let Some(aim) = self.load.aim() else { return };
        let last =
            self.state == State::Exporting || (self.state == State::Stopping && !self.sessions.any_alive());
        let kind = if last { ExportKind::Final } else { ExportKind::Checkpoint };
        self.wants.export = false;
        self.disarm(Timer::Checkpoint);
        self.requests.serve(Request::Logoff);
        self.begin(Job::Export { kind, aim });
    }

    pub(super) fn begin_upload(&mut self) {
        self.wants.upload = false;
        self.begin(Job::Upload);
    }

    fn begin_tasks(&mut self) {
        self.wants.tasks = false;
        self.requests.serve(Request::Refresh);
        self.begin(Job::Tasks);
    }

    fn begin(&mut self, work: Job) {
        self.last_job += 1;
        let job = JobNumber(self.last_job);
        self.job = Some(Running { number: job, work, given_up: false });
        self.act(Action::Start { job, work });
        self.arm(Timer::Job, self.timing.job);
    }

    pub(super) fn give_up_job(&mut self) {
        if let Some(running) = self.job.as_mut().filter(|running| !running.given_up) {
            running.given_up = true;
            let job = running.number;
            self.act(Action::Cancel(job));
        }
    }

    pub(super) fn arm(&mut self, timer: Timer, after: std::time::Duration) {
        self.armed.insert(timer);
        self.act(Action::Arm(timer, after));
    }

    pub(super) fn disarm(&mut self, timer: Timer) {
        if self.armed.remove(&timer) {
            self.act(Action::Disarm(timer));
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }
}
