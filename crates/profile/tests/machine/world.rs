//! A model of a session host and of the service around the machine. After each step it checks the invariants of
//! `docs/reference/session-states.md`.

mod users;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use mp_dataset::ProfileKind;
use mp_profile::machine::{
    Action, Aim, Event, Incident, Job, JobEnd, JobNumber, Load, Marker, RequestNumber, SessionMachine, State,
    Timer, Timing,
};

/// One load of the hive.
#[derive(Clone, Debug)]
pub(crate) struct Hive {
    id: u64,
    pub(crate) kind: ProfileKind,
    pub(crate) marker: Marker,
    /// How often an import was begun since the service started, the load was exported unmerged, or it was forgotten.
    imports: u32,
    /// Counts what the user changed.
    changes: u64,
    /// What of it is in the spool.
    exported: u64,
    /// Whether a hold promises that all of it will be.
    promised: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct WorldSession {
    pub(crate) logon: u64,
    pub(crate) ending: bool,
    pub(crate) young: bool,
}

pub(crate) struct World {
    pub(crate) machine: SessionMachine,
    pub(crate) sessions: BTreeMap<u32, WorldSession>,
    pub(crate) hive: Option<Hive>,
    /// The running job, with the load of the hive and its changes when it began.
    pub(crate) job: Option<(JobNumber, Job, (u64, u64))>,
    /// Jobs that did not end in time.
    hanging: Vec<(JobNumber, Job, (u64, u64))>,
    pub(crate) timers: BTreeSet<Timer>,
    pub(crate) open: BTreeSet<RequestNumber>,
    pub(crate) log: Vec<Action>,
    pub(crate) next_kind: ProfileKind,
    held: bool,
    /// A hold of a service that was killed: nobody releases it before the host starts anew.
    orphaned: bool,
    pub(crate) stopped: bool,
    /// Whether an event was lost, so that the machine may be wrong about the host for a while.
    pub(crate) lossy: bool,
    last: u64,
    timing: Timing,
}

impl World {
    pub(crate) fn new(timing: Timing) -> Self {
        Self {
            machine: SessionMachine::new(timing),
            sessions: BTreeMap::new(),
            hive: None,
            job: None,
            hanging: Vec::new(),
            timers: BTreeSet::new(),
            open: BTreeSet::new(),
            log: Vec::new(),
            next_kind: ProfileKind::Mandatory,
            held: false,
            orphaned: false,
            stopped: false,
            lossy: false,
            last: 0,
            timing,
        }
    }

