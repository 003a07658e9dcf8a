//! Sessions and events from files, for tests on systems that have no sessions (Wine).
//!
//! They count only when the service was installed with `--accept-injected-events`, which the service's command line shows;
//! the files are in the state folder and the control code is sent through the service manager, both of which only
//! administrators can use.

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use mp_profile::{ChangeWatch, HostError, HostSession, ProfileHold, SessionControl, SessionId, Sid};
use mp_registry::KeyPath;
use mp_windows::{UserToken, UserTokens, WindowsSessions};
use serde::Deserialize;

/// The control code that says that there are events.
pub(crate) const CODE: u8 = 200;

/// Sessions that a file lists, instead of those of the machine.
pub(crate) struct InjectedSessions {
    pub(crate) folder: PathBuf,
    pub(crate) tokens: Arc<UserTokens>,
    pub(crate) real: WindowsSessions,
}

#[derive(Deserialize)]
struct Session {
    id: u32,
    sid: Sid,
    logon: u64,
}

/// An event of a session, as Windows would tell it.
#[derive(Deserialize)]
pub(crate) struct InjectedEvent {
    pub(crate) session: u32,
    pub(crate) event: u32,
}

/// The events that the file lists.
pub(crate) fn events(folder: &std::path::Path) -> Result<Vec<InjectedEvent>> {
    read(&folder.join("injected-events.json"))
}

fn read<T: for<'a> Deserialize<'a>>(path: &std::path::Path) -> Result<Vec<T>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read \"{}\"", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("cannot understand \"{}\"", path.display()))
}

impl SessionControl for InjectedSessions {
    fn sessions(&self) -> Result<Vec<HostSession>, String> {
        let listed: Vec<Session> =
            read(&self.folder.join("injected-sessions.json")).map_err(|error| format!("{error:#}"))?;
        for session in &listed {
            // The only user of whom there is a token is the one as whom the service runs.
            if self.tokens.of(&session.sid).is_none()
                && let Ok(token) = UserToken::of_process()
                && token.sid() == &session.sid
            {
                self.tokens.keep(token);
            }
        }
        let session = |session: Session| HostSession {
            id: SessionId(session.id),
            sid: session.sid,
            logon: session.logon,
            connected: true,
            since: None,
        };
        Ok(listed.into_iter().map(session).collect())
    }

    fn hold(&self, _: SessionId, _: &Sid) -> Result<Option<Box<dyn ProfileHold>>, HostError> {
        Ok(None)
    }

    fn protect(&self, sid: &Sid) -> Result<(), HostError> {
        self.real.protect(sid)
    }

    fn refresh(&self, _: SessionId, changed: &[KeyPath]) {
        tracing::info!(keys = changed.len(), "Programs would be told of changed settings");
    }

    fn tell(&self, session: SessionId, _: &str, text: &str) -> Result<(), String> {
        tracing::info!(%session, text, "The user would be told");
        Ok(())
    }

    fn log_off(&self, session: SessionId) -> Result<(), String> {
        tracing::info!(%session, "The user would be logged off");
        Ok(())
    }

    fn watch(&self, sid: &Sid, keys: &[KeyPath]) -> Result<Box<dyn ChangeWatch>, HostError> {
        self.real.watch(sid, keys)
    }
}
