//! The service with threads: one that sorts events by user, one per user, one per running job, one for the chores.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
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
    events: Sender<ServiceEvent>,
    status: Arc<Mutex<BTreeMap<Sid, UserStatus>>>,
    stopped: Receiver<()>,
}

/// What a user's thread is told.
enum Message {
    Event(Event),
    Ask {
        session: SessionId,
        logon: Option<u64>,
        request: Request,
        reply: Reply,
    },
    Ended(JobNumber, JobEnd),
    /// Nothing more comes, unless the thread has something left to do.
    Over(Leave),
}

/// Asks a thread to end. Either it ends, or whoever asked goes on sending to it: the flag is taken once.
struct Leave {
    open: Arc<AtomicBool>,
    left: Sender<bool>,
}

/// How long an idle thread may take to say that it ends.
const LEAVE_WITHIN: Duration = Duration::from_secs(1);

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
            ports: Arc::clone(&ports),
            directory: Directory::default(),
            users: BTreeMap::new(),
            board: Arc::clone(&status),
        };
        let (chores_end, chores_ended) = mpsc::channel::<()>();
        thread::spawn(move || {
            // What waits since the service ran last is sent at once. It ends when the sorter does, which drops the other end.
            loop {
                ports.do_chores();
                if chores_ended.recv_timeout(CHORES_EVERY) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        });
        thread::spawn(move || {
            sorter.run(&received);
            drop(chores_end);
            drop(tell_stopped);
        });
        Self { events, status, stopped }
    }

    /// Takes an event. It never blocks.
    pub fn handle(&self, event: ServiceEvent) {
        if self.events.send(event).is_err() {
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

fn board(status: &Board) -> std::sync::MutexGuard<'_, BTreeMap<Sid, UserStatus>> {
    // Entries are only put in and taken out whole.
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sorts events by user.
struct Sorter {
    ports: Arc<Ports>,
    directory: Directory,
    users: BTreeMap<Sid, (Sender<Message>, thread::JoinHandle<()>)>,
    board: Board,
}

impl Sorter {
    fn run(mut self, events: &Receiver<ServiceEvent>) {
        if let Some(sessions) = self.directory.list(self.ports.control.as_ref()) {
            self.ports.agent().end_former_sessions(|sid| has_session(&sessions, sid));
        }
        self.list();
        let mut listed = self.ports.clock.elapsed();
        loop {
            let due = (listed + LIST_EVERY).saturating_sub(self.ports.clock.elapsed());
            match events.recv_timeout(due) {
                Ok(ServiceEvent::Session { session, change }) => {
                    let found = self.directory.resolve(session, change, self.ports.control.as_ref());
                    if let Some((sid, logon)) = found {
                        self.tell(
                            &sid,
                            Message::Event(Event::Session { session, logon: Some(logon), change }),
                        );
                    }
                }
                Ok(ServiceEvent::Request(asked)) => {
                    let (session, logon, request) = (asked.session, asked.logon, asked.request);
                    self.tell(&asked.sid, Message::Ask { session, logon, request, reply: asked.reply });
                }
                Ok(ServiceEvent::Stop { shutdown }) => return self.stop(shutdown),
                Err(RecvTimeoutError::Timeout) => {
                    listed = self.ports.clock.elapsed();
                    self.list();
                }
                // Whoever owns the service has let it go without a stop.
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn stop(self, shutdown: bool) {
        for (sender, _) in self.users.values() {
            drop(sender.send(Message::Event(Event::Stop { shutdown })));
        }
        for (sid, (_, user)) in self.users {
            if user.join().is_err() {
                tracing::error!(%sid, "A user's thread failed");
            }
        }
    }

    /// The host's list corrects what events have missed. Threads of users who are not there end.
    fn list(&mut self) {
        let Some(sessions) = self.directory.list(self.ports.control.as_ref()) else { return };
        for session in &sessions {
            self.user(&session.sid);
        }
        let idle: Vec<Sid> = {
            let known = board(&self.board);
            let there = |sid: &Sid| known.contains_key(sid) || has_session(&sessions, sid);
            self.users.keys().filter(|sid| !there(sid)).cloned().collect()
        };
        for sid in idle {
            if self.users.get(&sid).is_some_and(|(sender, _)| has_left(sender)) {
                self.users.remove(&sid);
            }
        }
        let now = self.ports.clock.now();
        for sid in self.users.keys().cloned().collect::<Vec<_>>() {
            self.tell(&sid, Message::Event(Event::Sessions(present(&sessions, &sid, now))));
        }
    }

    fn tell(&mut self, sid: &Sid, message: Message) {
        if let Err(mpsc::SendError(message)) = self.user(sid).send(message) {
            // The thread has failed; a new one adopts what is there.
            self.users.remove(sid);
            drop(self.user(sid).send(message));
        }
    }

    fn user(&mut self, sid: &Sid) -> &Sender<Message> {
        let (ports, board) = (&self.ports, &self.board);
        let (sender, _) = self.users.entry(sid.clone()).or_insert_with(|| {
            let (sender, messages) = mpsc::channel();
            let user = User {
                sid: sid.clone(),
                actor: Actor::new(sid.clone(), Arc::clone(ports)),
                ports: Arc::clone(ports),
                board: Arc::clone(board),
                own: sender.clone(),
            };
            (sender, thread::spawn(move || user.run(&messages)))
        });
        sender
    }
}

/// Whether a thread that is asked to end does.
fn has_left(user: &Sender<Message>) -> bool {
    let (left, answer) = mpsc::channel();
    let open = Arc::new(AtomicBool::new(true));
    if user.send(Message::Over(Leave { open: Arc::clone(&open), left })).is_err() {
        return true;
    }
    match answer.recv_timeout(LEAVE_WITHIN) {
        Ok(left) => left,
        // When the flag is still there, the thread will not find it any more, and stays.
        Err(_) => !open.swap(false, Ordering::AcqRel),
    }
}

/// One user's thread.
struct User {
    sid: Sid,
    actor: Actor,
    ports: Arc<Ports>,
    board: Board,
    own: Sender<Message>,
}

impl User {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let now = self.ports.clock.elapsed();
            let due = self.actor.poll(now);
            self.begin_jobs();
            self.show();
            if self.actor.is_stopped() {
                return;
            }
            let wait = due.map_or(LIST_EVERY, |due| due.saturating_sub(now));
            let message = messages.recv_timeout(wait);
            let now = self.ports.clock.elapsed();
            match message {
                Ok(Message::Event(event)) => self.actor.take(event, now),
                Ok(Message::Ask { session, logon, request, reply }) => {
                    self.actor.ask(session, logon, request, reply, now);
                }
                Ok(Message::Ended(job, end)) => self.actor.ended(job, end, now),
                Ok(Message::Over(leave)) => {
                    let leaves = self.actor.is_idle() && leave.open.swap(false, Ordering::AcqRel);
                    // Whoever asked may have stopped waiting.
                    let _ = leave.left.send(leaves);
                    if leaves {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn begin_jobs(&mut self) {
        for order in self.actor.orders() {
            let (ports, own) = (Arc::clone(&self.ports), self.own.clone());
            thread::spawn(move || {
                let run = std::panic::AssertUnwindSafe(|| order.run(&ports));
                // A job that panics must not leave its user waiting for ever.
                let end = std::panic::catch_unwind(run).unwrap_or(JobEnd::Failed);
                drop(own.send(Message::Ended(order.job, end)));
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
