//! Whose session a session number is.

use std::{collections::BTreeMap, time::Duration};

use mp_profile::{
    HostSession, SessionControl, SessionId, Sid,
    machine::{Present, SessionChange},
};
use mp_registry::FileTime;

/// The sessions as last seen. When a session ends, the host may no longer tell whose it was.
#[derive(Debug, Default)]
pub(super) struct Directory(BTreeMap<SessionId, (Sid, u64)>);

impl Directory {
    /// User and logon of the session of an event; `None` for sessions without a user.
    pub(super) fn resolve(
        &mut self,
        session: SessionId,
        change: SessionChange,
        control: &dyn SessionControl,
    ) -> Option<(Sid, u64)> {
        // A number is used again, so a logon is always looked up.
        if change == SessionChange::Logon || !self.0.contains_key(&session) {
            self.list(control)?;
        }
        self.0.get(&session).cloned()
    }

    /// All sessions of the host; `None` when it does not tell.
    pub(super) fn list(&mut self, control: &dyn SessionControl) -> Option<Vec<HostSession>> {
        match control.sessions() {
            Ok(sessions) => {
                self.0 = sessions.iter().map(|one| (one.id, (one.sid.clone(), one.logon))).collect();
                Some(sessions)
            }
            Err(error) => {
                tracing::warn!(error, "The host does not tell its sessions");
                None
            }
        }
    }
}

/// The sessions of one user, with their age by the machine's clock.
pub(super) fn present(sessions: &[HostSession], sid: &Sid, now: FileTime) -> Vec<Present> {
    let of_user = sessions.iter().filter(|session| session.sid == *sid);
    of_user
        .map(|one| Present {
            session: one.id,
            logon: one.logon,
            // A logon in the future is a clock that was set back: nothing is known of its age.
            age: one
                .since
                .and_then(|since| now.0.checked_sub(since.0))
                .map(|ticks| Duration::from_nanos(ticks.saturating_mul(100))),
        })
        .collect()
}

pub(super) fn has_session(sessions: &[HostSession], sid: &Sid) -> bool {
    sessions.iter().any(|session| session.sid == *sid)
}
