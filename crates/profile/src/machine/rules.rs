//! What each rule does.

use mp_dataset::ProfileKind;

use super::{
    Job, Load, Marker, SessionMachine, State,
    action::{Action, Answer, Incident, Timer},
    event::Request,
    table::Rule,
};

impl SessionMachine {
    pub(super) fn apply(&mut self, rule: Rule) {
        match rule {
            Rule::Ignore | Rule::Later => {}
            Rule::Detect => self.detect(),
            Rule::LookAgain | Rule::Look => self.wants.look = true,
            Rule::Recheck => self.recheck(),
            Rule::Verify => {
                if self.found_another_load() {
                    self.distrust();
                }
            }
            Rule::Distrust => {
                if !self.held {
                    self.distrust();
                }
            }
            Rule::Settle => self.settle(),
            Rule::AwaitHive => self.await_hive(),
            Rule::Import => self.import(),
            Rule::BeginImport => {
                if !self.timing.synchronous {
                    self.answer_all(Request::Logon, Answer::Continue);
                }
                self.import();
            }
            Rule::NoteMerged => self.note(Load::Merged, State::Merged),
            Rule::NoteBegun => self.note(Load::Begun, State::Merged),
            Rule::NoteNotMerged => self.note(Load::NotMerged, State::MergeFailed),
            Rule::NoteFailed => {
                self.act(Action::Report(Incident::ImportFailed));
                self.import_failed = true;
                self.note(Load::Unmerged, State::MergeFailed);
            }
            Rule::LateMerged => {
                self.load = Load::Merged;
                self.wants.late_merge = false;
                self.disarm(Timer::LateMerge);
                self.refresh();
            }
            Rule::LateAgain => {
                self.no_rest();
                self.arm_late_merge();
            }
            Rule::NoRest => self.no_rest(),
            Rule::GoOn => self.go_on(),
            Rule::AnswerStanding => self.answer_standing(),
            Rule::Checkpoint => self.wants.export |= self.load.has_checkpoints(),
            Rule::Reapply => {
                self.wants.tasks |= self.takes_tasks();
                self.wants.newer |= self.timing.merge_newer && self.load == Load::Merged;
            }
            Rule::Refreshed => self.refresh(),
            Rule::ReapplyAndAnswer => self.reapply_and_answer(),
            Rule::ArmCheckpoint => self.arm_checkpoint(),
            Rule::LateMerge => self.wants.late_merge |= self.load == Load::NotMerged,
            Rule::Export => self.export_for_script(),
            Rule::GiveUp => {
                self.disarm(Timer::Grace);
                self.disarm(Timer::Hive);
            }
            Rule::Leave => {
                if !self.is_unsure() {
                    self.leave();
                }
            }
            Rule::LastPass => {
                self.pass_at_gone();
                self.wants.export = true;
            }
            Rule::PassAtGone => self.pass_at_gone(),
            Rule::SecondPass => self.second_pass(),
            Rule::AfterExport => self.after_export(),
            Rule::AfterCheckpoint => self.wants.upload = true,
            Rule::AfterFailure => self.after_failure(),
            Rule::AfterGone => self.after_gone(),
            Rule::Doubt => {
                self.answer_served(Request::Logoff, Answer::NotExported);
                self.act(Action::ListSessions);
            }
            Rule::FailLast => {
                self.leaving.unsaved = true;
                self.answer_served(Request::Logoff, Answer::NotExported);
                self.act(Action::Report(Incident::ExportFailed));
            }
            Rule::AnswerExport => self.answer_served(Request::Logoff, self.exported()),
            Rule::AwaitRelease => self.await_release(),
            Rule::ForceRelease => self.force_release(),
            Rule::Resume => self.resume(),
            Rule::PollGone => self.poll_gone(),
            Rule::Vanish => self.disarm(Timer::Gone),
            Rule::StopNow => self.stop(),
            Rule::ForceStop => self.force_stop(),
        }
    }

    /// The marker tells whether this is still the load that is known.
    fn recheck(&mut self) {
        if self.found_another_load() {
            self.sessions.keep_fresh();
            self.act(Action::ListSessions);
            self.release();
            self.reset();
        }
        self.settle();
    }

    fn found_another_load(&self) -> bool {
        let (kind, marker) = self.found;
        let lost = matches!(marker, Marker::None | Marker::Over) && self.load.is_imported();
        // A hive that was never found had no kind.
        lost || (self.kind != ProfileKind::Unknown && self.kind != kind)
    }

    /// The load that was known is over; what is loaded now is none of its export's business.
    fn distrust(&mut self) {
        self.load = Load::LeftAlone;
        self.wants.export = false;
        self.answer_unserved_logoffs();
    }

