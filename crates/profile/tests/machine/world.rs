//! A model of a session host and of the service around the machine. After each step it checks the invariants of
//! `docs/reference/session-states.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use mp_dataset::ProfileKind;
use mp_profile::{
    SessionId,
    machine::{
        Action, Aim, Event, Incident, Job, JobEnd, JobNumber, Load, Marker, Present, Request, RequestNumber,
        SessionChange, SessionMachine, State, Timer, Timing,
    },
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
                Action::Protect | Action::Refresh(_) => {}
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
                Action::Report(_) => {}
                Action::Stopped => {
                    self.stopped = true;
                    self.keeps_promise();
                    // What the sessions do while there is no service is the next one's.
                    self.break_promise();
                }
            }
        }
        self.check();
        if lists {
            self.list();
        }
    }

    fn start(&mut self, number: JobNumber, work: Job) {
        assert!(self.job.is_none(), "INVARIANT 3: two jobs at once");
        assert!(!self.stopped, "nothing begins after the stop");
        let began = self.hive.as_ref().map_or((0, 0), |hive| (hive.id, hive.changes));
        self.job = Some((number, work, began));
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

    fn ended(&mut self, job: JobNumber, end: JobEnd) {
        self.tell(Event::Ended { job, end });
        // An end that is told twice means nothing.
        self.tell(Event::Ended { job, end });
    }

    pub(crate) fn fire(&mut self, which: usize) {
        let Some(&timer) = self.timers.iter().nth(which % self.timers.len().max(1)) else { return };
        self.fire_timer(timer);
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

    pub(crate) fn log_on(&mut self, slot: u32, told: bool) {
        if self.sessions.contains_key(&slot) {
            return;
        }
        let logon = self.number();
        let kind = self.next_kind;
        self.hive.get_or_insert(Hive {
            id: logon,
            kind,
            marker: Marker::None,
            imports: 0,
            changes: 0,
            exported: 0,
            promised: false,
        });
        self.sessions.insert(slot, WorldSession { logon, ending: false, young: true });
        self.session(slot, SessionChange::Logon, told);
    }

    pub(crate) fn log_off(&mut self, slot: u32, told: bool) {
        if let Some(session) = self.sessions.get_mut(&slot).filter(|session| !session.ending) {
            session.ending = true;
            self.session(slot, SessionChange::Logoff, told);
        }
    }

    /// The session is gone; nobody tells of it.
    pub(crate) fn end(&mut self, slot: u32) {
        if self.sessions.get(&slot).is_some_and(|session| session.ending) {
            self.sessions.remove(&slot);
            self.unload();
        }
    }

    pub(crate) fn session(&mut self, slot: u32, change: SessionChange, told: bool) {
        let Some(session) = self.sessions.get(&slot) else { return };
        let event = Event::Session { session: SessionId(slot), logon: Some(session.logon), change };
        if told {
            self.tell(event);
        } else {
            self.lossy = true;
        }
    }

    pub(crate) fn ask(&mut self, slot: u32, request: Request) -> Option<RequestNumber> {
        let session = self.sessions.get(&slot)?;
        let logon = Some(session.logon);
        let number = RequestNumber(self.number());
        self.open.insert(number);
        let event = Event::Request { number, session: SessionId(slot), logon, request };
        self.tell(event.clone());
        // A request that comes twice is one.
        self.tell(event);
        Some(number)
    }

    /// The user's programs change something.
    pub(crate) fn change(&mut self) {
        let alive = self.sessions.values().any(|session| !session.ending);
        if let Some(hive) = self.hive.as_mut().filter(|_| alive) {
            hive.changes += 1;
            if self.machine.state() == State::Stopping {
                // The stop's checkpoint may have been read already; the session goes on without a service.
                hive.promised = false;
            }
            self.tell(Event::Changed);
        }
    }

    pub(crate) fn list(&mut self) {
        let present = |(slot, session): (&u32, &WorldSession)| Present {
            session: SessionId(*slot),
            logon: session.logon,
            age: Some(if session.young { Duration::ZERO } else { self.timing.young * 2 }),
        };
        let present = self.sessions.iter().map(present).collect();
        self.tell(Event::Sessions(present));
    }

    pub(crate) fn grow_old(&mut self) {
        for session in self.sessions.values_mut() {
            session.young = false;
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
