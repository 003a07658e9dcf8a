//! Which sessions a user has, as far as events and lists told.

use std::{collections::BTreeMap, time::Duration};

use super::event::Present;
use crate::SessionId;

/// The user's sessions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Sessions(BTreeMap<SessionId, Known>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Known {
    logon: Option<u64>,
    /// Whether it began so lately that nothing was decided for it yet.
    fresh: bool,
    /// Whether its LOGOFF was told.
    ending: bool,
    /// Whether its logon script was told that the settings are missing.
    told: bool,
    /// Whether it is to be logged off again, for its settings are missing.
    refused: bool,
}

/// How a session is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    Unknown,
    Alive,
    Ending,
    /// Another logon has this session number; what was told is about a session that is gone.
    Another,
}

/// What a list of the host's sessions changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Listed {
    pub(super) began: bool,
    pub(super) last_ended: bool,
    pub(super) all_gone: bool,
}

impl Sessions {
    pub(super) fn standing(&self, session: SessionId, logon: Option<u64>) -> Standing {
        match self.0.get(&session) {
            None => Standing::Unknown,
            Some(known) if known.logon.zip(logon).is_some_and(|(one, other)| one != other) => {
                Standing::Another
            }
            Some(known) if known.ending => Standing::Ending,
            Some(_) => Standing::Alive,
        }
    }

    /// Whether the session is known by the same logon, as far as both are told.
    pub(super) fn same_logon(&self, session: SessionId, logon: Option<u64>) -> bool {
        self.0.get(&session).is_some_and(|known| known.logon.is_some() && known.logon == logon)
    }

    /// Notes a session in place of whatever had its number.
    pub(super) fn begin(&mut self, session: SessionId, logon: Option<u64>, fresh: bool) {
        self.0.insert(session, Known { logon, fresh, ending: false, told: false, refused: false });
    }

    pub(super) fn end(&mut self, session: SessionId) {
        if let Some(known) = self.0.get_mut(&session) {
            known.ending = true;
        }
    }

    /// Takes over what the host says.
    pub(super) fn take_over(&mut self, present: &[Present], young: Duration) -> Listed {
        let (before, alive_before) = (!self.0.is_empty(), self.alive().next().is_some());
        self.0.retain(|session, known| {
            present.iter().any(|there| {
                there.session == *session && known.logon.is_none_or(|logon| logon == there.logon)
            })
        });
        let mut began = false;
        for there in present {
            match self.0.get_mut(&there.session) {
                Some(known) => known.logon = Some(there.logon),
                None => {
                    began = true;
                    let fresh = there.age.is_some_and(|age| age <= young);
                    self.begin(there.session, Some(there.logon), fresh);
                }
            }
        }
        let alive = self.alive().next().is_some();
        Listed { began, last_ended: alive_before && !alive, all_gone: before && self.0.is_empty() }
    }

    /// The sessions that go on.
    pub(super) fn alive(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.0.iter().filter(|(_, known)| !known.ending).map(|(session, _)| *session)
    }

    pub(super) fn any_alive(&self) -> bool {
        self.alive().next().is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are sessions, and all that go on began lately.
    pub(super) fn all_fresh(&self) -> bool {
        self.any_alive() && self.0.values().filter(|known| !known.ending).all(|known| known.fresh)
    }

    /// The sessions that go on and began lately, and whether their logon scripts were told that the settings are missing.
    pub(super) fn newcomers(&self) -> Vec<(SessionId, bool)> {
        let fresh = self.0.iter().filter(|(_, known)| known.fresh && !known.ending);
        fresh.map(|(session, known)| (*session, known.told)).collect()
    }

    pub(super) fn note_told(&mut self, session: SessionId) {
        if let Some(known) = self.0.get_mut(&session) {
            known.told = true;
        }
    }

    pub(super) fn refuse(&mut self, session: SessionId) {
        if let Some(known) = self.0.get_mut(&session) {
            known.refused = true;
        }
    }

    /// Whether there are sessions, and all that go on are refused.
    pub(super) fn all_refused(&self) -> bool {
        self.any_alive() && self.0.values().filter(|known| !known.ending).all(|known| known.refused)
    }

    /// From now on no session counts as one that began lately.
    pub(super) fn settle(&mut self) {
        for known in self.0.values_mut() {
            known.fresh = false;
        }
    }

    /// Drops the sessions that a load of the hive cannot have outlived.
    pub(super) fn keep_fresh(&mut self) {
        self.0.retain(|_, known| known.fresh && !known.ending);
    }

    pub(super) fn keep_alive(&mut self) {
        self.0.retain(|_, known| !known.ending);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
