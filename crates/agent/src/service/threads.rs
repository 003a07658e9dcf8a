//! The service with threads: one that sorts events by user and keeps the time, and for as long as there is something to do,
//! one per user whose machine takes a step, one per running job and one for the chores. A user for whom nothing happens has none:
//! a thread that waits costs memory, under Wine a MiB.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use mp_profile::{
    SessionId, Sid,
    machine::{Event, JobEnd, JobNumber, Request},
};

use super::{
    Ports, Reply, ServiceEvent, UserStatus,
    actor::Actor,
    chores::{CHORES_EVERY, LIST_EVERY},
    directory::{Directory, has_session, present},
};

/// The service of a session host. Its functions only hand things on.
pub struct AgentService {
    events: Sender<Told>,
    status: Arc<Mutex<BTreeMap<Sid, UserStatus>>>,
    stopped: Receiver<()>,
}

/// What the sorter is told.
enum Told {
    Event(ServiceEvent),
    /// A step is done.
    Rests(Box<User>),
    /// A step failed, and the user's machine with it.
    Lost(Sid),
    Ended(Sid, JobNumber, JobEnd),
    /// The chores are done for this time.
    Tidy,
    /// Whoever owns the service has let it go.
    LetGo,
}

/// What a user's machine is told.
enum Message {
    Event(Event),
    Ask {
        session: SessionId,
        logon: Option<u64>,
        request: Request,
        reply: Reply,
    },
    Ended(JobNumber, JobEnd),
    /// A timer has run out.
    Wake,
}

type Board = Arc<Mutex<BTreeMap<Sid, UserStatus>>>;

impl AgentService {
    /// Starts the service: it adopts the sessions that are there, and sends what waits in the spool.
    #[must_use]
    pub fn start(ports: Ports) -> Self {
        let ports = Arc::new(ports);
        let (events, received) = mpsc::channel();
        let (tell_stopped, stopped) = mpsc::channel();
        let status = Board::default();
        let sorter = Sorter {
            ports,
            directory: Directory::default(),
            users: BTreeMap::new(),
            board: Arc::clone(&status),
            told: events.clone(),
            next_chores: Some(Duration::ZERO),
        };
        thread::spawn(move || {
            sorter.run(&received);
            drop(tell_stopped);
        });
        Self { events, status, stopped }
    }

    /// Takes an event. It never blocks.
    pub fn handle(&self, event: ServiceEvent) {
        if self.events.send(Told::Event(event)).is_err() {
            tracing::warn!("An event came after the stop");
        }
    }

    /// Stops: a last checkpoint or export of every user, within the bound of the plan, and of this one.
    pub fn stop(self, shutdown: bool, within: Duration) {
        self.handle(ServiceEvent::Stop { shutdown });
        if self.stopped.recv_timeout(within) == Err(RecvTimeoutError::Timeout) {
            tracing::error!("The service ends before its last work is done");
        }
    }

    /// What is known of each user.
    #[must_use]
    pub fn status(&self) -> Vec<UserStatus> {
        board(&self.status).values().cloned().collect()
    }
}

impl Drop for AgentService {
    fn drop(&mut self) {
        // After a stop nobody listens any more.
        drop(self.events.send(Told::LetGo));
    }
}

fn board(status: &Board) -> std::sync::MutexGuard<'_, BTreeMap<Sid, UserStatus>> {
    // Entries are only put in and taken out whole.
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sorts events by user.
struct Sorter {
    ports: Arc<Ports>,
    directory: Directory,
    users: BTreeMap<Sid, Place>,
    board: Board,
    told: Sender<Told>,
    /// Not there while they are done.
    next_chores: Option<Duration>,
}

/// A user's place with the sorter.
#[derive(Default)]
struct Place {
    /// Not there while a step is taken.
    user: Option<Box<User>>,
    /// Whether a step is being taken.
    steps: bool,
    /// What the next step takes.
    waiting: Vec<Message>,
    /// Whether the user's part of a stop is done.
    stopped: bool,
}

impl Place {
    /// When the first of the user's timers runs out.
    fn due(&self) -> Option<Duration> {
        self.user.as_ref().filter(|_| !self.stopped)?.due
    }
}

impl Sorter {
    fn run(mut self, told: &Receiver<Told>) {
        // What waits since the service ran last is sent at once.
        self.begin_chores();
        if let Some(sessions) = self.directory.list(self.ports.control.as_ref()) {
            self.ports.agent().end_former_sessions(|sid| has_session(&sessions, sid));
        }
        self.list();
        let mut listed = self.ports.clock.elapsed();
        let mut stopping = false;
        while !(stopping && self.users.values().all(|place| place.stopped)) {
            let now = self.ports.clock.elapsed();
            let wait = self.next_due().min(listed + LIST_EVERY).saturating_sub(now);
            match told.recv_timeout(wait) {
                Ok(Told::Event(_)) if stopping => {}
                Ok(Told::Event(event)) => stopping = self.event(event),
                Ok(Told::Rests(user)) => self.rests(user),
                Ok(Told::Lost(sid)) => self.lost(&sid, stopping),
                Ok(Told::Ended(sid, job, end)) => self.tell(&sid, Message::Ended(job, end)),
                Ok(Told::Tidy) => self.next_chores = Some(self.ports.clock.elapsed() + CHORES_EVERY),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Told::LetGo) | Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = self.ports.clock.elapsed();
            if listed + LIST_EVERY <= now {
                listed = now;
                if !stopping {
                    self.list();
                }
            }
            if self.next_chores.is_some_and(|due| due <= now) {
                self.begin_chores();
            }
            self.wake(now);
        }
    }

