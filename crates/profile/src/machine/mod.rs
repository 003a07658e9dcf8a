//! What is done for a user's sessions on a host, and when: one machine per SID.
//!
//! A machine is told [`Event`]s and says [`Action`]s. It reads no clock and does nothing itself; time comes as the end of
//! timers. All sessions of a user share one load of the hive, so they share one machine.
//!
//! An event is sorted into [`Input`]s, [`rule`] says what each means in the present [`State`], and after that the next job
//! begins if none runs. `docs/reference/session-states.md` prints the table and names the invariants.

mod action;
mod course;
mod event;
mod hang;
mod missing;
mod requests;
mod rules;
mod sessions;
mod stop;
mod table;
mod timing;

use std::collections::BTreeSet;

pub use action::{Action, Aim, Answer, ExportKind, Incident, Job, JobNumber, Timer};
pub use event::{Event, JobEnd, Marker, Present, Request, RequestNumber, SessionChange};
pub use table::{Input, Rule, State, rule};
pub use timing::Timing;

use crate::SessionId;
use mp_dataset::ProfileKind;
use requests::Requests;
use sessions::{Sessions, Standing};

/// What is known of the present load of the hive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    /// It was not looked at yet.
    Unknown,
    /// Nothing was imported into it, and it is young enough to be.
    Fresh,
    /// Nothing is imported into it or exported from it.
    LeftAlone,
    /// A local or roaming profile: it is only exported.
    Captured,
    /// The data sets were merged into it.
    Merged,
    /// What the logon waits for was merged into it; the rest follows before anything is exported.
    Begun,
    /// Some could not be had; they may be merged late.
    NotMerged,
    /// Nothing was merged, and nothing will be.
    Unmerged,
}

impl Load {
    /// What may become of its export; `None` when it is never exported.
    #[must_use]
    pub const fn aim(self) -> Option<Aim> {
        match self {
            Self::Unknown | Self::Fresh | Self::LeftAlone => None,
            Self::Captured => Some(Aim::First),
            Self::Merged => Some(Aim::Replace),
            Self::Begun | Self::NotMerged | Self::Unmerged => Some(Aim::Beside),
        }
    }

    /// Whether something was imported into it, which its marker tells.
    pub(crate) const fn is_imported(self) -> bool {
        matches!(self, Self::Merged | Self::Begun | Self::NotMerged)
    }

    /// Whether it is exported in the midst of a session: only what continues a record, else each checkpoint would be a
    /// whole copy of its own.
    const fn has_checkpoints(self) -> bool {
        self.is_imported()
    }
}

/// A job that runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Running {
    number: JobNumber,
    work: Job,
    /// It was given up: its end is waited for, and means nothing.
    given_up: bool,
}

/// What is to be done as soon as no job runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Wants {
    look: bool,
    export: bool,
    upload: bool,
    late_merge: bool,
    newer: bool,
    tasks: bool,
}

/// How far the export at the end of the sessions has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Leaving {
    /// The LOGOFF of the last session was seen; otherwise only a logoff script has asked.
    begun: bool,
    /// The profile is let go after the pass that runs or is due.
    last_pass: bool,
    /// A failed last pass was tried again.
    retried: bool,
    /// A pass was exported.
    exported: bool,
    /// The last pass that ran was not exported: what the load holds may be nowhere else.
    unsaved: bool,
    /// A session came while the profile was not held, so that another load may have taken this one's place.
    overtaken: bool,
}

/// The machine of one user on one host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionMachine {
    timing: Timing,
    state: State,
    load: Load,
    kind: ProfileKind,
    /// What the last look found.
    found: (ProfileKind, Marker),
    sessions: Sessions,
    requests: Requests,
    job: Option<Running>,
    /// Jobs that did not end in time. Their ends, if they ever come, mean nothing.
    hanging: BTreeSet<JobNumber>,
    last_job: u64,
    wants: Wants,
    leaving: Leaving,
    held: bool,
    /// Whether this load was imported into and nobody was told yet.
    imported: bool,
    /// Whether the import into this load failed, so that no marker tells of it.
    import_failed: bool,
    /// Whether the last upload left nothing in the spool.
    stored: bool,
    polls: u32,
    armed: BTreeSet<Timer>,
    stopped: bool,
    actions: Vec<Action>,
}

