//! What the Agent's service needs of a session host beyond a user's profile: who is there, and keeping a profile loaded.

use std::fmt;

use mp_registry::{FileTime, KeyPath};

use crate::{HostError, Sid};

/// Number of a session on its host (the `SessionId` of the Remote Desktop Services API). Numbers are used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(pub u32);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A session in which a user is logged on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostSession {
    /// Its number.
    pub id: SessionId,
    /// Its user.
    pub sid: Sid,
    /// Tells this logon from every other one on the host since its start (`TOKEN_STATISTICS::AuthenticationId`).
    pub logon: u64,
    /// Whether a client is connected to it.
    pub connected: bool,
    /// When the user logged on, when the host tells.
    pub since: Option<FileTime>,
}

/// The sessions of a session host, and what the service does to them.
///
/// [`crate::SessionHost`] opens a user's profile; this port is about sessions. One implementation serves all actors, so it
/// can be shared between threads.
pub trait SessionControl: Send + Sync {
    /// The sessions that have a user whose profile may be kept; sessions of services are left out.
    ///
    /// # Errors
    /// When the host does not tell, in its words.
    fn sessions(&self) -> Result<Vec<HostSession>, String>;

    /// Keeps the user's profile loaded, also when the session ends, until the hold is released; `None` where that is not
    /// done: the profile is not mandatory, or another profile product is in charge.
    ///
    /// It is taken at logon, after the session's own load: taken later it could load or make another profile.
    ///
    /// # Errors
    /// When the profile is there and cannot be held.
    fn hold(&self, session: SessionId, sid: &Sid) -> Result<Option<Box<dyn ProfileHold>>, HostError>;

    /// Replaces the access list of a mandatory profile's hive, which lets every user in, by that of an ordinary profile.
    ///
    /// # Errors
    /// When it cannot be written.
    fn protect(&self, sid: &Sid) -> Result<(), HostError>;

    /// Tells programs in the session that settings below these keys have changed. It may be in vain, and is never waited for.
    fn refresh(&self, session: SessionId, changed: &[KeyPath]);

    /// Shows a message in the session, without waiting for its reader.
    ///
    /// # Errors
    /// When the host refuses, in its words.
    fn tell(&self, session: SessionId, title: &str, text: &str) -> Result<(), String>;

    /// Logs the user of the session off, without waiting for it.
    ///
    /// # Errors
    /// When the host refuses, in its words.
    fn log_off(&self, session: SessionId) -> Result<(), String>;

    /// Watches keys of a user for changes; all hints are lost when it is dropped.
    ///
    /// # Errors
    /// When the host cannot watch.
    fn watch(&self, sid: &Sid, keys: &[KeyPath]) -> Result<Box<dyn ChangeWatch>, HostError>;
}

/// Keeps a profile loaded. Dropping it releases it as well, without telling whether that went well.
pub trait ProfileHold: Send {
    /// Lets the profile go. All handles into its registry must be closed before.
    ///
    /// # Errors
    /// When the host reports that it is still loaded for this hold.
    fn release(self: Box<Self>) -> Result<(), HostError>;
}

/// Hints that something may have changed.
pub trait ChangeWatch: Send {
    /// Whether something may have changed since the last call. `false` is a hint only: an export at the end of the session
    /// reads everything.
    fn changed(&mut self) -> bool;
}
