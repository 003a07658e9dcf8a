//! What went wrong with a user's sessions beyond a single import or export, with stable codes.

use std::collections::VecDeque;

use mp_profile::{Sid, machine::Incident};
use mp_registry::FileTime;

/// Incidents kept per user.
const KEPT: usize = 20;

/// Something that went wrong, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noted {
    /// When, by this machine's clock.
    pub at: FileTime,
    /// Stable code.
    pub code: &'static str,
    /// What happened, what it means, what to do next.
    pub text: String,
}

/// The latest incidents of a user.
#[derive(Debug, Default)]
pub(super) struct Incidents(VecDeque<Noted>);

impl Incidents {
    pub(super) fn note(&mut self, sid: &Sid, at: FileTime, code: &'static str, text: String) {
        tracing::warn!(code, %sid, "{text}");
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(Noted { at, code, text });
    }

    pub(super) fn all(&self) -> Vec<Noted> {
        self.0.iter().cloned().collect()
    }
}

/// Code and text of what a machine reports.
pub(super) fn told(incident: Incident) -> (&'static str, &'static str) {
    match incident {
        Incident::HiveNeverLoaded => (
            "MP-AGT-060",
            "the user's registry was not loaded in time, so the session is left alone; look into the User Profile Service's events",
        ),
        Incident::Adopted => (
            "MP-AGT-061",
            "a session was found that began without the Agent: nothing is imported into it, and its export will be kept beside what is stored",
        ),
        Incident::ImportFailed => (
            "MP-AGT-062",
            "the import did not reach its end: the session's export will be kept beside what is stored; the logon's report says why",
        ),
        Incident::ExportFailed => (
            "MP-AGT-063",
            "the last export of a session failed, and what it changed since the last checkpoint is lost; the logoff's report says why",
        ),
        Incident::HiveGone => (
            "MP-AGT-064",
            "the user's registry was unloaded before the last export, and what was changed since the last checkpoint is lost; let a logoff script call the Agent",
        ),
        Incident::HoldForced => (
            "MP-AGT-065",
            "the user logged on again while the last export still ran; it was given up so that the logon need not wait",
        ),
        Incident::JobHangs => (
            "MP-AGT-075",
            "work for the user did not end in time and was given up; the sessions go on without it, but nothing more is imported or exported for this user until it ends; look for what it waits for: a redirected folder, a filter driver, a storage that answers byte by byte",
        ),
        Incident::StopForced => (
            "MP-AGT-066",
            "the service had to stop before the last export was done; sessions that go on are adopted at the next start",
        ),
    }
}