impl SessionMachine {
    /// A machine that knows of no session.
    #[must_use]
    pub fn new(timing: Timing) -> Self {
        Self {
            timing,
            state: State::Absent,
            load: Load::Unknown,
            kind: ProfileKind::Unknown,
            found: (ProfileKind::Unknown, Marker::None),
            sessions: Sessions::default(),
            requests: Requests::default(),
            job: None,
            hanging: BTreeSet::new(),
            last_job: 0,
            wants: Wants::default(),
            leaving: Leaving::default(),
            held: false,
            imported: false,
            import_failed: false,
            stored: false,
            polls: 0,
            armed: BTreeSet::new(),
            stopped: false,
            actions: Vec::new(),
        }
    }

    /// Follows a newer plan from now on. Timers that are armed keep their time.
    pub fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// What is known of the load of the hive.
    #[must_use]
    pub fn load(&self) -> Load {
        self.load
    }

    /// The sessions that go on.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.sessions.alive()
    }

    /// The job that runs, also one that was given up.
    #[must_use]
    pub fn job(&self) -> Option<Job> {
        self.job.map(|running| running.work)
    }

    /// The timers that are armed.
    pub fn armed(&self) -> impl Iterator<Item = Timer> + '_ {
        self.armed.iter().copied()
    }

    /// Whether it can be dropped: nothing is known, waited for, running or hanging.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        // Dropped too early, it would give the numbers of jobs that hang to others.
        self.state == State::Absent && self.job.is_none() && self.hanging.is_empty() && self.armed.is_empty()
    }

    /// Takes an event, and says what is to be done.
    #[must_use]
    pub fn step(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Ended { job, end } => self.ended(job, end),
            Event::Request { number, session, logon, request } => {
                self.asked(number, session, logon, request);
            }
            // Only requests are still answered.
            _ if self.stopped => {}
            Event::Session { session, logon, change } => self.changed(session, logon, change),
            Event::Sessions(present) => self.listed(&present),
            Event::Timer(timer) => {
                if self.armed.remove(&timer) {
                    self.timer(timer);
                }
            }
            Event::Changed => self.input(Input::Changed),
            Event::Stop { shutdown } => {
                if self.state != State::Stopping {
                    let bound = if shutdown { self.timing.preshutdown } else { self.timing.stop };
                    self.arm(Timer::Stop, bound);
                    self.input(Input::Stop);
                }
            }
        }
        self.advance();
        std::mem::take(&mut self.actions)
    }

    fn input(&mut self, input: Input) {
        if !self.stopped {
            self.apply(rule(self.state, input));
        }
    }

    fn changed(&mut self, session: SessionId, logon: Option<u64>, change: SessionChange) {
        let standing = self.sessions.standing(session, logon);
        match (change, standing) {
            (SessionChange::Logon, Standing::Alive) => {}
            (SessionChange::Logon, Standing::Ending) if self.sessions.same_logon(session, logon) => {}
            (SessionChange::Logon, _) => {
                self.sessions.begin(session, logon, true);
                self.input(Input::SessionBegan);
            }
            // Whether it began lately is what the list tells.
            (SessionChange::Connect | SessionChange::Unlock, Standing::Unknown) | (_, Standing::Another) => {
                self.act(Action::ListSessions);
            }
            (_, Standing::Unknown | Standing::Ending) => {}
            (SessionChange::Logoff, Standing::Alive) => {
                self.sessions.end(session);
                let last = !self.sessions.any_alive();
                self.input(if last { Input::LastEnded } else { Input::OneEnded });
            }
            (SessionChange::Connect | SessionChange::Unlock, Standing::Alive) => {
                self.input(Input::SessionResumed);
            }
            (SessionChange::Disconnect | SessionChange::Lock, Standing::Alive) => {
                self.input(Input::SessionPaused);
            }
        }
    }

    fn listed(&mut self, present: &[Present]) {
        let listed = self.sessions.take_over(present, self.timing.young);
        if listed.last_ended {
            self.input(Input::LastEnded);
        }
        if listed.all_gone {
            self.input(Input::AllGone);
        }
        if listed.began {
            self.input(Input::SessionBegan);
        }
    }

    fn asked(&mut self, number: RequestNumber, session: SessionId, logon: Option<u64>, request: Request) {
        if !self.requests.is_new(number) {
            return;
        }
        if self.stopped {
            self.requests.take(number, session, request);
            return self.answer(number, Answer::Stopping);
        }
        if matches!(self.sessions.standing(session, logon), Standing::Unknown | Standing::Another) {
            self.sessions.begin(session, logon, request == Request::Logon);
            self.input(Input::SessionBegan);
        }
        self.requests.take(number, session, request);
        let (bound, input) = match request {
            Request::Logon => (self.timing.logon, Input::LogonRequest),
            Request::Logoff => (self.timing.logoff, Input::LogoffRequest),
            Request::Refresh => (self.timing.logon, Input::RefreshRequest),
        };
        self.arm(Timer::Request(number), bound);
        self.input(input);
    }

    fn timer(&mut self, timer: Timer) {
        self.input(match timer {
            Timer::Request(number) => return self.answer(number, Answer::Continue),
            Timer::Grace => Input::GraceOver,
            Timer::Hive => Input::HivePoll,
            Timer::Checkpoint => Input::CheckpointDue,
            Timer::LateMerge => Input::LateMergeDue,
            Timer::SessionEnd => Input::SessionEndOver,
            Timer::Gone => Input::GonePoll,
            Timer::Release => Input::ReleaseOver,
            Timer::Stop => Input::StopOver,
            Timer::Job => return self.give_up_hanging(),
        });
    }

    fn ended(&mut self, job: JobNumber, end: JobEnd) {
        self.hanging.remove(&job);
        let Some(running) = self.job.filter(|running| running.number == job) else { return };
        self.disarm(Timer::Job);
        self.conclude(running, end);
    }

    /// The running job is over, one way or the other.
    fn conclude(&mut self, running: Running, end: JobEnd) {
        self.job = None;
        if running.given_up {
            return self.input(Input::OldJobEnded);
        }
        let input = match (running.work, end) {
            (Job::Look, JobEnd::Found { kind, marker }) => {
                self.found = (kind, marker);
                Input::HiveFound
            }
            (Job::Look, _) => Input::HiveMissing,
            (Job::Import | Job::LateMerge, JobEnd::Done) => Input::ImportDone,
            (Job::Import, JobEnd::RestFollows) => Input::ImportBegun,
            (Job::Import | Job::LateMerge, JobEnd::Partly) => Input::ImportPartly,
            (Job::Import | Job::LateMerge, _) => Input::ImportFailed,
            (Job::MergeNewer, JobEnd::Done) => Input::NewerMerged,
            (Job::MergeNewer, _) => Input::NothingNewer,
            (Job::Tasks, _) => {
                self.answer_served(Request::Refresh, Answer::Refreshed);
                Input::TasksDone
            }
            (Job::Export { .. }, JobEnd::Done | JobEnd::Partly) => Input::Exported,
            (Job::Export { .. }, JobEnd::NotLoaded) => Input::HiveGone,
            (Job::Export { .. }, _) => Input::ExportFailed,
            (Job::Upload, end) => {
                self.stored = end == JobEnd::Done;
                Input::Uploaded
            }
        };
        self.input(input);
    }
}
