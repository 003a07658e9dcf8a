//! What users and their sessions do.

use std::time::Duration;

use mp_profile::{
    SessionId,
    machine::{Event, Marker, Present, Request, RequestNumber, SessionChange, State},
};

use super::{Hive, World, WorldSession};

impl World {
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
}