    /// Hands an event to whom it concerns; says whether it is the stop.
    fn event(&mut self, event: ServiceEvent) -> bool {
        match event {
            ServiceEvent::Session { session, change } => {
                let found = self.directory.resolve(session, change, self.ports.control.as_ref());
                if let Some((sid, logon)) = found {
                    self.tell(&sid, Message::Event(Event::Session { session, logon: Some(logon), change }));
                }
            }
            ServiceEvent::Request(asked) => {
                let (session, logon, request) = (asked.session, asked.logon, asked.request);
                self.tell(&asked.sid, Message::Ask { session, logon, request, reply: asked.reply });
            }
            ServiceEvent::Stop { shutdown } => {
                for sid in self.users.keys().cloned().collect::<Vec<_>>() {
                    self.tell(&sid, Message::Event(Event::Stop { shutdown }));
                }
                return true;
            }
        }
        false
    }

    fn begin_chores(&mut self) {
        self.next_chores = None;
        let (told, ports) = (self.told.clone(), Arc::clone(&self.ports));
        thread::spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| ports.do_chores())).is_err() {
                tracing::error!("The thread of the chores failed");
            }
            drop(told.send(Told::Tidy));
        });
    }

    /// When the first of the users' timers runs out, or the chores are due.
    fn next_due(&self) -> Duration {
        let users = self.users.values().filter_map(Place::due);
        users.chain(self.next_chores).min().unwrap_or(Duration::MAX)
    }

    fn wake(&mut self, now: Duration) {
        let due = self.users.iter().filter(|(_, place)| place.due().is_some_and(|due| due <= now));
        for sid in due.map(|(sid, _)| sid.clone()).collect::<Vec<_>>() {
            self.tell(&sid, Message::Wake);
        }
    }

    /// The host's list corrects what events have missed. Users who are not there are forgotten.
    fn list(&mut self) {
        let Some(sessions) = self.directory.list(self.ports.control.as_ref()) else { return };
        for session in &sessions {
            self.users.entry(session.sid.clone()).or_default();
        }
        let rests =
            |place: &Place| !place.steps && place.user.as_ref().is_none_or(|user| user.actor.is_idle());
        self.users.retain(|sid, place| !rests(place) || has_session(&sessions, sid));
        let now = self.ports.clock.now();
        for sid in self.users.keys().cloned().collect::<Vec<_>>() {
            self.tell(&sid, Message::Event(Event::Sessions(present(&sessions, &sid, now))));
        }
    }

    fn tell(&mut self, sid: &Sid, message: Message) {
        self.users.entry(sid.clone()).or_default().waiting.push(message);
        self.step(sid);
    }

    fn rests(&mut self, user: Box<User>) {
        let sid = user.sid.clone();
        let place = self.users.entry(sid.clone()).or_default();
        place.steps = false;
        place.stopped = user.actor.is_stopped();
        place.user = Some(user);
        self.step(&sid);
    }

    /// A new machine adopts what is there, unless the service stops.
    fn lost(&mut self, sid: &Sid, stopping: bool) {
        tracing::error!(%sid, "A user's thread failed");
        let place = self.users.entry(sid.clone()).or_default();
        place.steps = false;
        place.stopped = stopping;
        self.step(sid);
    }

    /// Has a user's machine take what waits for it, unless it takes a step already or has stopped.
    fn step(&mut self, sid: &Sid) {
        let Some(place) = self.users.get_mut(sid) else { return };
        if place.steps || place.stopped || place.waiting.is_empty() {
            return;
        }
        let user = place.user.take().unwrap_or_else(|| {
            Box::new(User {
                sid: sid.clone(),
                actor: Actor::new(sid.clone(), Arc::clone(&self.ports)),
                due: None,
                ports: Arc::clone(&self.ports),
                board: Arc::clone(&self.board),
                told: self.told.clone(),
            })
        });
        let messages = std::mem::take(&mut place.waiting);
        place.steps = true;
        let (told, sid) = (self.told.clone(), sid.clone());
        thread::spawn(move || {
            // What is told after the service was let go is of no use to anybody.
            drop(told.send(match catch_unwind(AssertUnwindSafe(|| user.step(messages))) {
                Ok(user) => Told::Rests(user),
                Err(_) => Told::Lost(sid),
            }));
        });
    }
}

/// One user's machine.
struct User {
    sid: Sid,
    actor: Actor,
    /// When the first of its timers runs out.
    due: Option<Duration>,
    ports: Arc<Ports>,
    board: Board,
    told: Sender<Told>,
}

impl User {
    fn step(mut self: Box<Self>, messages: Vec<Message>) -> Box<Self> {
        for message in messages {
            let now = self.ports.clock.elapsed();
            match message {
                Message::Event(event) => self.actor.take(event, now),
                Message::Ask { session, logon, request, reply } => {
                    self.actor.ask(session, logon, request, reply, now);
                }
                Message::Ended(job, end) => self.actor.ended(job, end, now),
                Message::Wake => {}
            }
            self.due = self.actor.poll(now);
            self.begin_jobs();
        }
        self.show();
        self
    }

    fn begin_jobs(&mut self) {
        for order in self.actor.orders() {
            let (ports, told, sid) = (Arc::clone(&self.ports), self.told.clone(), self.sid.clone());
            thread::spawn(move || {
                // A job that panics must not leave its user waiting for ever.
                let end = catch_unwind(AssertUnwindSafe(|| order.run(&ports))).unwrap_or(JobEnd::Failed);
                drop(told.send(Told::Ended(sid, order.job, end)));
            });
        }
    }

    fn show(&self) {
        let mut board = board(&self.board);
        if self.actor.is_idle() {
            board.remove(&self.sid);
        } else {
            board.insert(self.sid.clone(), self.actor.status());
        }
    }
}
