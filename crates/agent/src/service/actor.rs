//! One user's machine with its timers, its hold and its requests.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use mp_profile::{
    ChangeWatch, ProfileHold, SessionId, Sid,
    machine::{
        Action, Answer, Event, Incident, JobEnd, JobNumber, Load, Request, RequestNumber, SessionMachine,
        State, Timer,
    },
};
use mp_protocol::{AgentSettings, HoldProfile, StorageAway};
use mp_registry::KeyPath;

use super::{
    HelperAnswer, JobOrder, PRODUCT, Ports, REFUSED, Reply, UserStatus, WITHOUT_SETTINGS,
    directory::present,
    incidents::{Incidents, told},
    plan::timing,
};
use crate::{CachedPlan, chain::chain, session::GivenUp};

/// Between two looks at the hints of changes.
const WATCH_POLL: Duration = Duration::from_secs(30);

/// Steps one user's machine. Whoever owns it tells it the time, and runs its orders.
pub(super) struct Actor {
    sid: Sid,
    ports: Arc<Ports>,
    machine: SessionMachine,
    plan: Option<CachedPlan>,
    /// When the armed timers run out.
    timers: BTreeMap<Timer, Duration>,
    replies: BTreeMap<RequestNumber, Reply>,
    last_request: u64,
    hold: Option<Box<dyn ProfileHold>>,
    watch: Watch,
    orders: Vec<JobOrder>,
    /// Of the job that was ordered last.
    given_up: GivenUp,
    incidents: Incidents,
    stopped: bool,
}

/// Hints of changes in a session that goes on.
enum Watch {
    Off,
    /// Looked at when this time has come; without a watch everything may have changed.
    On(Option<Box<dyn ChangeWatch>>, Duration),
}

impl Actor {
    pub(super) fn new(sid: Sid, ports: Arc<Ports>) -> Self {
        let mut actor = Self {
            sid,
            machine: SessionMachine::new(timing(None, &ports.settings)),
            ports,
            plan: None,
            timers: BTreeMap::new(),
            replies: BTreeMap::new(),
            last_request: 0,
            hold: None,
            watch: Watch::Off,
            orders: Vec::new(),
            given_up: GivenUp::default(),
            incidents: Incidents::default(),
            stopped: false,
        };
        actor.follow_plan();
        actor
    }

