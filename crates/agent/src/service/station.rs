//! A session host's service in one thread and by anybody's clock.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mp_profile::{
    Sid,
    machine::{Event, JobEnd},
};

use super::{
    JobOrder, Ports, ServiceEvent, UserStatus,
    actor::Actor,
    chores::LIST_EVERY,
    directory::{Directory, has_session, present},
};

/// The service of one session host, stepped from outside. Dropping it is what killing the service is.
pub struct Station {
    ports: Arc<Ports>,
    directory: Directory,
    actors: BTreeMap<Sid, Actor>,
    next_list: Duration,
    stopping: bool,
}

impl Station {
    /// Starts the service: it adopts the sessions that are there.
    #[must_use]
    pub fn start(ports: Ports, now: Duration) -> Self {
        let mut station = Self {
            ports: Arc::new(ports),
            directory: Directory::default(),
            actors: BTreeMap::new(),
            next_list: now,
            stopping: false,
        };
        if let Some(sessions) = station.directory.list(station.ports.control.as_ref()) {
            station.ports.agent().end_former_sessions(|sid| has_session(&sessions, sid));
        }
        station.poll(now);
        station
    }

    /// Takes an event at this time.
    pub fn handle(&mut self, event: ServiceEvent, now: Duration) {
        match event {
            ServiceEvent::Session { session, change } => {
                let Some((sid, logon)) = self.directory.resolve(session, change, self.ports.control.as_ref())
                else {
                    return;
                };
                let event = Event::Session { session, logon: Some(logon), change };
                self.actor(sid).take(event, now);
            }
            ServiceEvent::Request(asked) => {
                self.actor(asked.sid).ask(asked.session, asked.logon, asked.request, asked.reply, now);
            }
            ServiceEvent::Stop { shutdown } => {
                self.stopping = true;
                for actor in self.actors.values_mut() {
                    actor.take(Event::Stop { shutdown }, now);
                }
            }
        }
    }

    /// Lets run out what has run out, and says when to come again.
    pub fn poll(&mut self, now: Duration) -> Duration {
        if self.next_list <= now {
            self.next_list = now + LIST_EVERY;
            self.list(now);
        }
        self.actors.retain(|_, actor| !actor.is_idle() || actor.is_stopped());
        let due = self.actors.values_mut().filter_map(|actor| actor.poll(now)).min();
        due.map_or(self.next_list, |due| due.min(self.next_list))
    }

    /// The jobs to run, each once. Their ends are to be told by [`Station::ended`].
    #[must_use]
    pub fn orders(&mut self) -> Vec<JobOrder> {
        self.actors.values_mut().flat_map(Actor::orders).collect()
    }

    /// Takes the end of a job.
    pub fn ended(&mut self, order: &JobOrder, end: JobEnd, now: Duration) {
        if let Some(actor) = self.actors.get_mut(&order.sid) {
            actor.ended(order.job, end, now);
        }
    }

    /// What is known of each user.
    #[must_use]
    pub fn status(&self) -> Vec<UserStatus> {
        self.actors.values().map(Actor::status).collect()
    }

    /// Whether a stop was asked for and is done.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopping && self.actors.values().all(Actor::is_stopped)
    }

    /// The host's list corrects what events have missed.
    fn list(&mut self, now: Duration) {
        if self.stopping {
            return;
        }
        let Some(sessions) = self.directory.list(self.ports.control.as_ref()) else { return };
        let wall = self.ports.clock.now();
        for session in &sessions {
            self.actor(session.sid.clone());
        }
        for (sid, actor) in &mut self.actors {
            actor.take(Event::Sessions(present(&sessions, sid, wall)), now);
        }
    }

    fn actor(&mut self, sid: Sid) -> &mut Actor {
        let ports = &self.ports;
        self.actors.entry(sid).or_insert_with_key(|sid| Actor::new(sid.clone(), Arc::clone(ports)))
    }
}