    fn note(&mut self, load: Load, state: State) {
        self.load = load;
        if self.state != State::Stopping {
            self.state = state;
        }
        self.imported = true;
        self.wants.tasks = true;
    }

    fn no_rest(&mut self) {
        if self.load == Load::Begun {
            self.load = Load::NotMerged;
        }
    }

    fn answer_standing(&mut self) {
        let answer = self.standing();
        self.answer_all(Request::Logon, answer);
        // Nothing more is applied in the states where this is a rule for it.
        let refresh = if answer == Answer::Stopping { answer } else { Answer::Continue };
        if self.state != State::Live {
            self.answer_all(Request::Refresh, refresh);
        }
        if self.state == State::Absent {
            self.answer_all(Request::Logoff, answer);
        }
    }

    fn reapply_and_answer(&mut self) {
        if matches!(self.load, Load::LeftAlone | Load::Captured) {
            self.answer_all(Request::Refresh, Answer::LeftAlone);
        } else {
            self.wants.tasks = true;
        }
    }

    fn export_for_script(&mut self) {
        if self.load.aim().is_none() {
            self.answer_all(Request::Logoff, self.standing());
        }
    }

    fn second_pass(&mut self) {
        if self.load.aim().is_none() {
            return self.answer_all(Request::Logoff, self.standing());
        }
        self.wants.export = true;
        if self.state == State::Released {
            self.disarm(Timer::Gone);
            self.state = State::Exporting;
            self.leaving.begun = true;
        }
        self.leaving.last_pass = self.leaving.begun;
    }

    fn pass_at_gone(&mut self) {
        self.disarm(Timer::SessionEnd);
        self.disarm(Timer::Gone);
        self.leaving.begun = true;
        if !self.leaving.last_pass {
            self.leaving.last_pass = true;
            self.wants.export = true;
        }
    }

    fn after_export(&mut self) {
        self.leaving.exported = true;
        self.leaving.unsaved = false;
        self.wants.upload = true;
        self.await_end();
    }

    fn after_failure(&mut self) {
        self.leaving.unsaved = true;
        self.answer_served(Request::Logoff, Answer::NotExported);
        if self.leaving.last_pass && !self.wants.export {
            if self.leaving.retried {
                self.act(Action::Report(Incident::ExportFailed));
            } else {
                self.leaving.retried = true;
                self.wants.export = true;
            }
        }
        self.await_end();
    }

    fn after_gone(&mut self) {
        let answer = if self.leaving.exported { self.exported() } else { Answer::NotExported };
        self.answer_served(Request::Logoff, answer);
        if !self.leaving.exported {
            self.act(Action::Report(Incident::HiveGone));
        }
        self.wants.export = false;
        self.leaving.begun = true;
        self.leaving.last_pass = true;
        self.act(Action::ListSessions);
    }

    /// After a pass: the session's end, or that it is gone, is waited for.
    fn await_end(&mut self) {
        if !self.leaving.begun {
            self.arm(Timer::SessionEnd, self.timing.session_end);
        } else if !self.leaving.last_pass && !self.armed.contains(&Timer::Gone) {
            self.polls = 0;
            self.arm(Timer::Gone, self.timing.gone_poll);
        }
    }

    fn await_release(&mut self) {
        if !self.leaving.begun {
            // The script's session may go on, and another one shares its load.
            self.resume();
            self.wants.look = true;
            return;
        }
        if self.armed.contains(&Timer::Gone) {
            // The pass at the session's end is done now.
            self.disarm(Timer::Gone);
            self.wants.export = true;
        }
        self.leaving.last_pass = true;
        self.leaving.overtaken |= !self.held;
        if !self.armed.contains(&Timer::Release) {
            self.arm(Timer::Release, self.timing.release);
        }
    }

    fn force_release(&mut self) {
        let exports = self.job.is_some_and(|running| matches!(running.work, Job::Export { .. }));
        self.leaving.unsaved |= exports || self.wants.export;
        self.give_up_job();
        self.act(Action::Report(Incident::HoldForced));
        self.wants.export = false;
        self.let_go();
    }

    fn resume(&mut self) {
        if self.leaving.begun {
            // A logon script of a new session waits for its own load; one of a session that ends waits for nothing.
            if !self.sessions.any_alive() {
                self.answer_all(Request::Logon, Answer::Continue);
            }
            return;
        }
        self.disarm(Timer::SessionEnd);
        self.state = State::Live;
        self.answer_all(Request::Logon, self.standing());
        self.arm_late_merge();
    }

    fn poll_gone(&mut self) {
        self.polls += 1;
        if self.polls < self.timing.gone_polls {
            self.act(Action::ListSessions);
            self.arm(Timer::Gone, self.timing.gone_poll);
        } else {
            self.sessions.keep_alive();
            if self.state == State::Exporting {
                self.pass_at_gone();
            }
        }
    }
}