    /// The console gives another plan.
    pub(crate) fn follow(&mut self, timing: Timing) {
        self.timing = timing;
        self.machine.set_timing(timing);
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(crate) fn tell(&mut self, event: Event) {
        let actions = self.machine.step(event.clone());
        let mut lists = false;
        for action in actions {
            self.log.push(action.clone());
            match action {
                Action::TakeHold(_) => {
                    assert!(!self.held, "INVARIANT 4: a hold is taken twice");
                    self.held = true;
                    if let Some(hive) = self.hive.as_mut().filter(|_| !self.sessions.is_empty()) {
                        hive.promised = true;
                    }
                }
                Action::ReleaseHold => {
                    assert!(self.held, "INVARIANT 4: a hold is released that is not held");
                    self.held = false;
                    self.unload();
                    // A session that shares the load has no promise before it is held anew.
                    self.break_promise();
                }
                Action::Protect | Action::Refresh(_) | Action::TellMissing(_) => {}
                Action::Refuse(_) => {
                    assert!(self.timing.refuses, "INVARIANT 11: a logon is refused without the plan's word");
                }
                Action::Start { job, work } => self.start(job, work),
                Action::Cancel(job) => {
                    assert_eq!(self.job.map(|(running, ..)| running), Some(job));
                    // Given up by force: what it would have exported may be lost, and is reported.
                    self.break_promise();
                }
                Action::Answer { request, .. } => {
                    assert!(self.open.remove(&request), "INVARIANT 5: {request:?} is answered twice");
                }
                Action::Arm(timer, after) => {
                    assert!(after > Duration::ZERO);
                    self.timers.insert(timer);
                }
                Action::Disarm(timer) => assert!(self.timers.remove(&timer), "{timer:?} is not armed"),
                Action::ListSessions => lists = true,
                Action::Forget => {
                    if let Some(hive) = &mut self.hive {
                        hive.marker = Marker::Over;
                        hive.imports = 0;
                    }
                }
                Action::Report(Incident::ExportFailed | Incident::HiveGone | Incident::StopForced) => {
                    self.break_promise();
                }
                Action::Report(Incident::JobHangs) => {
                    self.hanging.extend(self.job.take());
                    self.break_promise();
                }
                Action::Report(_) => {}
                Action::Stopped => {
                    self.stopped = true;
                    self.keeps_promise();
                    // What the sessions do while there is no service is the next one's.
                    self.break_promise();
                }
            }
        }
        if self.is_refused() {
            // What nobody could work with is not kept.
            self.break_promise();
        }
        self.check();
        if lists {
            self.list();
        }
    }

    /// Whether all sessions are to be logged off again.
    fn is_refused(&self) -> bool {
        self.timing.refuses && self.machine.load() == Load::LeftAlone
    }

    fn start(&mut self, number: JobNumber, work: Job) {
        assert!(self.job.is_none(), "INVARIANT 3: two jobs at once");
        assert!(!self.stopped, "nothing begins after the stop");
        let began = self.hive.as_ref().map_or((0, 0), |hive| (hive.id, hive.changes));
        self.job = Some((number, work, began));
        if matches!(work, Job::Export { .. } | Job::LateMerge | Job::MergeNewer) {
            assert!(!self.is_refused(), "INVARIANT 11: a refused logon is exported");
        }
        match (work, &mut self.hive) {
            (Job::Import, Some(hive)) => {
                hive.imports += 1;
                assert_eq!(hive.imports, 1, "INVARIANT 2: a load of the hive is imported into twice");
                let imported = !matches!(hive.marker, Marker::None | Marker::Over);
                assert!(!imported, "INVARIANT 2: the marker says that it was imported into");
            }
            (Job::Export { aim, .. }, Some(hive)) if !self.lossy => {
                let merged = hive.marker == Marker::Merged && hive.kind == ProfileKind::Mandatory;
                assert!(aim != Aim::Replace || merged, "INVARIANT 1: an export replaces what was not merged");
                let never = matches!(hive.kind, ProfileKind::Temporary | ProfileKind::Unknown);
                assert!(!never, "INVARIANT 7: a {:?} profile is exported", hive.kind);
                assert_ne!(self.machine.load(), Load::Begun, "INVARIANT 9: the rest was not tried");
            }
            (Job::MergeNewer, Some(hive)) if !self.lossy => {
                assert_eq!(
                    hive.marker,
                    Marker::Merged,
                    "INVARIANT 10: newer data meet what was never merged"
                );
            }
            _ => {}
        }
    }

    /// Ends the running job as the Agent would: it looks at the marker itself, and takes the more careful way.
    pub(crate) fn finish(&mut self, luck: JobEnd) {
        let Some((job, work, (load, changes))) = self.job.take() else { return };
        let luck = if luck == JobEnd::RestFollows && work != Job::Import { JobEnd::Partly } else { luck };
        let end = match (work, &mut self.hive) {
            (Job::Tasks | Job::Upload | Job::MergeNewer, _) => luck,
            (_, None) => JobEnd::NotLoaded,
            (Job::Export { .. }, Some(hive)) if hive.id != load => JobEnd::NotLoaded,
            (Job::Look, Some(hive)) => JobEnd::Found { kind: hive.kind, marker: hive.marker },
            (Job::Import | Job::LateMerge, Some(hive)) => {
                match luck {
                    _ if hive.kind != ProfileKind::Mandatory => return self.ended(job, JobEnd::Failed),
                    JobEnd::Done => hive.marker = Marker::Merged,
                    JobEnd::RestFollows => hive.marker = Marker::Begun,
                    JobEnd::Partly => hive.marker = Marker::NotMerged,
                    _ => {}
                }
                luck
            }
            (Job::Export { aim, .. }, Some(hive)) => {
                let never = matches!(hive.kind, ProfileKind::Temporary | ProfileKind::Unknown);
                match luck {
                    _ if never => JobEnd::Failed,
                    _ if aim == Aim::Replace && hive.marker != Marker::Merged => JobEnd::NotLoaded,
                    JobEnd::Done | JobEnd::Partly => {
                        hive.exported = hive.exported.max(changes);
                        if matches!(hive.marker, Marker::None | Marker::Over) {
                            // A failed import may be followed by another session's, once the first one's work is safe.
                            hive.imports = 0;
                        }
                        luck
                    }
                    _ => JobEnd::Failed,
                }
            }
        };
        self.ended(job, end);
    }

    /// A job that hung ends after all. What it had begun to write it has written, if its load of the hive is still there.
    pub(crate) fn wake(&mut self, luck: JobEnd) {
        let Some((job, work, (load, changes))) = self.hanging.pop() else { return };
        let before = (self.machine.state(), self.machine.load());
        match (work, self.hive.as_mut().filter(|hive| hive.id == load && hive.kind == ProfileKind::Mandatory))
        {
            (Job::Import, Some(hive)) if luck == JobEnd::Done && hive.marker == Marker::None => {
                hive.marker = Marker::Merged;
            }
            (Job::Export { .. }, Some(hive)) if luck == JobEnd::Done => {
                hive.exported = hive.exported.max(changes)
            }
            _ => {}
        }
        self.ended(job, luck);
        assert_eq!((self.machine.state(), self.machine.load()), before, "INVARIANT 12: a late end is heard");
    }

    fn ended(&mut self, job: JobNumber, end: JobEnd) {
        self.tell(Event::Ended { job, end });
        // An end that is told twice means nothing.
        self.tell(Event::Ended { job, end });
    }

    pub(crate) fn fire(&mut self, which: usize) {
        let due: Vec<Timer> = self.timers.iter().copied().filter(|timer| *timer != Timer::Job).collect();
        if let Some(&timer) = due.get(which % due.len().max(1)) {
            self.fire_timer(timer);
        }
    }

    /// The running job does not end in time.
    pub(crate) fn hang(&mut self) {
        if self.timers.contains(&Timer::Job) {
            self.fire_timer(Timer::Job);
        }
    }

    pub(crate) fn fire_timer(&mut self, timer: Timer) {
        assert!(self.timers.remove(&timer), "{timer:?} is not armed: {:?}", self.machine);
        self.tell(Event::Timer(timer));
        if let Timer::Request(number) = timer {
            assert!(!self.open.contains(&number), "INVARIANT 5: the bound of {number:?} is over");
        }
        // A timer that is told twice means nothing.
        if !self.timers.contains(&timer) {
            self.tell(Event::Timer(timer));
        }
    }

    /// The service is killed and starts again: what it held stays held, and it knows nothing.
    pub(crate) fn kill(&mut self) {
        self.orphaned |= self.held && self.hive.is_some();
        self.start_again();
    }

    pub(crate) fn stop(&mut self, shutdown: bool) {
        self.tell(Event::Stop { shutdown });
    }

    pub(crate) fn start_again(&mut self) {
        // A stop that was not waited for is a kill.
        self.break_promise();
        self.held = false;
        self.machine = SessionMachine::new(self.timing);
        self.job = None;
        self.hanging.clear();
        self.timers.clear();
        self.open.clear();
        self.stopped = false;
        if let Some(hive) = &mut self.hive {
            hive.imports = 0;
        }
        self.list();
    }

    fn break_promise(&mut self) {
        if let Some(hive) = &mut self.hive {
            hive.promised = false;
        }
    }

    fn unload(&mut self) {
        if self.sessions.is_empty() && !self.held && !self.orphaned {
            self.keeps_promise();
            self.hive = None;
        }
    }

    fn keeps_promise(&self) {
        if let Some(hive) = self.hive.as_ref().filter(|hive| hive.promised && !self.lossy) {
            assert_eq!(hive.exported, hive.changes, "INVARIANT 8: changes of a held profile are lost");
        }
    }

    fn check(&self) {
        let armed: BTreeSet<Timer> = self.machine.armed().collect();
        assert_eq!(armed, self.timers);
        for number in &self.open {
            assert!(armed.contains(&Timer::Request(*number)), "INVARIANT 5: {number:?} has no bound");
        }
        if self.machine.state() == State::Absent {
            assert!(!self.held, "INVARIANT 4: the profile is held though nobody is there");
            assert!(self.open.is_empty(), "INVARIANT 5: a request waits though nobody is there");
            assert!(armed.is_empty(), "INVARIANT 6: a timer is armed though nobody is there");
        }
        if self.machine.state() == State::Merging {
            assert_eq!(self.machine.load(), Load::Fresh);
        }
    }

    /// All sessions end, all jobs end, and all timers run out: nothing is left.
    pub(crate) fn drain(&mut self, luck: JobEnd) {
        self.sessions.clear();
        self.unload();
        self.list();
        for _ in 0..200 {
            self.finish(luck);
            self.wake(luck);
            if self.machine.is_idle() {
                break;
            }
            if self.job.is_none() {
                self.fire(0);
            }
        }
        assert!(self.machine.is_idle(), "INVARIANT 6: something is left: {:?}", self.machine);
        assert!(self.open.is_empty() && !self.held);
    }
}