    /// Takes an event at this time.
    pub(super) fn take(&mut self, event: Event, now: Duration) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            if matches!(event, Event::Session { .. } | Event::Request { .. }) {
                self.follow_plan();
            }
            for action in self.machine.step(event) {
                events.extend(self.act(action, now));
            }
        }
        self.keep_watch(now);
    }

    /// Takes a request of a program in one of the user's sessions.
    pub(super) fn ask(
        &mut self,
        session: SessionId,
        logon: Option<u64>,
        request: Request,
        reply: Reply,
        now: Duration,
    ) {
        self.last_request += 1;
        let number = RequestNumber(self.last_request);
        self.replies.insert(number, reply);
        self.take(Event::Request { number, session, logon, request }, now);
    }

    /// Takes the end of a job.
    pub(super) fn ended(&mut self, job: JobNumber, end: JobEnd, now: Duration) {
        self.take(Event::Ended { job, end }, now);
    }

    /// Lets run out what has run out, and says when to come again.
    pub(super) fn poll(&mut self, now: Duration) -> Option<Duration> {
        while let Some((&timer, _)) = self.timers.iter().find(|(_, due)| **due <= now) {
            self.timers.remove(&timer);
            self.take(Event::Timer(timer), now);
        }
        if let Watch::On(watch, due) = &mut self.watch
            && *due <= now
        {
            *due = now + WATCH_POLL;
            if watch.as_mut().is_none_or(|watch| watch.changed()) {
                self.take(Event::Changed, now);
            }
        }
        let watch = match &self.watch {
            Watch::On(_, due) => Some(*due),
            Watch::Off => None,
        };
        self.timers.values().copied().chain(watch).min()
    }

    /// The jobs to run, each once.
    pub(super) fn orders(&mut self) -> Vec<JobOrder> {
        std::mem::take(&mut self.orders)
    }

    /// Whether nothing is left to be done or waited for.
    pub(super) fn is_idle(&self) -> bool {
        self.machine.is_idle() && self.orders.is_empty()
    }

    /// Whether the stop is done as far as this user is concerned.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn status(&self) -> UserStatus {
        UserStatus {
            sid: self.sid.clone(),
            state: self.machine.state(),
            load: self.machine.load(),
            sessions: self.machine.sessions().collect(),
            job: self.machine.job(),
            held: self.hold.is_some(),
            incidents: self.incidents.all(),
        }
    }

    fn follow_plan(&mut self) {
        match CachedPlan::load(&self.ports.state) {
            Ok(plan) => self.plan = plan,
            Err(error) => self.note("MP-AGT-051", chain(&error)),
        }
        self.machine.set_timing(timing(self.plan.as_ref(), &self.ports.settings));
    }

    fn note(&mut self, code: &'static str, text: String) {
        self.incidents.note(&self.sid, self.ports.clock.now(), code, text);
    }

    /// Does what takes no time; says what it told.
    fn act(&mut self, action: Action, now: Duration) -> Option<Event> {
        match action {
            Action::Start { job, work } => {
                self.given_up = GivenUp::default();
                let given_up = self.given_up.clone();
                self.orders.push(JobOrder { sid: self.sid.clone(), job, work, given_up });
            }
            // What it has begun to write it must not be cut off from.
            Action::Cancel(job) => {
                tracing::warn!(sid = %self.sid, job = job.0, "A job was given up");
                self.given_up.set();
            }
            Action::Answer { request, answer } => self.reply(request, answer),
            Action::Arm(timer, after) => {
                self.timers.insert(timer, now + after);
            }
            Action::Disarm(timer) => {
                self.timers.remove(&timer);
            }
            Action::ListSessions => return self.list(),
            Action::TakeHold(session) => self.take_hold(session),
            Action::ReleaseHold => self.release_hold(),
            Action::Protect => self.protect(),
            Action::Refresh(session) => self.ports.control.refresh(session, &self.kept_keys()),
            Action::TellMissing(session) if self.settings().storage_away == StorageAway::Message => {
                self.tell(session, WITHOUT_SETTINGS);
            }
            Action::TellMissing(_) => {}
            Action::Refuse(session) => self.refuse(session),
            Action::Forget => {
                if let Err(error) = self.ports.agent().forget(&self.sid) {
                    self.note(
                        "MP-AGT-067",
                        format!("the session's record is not removed: {}", chain(&error)),
                    );
                }
            }
            Action::Report(incident) => {
                let (code, text) = told(incident);
                if incident == Incident::Adopted
                    && let Err(error) = self.ports.agent().report_adopted(&self.sid, code, text)
                {
                    tracing::warn!(sid = %self.sid, error = chain(&error), "The adoption is not reported");
                }
                self.note(code, text.to_owned());
            }
            Action::Stopped => self.stopped = true,
        }
        None
    }

    fn reply(&mut self, request: RequestNumber, answer: Answer) {
        let Some(reply) = self.replies.remove(&request) else { return };
        let storage_away = match (answer, &self.plan) {
            (Answer::NotMerged, Some(_)) => Some(self.settings().storage_away),
            _ => None,
        };
        reply(HelperAnswer { answer, storage_away });
    }

    fn list(&self) -> Option<Event> {
        match self.ports.control.sessions() {
            Ok(sessions) => Some(Event::Sessions(present(&sessions, &self.sid, self.ports.clock.now()))),
            Err(error) => {
                tracing::warn!(error, "The host does not tell its sessions");
                None
            }
        }
    }

    /// What the plan says, and Group Policy in its place.
    fn settings(&self) -> AgentSettings {
        self.ports.settings.over(self.plan.as_ref().map(|cached| &cached.plan))
    }

    fn take_hold(&mut self, session: SessionId) {
        if self.settings().hold_profile == HoldProfile::Never {
            return;
        }
        match self.ports.control.hold(session, &self.sid) {
            Ok(hold) => self.hold = hold,
            Err(error) => {
                let text = format!(
                    "the profile is not kept loaded at logoff: {}; let a logoff script call the Agent",
                    chain(&error)
                );
                self.note("MP-AGT-068", text);
            }
        }
    }

    fn tell(&mut self, session: SessionId, text: &str) {
        if let Err(error) = self.ports.control.tell(session, PRODUCT, text) {
            let text =
                format!("session {session} goes on without its settings, and its user is not told: {error}");
            self.note("MP-AGT-074", text);
        }
    }

    fn refuse(&mut self, session: SessionId) {
        self.tell(session, REFUSED);
        let text = match self.ports.control.log_off(session) {
            Ok(()) => format!(
                "session {session} is logged off again, for its settings cannot be reached; nothing is exported of it"
            ),
            Err(error) => format!(
                "session {session} was to be logged off, for its settings cannot be reached, and goes on: {error}; nothing is exported of it"
            ),
        };
        self.note("MP-AGT-073", text);
    }

    fn release_hold(&mut self) {
        // Handles into the user's registry would keep it loaded.
        self.watch = Watch::Off;
        if let Some(Err(error)) = self.hold.take().map(|hold| hold.release()) {
            self.note("MP-AGT-069", format!("the profile is not let go: {}", chain(&error)));
        }
    }

    fn protect(&mut self) {
        let wanted = self.settings().protect_hive;
        if let Some(Err(error)) = wanted.then(|| self.ports.control.protect(&self.sid)) {
            self.note("MP-AGT-070", format!("other users can open this user's registry: {}", chain(&error)));
        }
    }

    /// Hints are wanted while a session goes on whose changes are exported in its midst.
    fn keep_watch(&mut self, now: Duration) {
        let live = matches!(self.machine.state(), State::Merged | State::MergeFailed | State::Live)
            && matches!(self.machine.load(), Load::Merged | Load::Begun | Load::NotMerged);
        match (&self.watch, live) {
            (Watch::Off, true) => {
                let watch = self.ports.control.watch(&self.sid, &self.kept_keys());
                if let Err(error) = &watch {
                    tracing::debug!(sid = %self.sid, error = chain(error), "No hints of changes");
                }
                self.watch = Watch::On(watch.ok(), now + WATCH_POLL);
            }
            (Watch::On(..), false) => self.watch = Watch::Off,
            _ => {}
        }
    }

    /// The keys that the plan keeps something below, up to the first wildcard.
    fn kept_keys(&self) -> Vec<KeyPath> {
        let subsets = self.plan.as_ref().map(|cached| cached.plan.subsets.as_slice()).unwrap_or_default();
        let keys = subsets.iter().flat_map(|subset| &subset.registry).map(|rule| {
            let fixed: Vec<&str> =
                rule.key.split('\\').take_while(|name| !name.contains(['*', '?'])).collect();
            fixed.join("\\")
        });
        let mut keys: Vec<String> = keys.collect();
        keys.sort();
        keys.dedup();
        keys.iter().map(|key| KeyPath::parse(key)).collect()
    }
}
