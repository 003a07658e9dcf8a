//! The sessions of this machine, and what the service does in them.

mod enumerate;
mod process;
mod refresh;
mod user;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mp_profile::{ChangeWatch, HostError, HostSession, ProfileHold, SessionControl, SessionId, Sid};
use mp_registry::KeyPath;

use crate::{
    KeyWatch, OpenMode, RefreshTopic, SystemProfiles, UserToken, UserTokens, hold_profile, protect_hive,
};

pub(crate) use enumerate::user_token;
pub use enumerate::{SeenSession, seen_sessions};
pub use refresh::refresh_here;
pub use user::{log_off_here, log_off_session, tell_session, tell_user};

/// How long the token of a user is kept who has no session any more: the last export needs it. It keeps the logon session
/// of a user who is gone, so not for ever.
const KEEP_TOKEN: Duration = Duration::from_secs(15 * 60);

/// The sessions of this machine. Listing them takes a token of each user, with which the profile is read and written, also
/// when the session has ended.
#[derive(Debug)]
pub struct WindowsSessions {
    helper: PathBuf,
    tokens: Arc<UserTokens>,
    mode: OpenMode,
    seen: Mutex<BTreeMap<Sid, Seen>>,
}

/// When a user's session was last there, and of which logon the token is.
#[derive(Debug)]
struct Seen {
    last: Instant,
    logon: u64,
}

impl WindowsSessions {
    /// `helper` is the program that is started in a session as `helper refresh --topic …`, with the user's rights; users'
    /// tokens go into `tokens`; keys are opened as `mode` says.
    #[must_use]
    pub fn new(helper: PathBuf, tokens: Arc<UserTokens>, mode: OpenMode) -> Self {
        Self { helper, tokens, mode, seen: Mutex::default() }
    }

    /// Takes the tokens of users who came, and lets those go of users who went long ago.
    fn keep_tokens(&self, sessions: &[HostSession]) {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for session in sessions {
            let current = |known: &Seen| {
                sessions.iter().any(|other| other.sid == session.sid && other.logon == known.logon)
            };
            if let Some(known) = seen.get_mut(&session.sid).filter(|known| current(known)) {
                known.last = now;
                continue;
            }
            // Without a token the user's profile is not opened, and the report of the session says so.
            if let Ok(Some(token)) = UserToken::of_session(session.id) {
                seen.insert(session.sid.clone(), Seen { last: now, logon: session.logon });
                self.tokens.keep(token);
            }
        }
        seen.retain(|sid, known| {
            let keep = now.duration_since(known.last) < KEEP_TOKEN;
            if !keep {
                self.tokens.forget(sid);
            }
            keep
        });
    }
}

impl SessionControl for WindowsSessions {
    fn sessions(&self) -> Result<Vec<HostSession>, String> {
        let sessions = enumerate::sessions().map_err(|error| format!("cannot list the sessions: {error}"))?;
        self.keep_tokens(&sessions);
        Ok(sessions)
    }

    fn hold(&self, session: SessionId, sid: &Sid) -> Result<Option<Box<dyn ProfileHold>>, HostError> {
        let token = self.tokens.of(sid).ok_or_else(|| HostError::Failed {
            doing: "keep the profile loaded",
            sid: sid.clone(),
            text: format!("session {session} has no token of theirs"),
        })?;
        hold_profile(Arc::new(SystemProfiles::default()), token)
    }

    fn protect(&self, sid: &Sid) -> Result<(), HostError> {
        let failed = |text: String| HostError::Failed { doing: "protect the hive", sid: sid.clone(), text };
        match protect_hive(sid, self.mode) {
            Ok(Some(done)) => done.problems.first().map_or(Ok(()), |first| {
                Err(failed(format!("{} keys were left as they are; the first: {first}", done.problems.len())))
            }),
            Ok(None) => Err(HostError::NotLoaded(sid.clone())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn refresh(&self, session: SessionId, changed: &[KeyPath]) {
        let topics = RefreshTopic::of(changed);
        if topics.is_empty() {
            return;
        }
        let mut arguments = vec!["refresh".to_owned()];
        for topic in topics {
            arguments.extend(["--topic".to_owned(), topic.name().to_owned()]);
        }
        // It may be in vain: the session may have ended.
        let _ = process::start_in_session(session, &self.helper, &arguments);
    }

    fn tell(&self, session: SessionId, title: &str, text: &str) -> Result<(), String> {
        tell_session(session, title, text).map_err(|error| format!("cannot show a message: {error}"))
    }

    fn log_off(&self, session: SessionId) -> Result<(), String> {
        log_off_session(session).map_err(|error| format!("cannot log the user off: {error}"))
    }

    fn watch(&self, sid: &Sid, keys: &[KeyPath]) -> Result<Box<dyn ChangeWatch>, HostError> {
        Ok(Box::new(KeyWatch::new(sid, self.mode, keys)?))
    }
}
