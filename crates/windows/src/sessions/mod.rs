//! The sessions of this machine, and what the service does in them.

mod enumerate;
mod process;
mod refresh;

use std::path::PathBuf;

use mp_profile::{ChangeWatch, HostError, HostSession, ProfileHold, SessionControl, SessionId, Sid};
use mp_registry::KeyPath;

use crate::RefreshTopic;

pub use refresh::refresh_here;

/// The sessions of this machine.
#[derive(Debug)]
pub struct WindowsSessions {
    helper: PathBuf,
}

impl WindowsSessions {
    /// `helper` is the program that is started in a session as `helper refresh --topic …`, with the user's rights.
    #[must_use]
    pub fn new(helper: PathBuf) -> Self {
        Self { helper }
    }
}

impl SessionControl for WindowsSessions {
    fn sessions(&self) -> Result<Vec<HostSession>, String> {
        enumerate::sessions().map_err(|error| format!("cannot list the sessions: {error}"))
    }

    fn hold(&self, _: SessionId, sid: &Sid) -> Result<Option<Box<dyn ProfileHold>>, HostError> {
        Err(not_here("hold the profile", sid))
    }

    fn protect(&self, sid: &Sid) -> Result<(), HostError> {
        Err(not_here("protect the hive", sid))
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

    fn watch(&self, sid: &Sid, _: &[KeyPath]) -> Result<Box<dyn ChangeWatch>, HostError> {
        Err(not_here("watch the registry", sid))
    }
}

fn not_here(doing: &'static str, sid: &Sid) -> HostError {
    HostError::Failed { doing, sid: sid.clone(), text: "this build cannot do that".to_owned() }
}
