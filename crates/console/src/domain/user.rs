use mp_profile::Sid;

use super::UnixMillis;

/// What the directory calls a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct UserName {
    /// `DOMAIN\\name`.
    pub(crate) name: String,
    pub(crate) display_name: String,
}

/// A user of whose sessions Agents have reported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct User {
    pub(crate) sid: Sid,
    /// None where no directory knows him.
    pub(crate) name: Option<UserName>,
    pub(crate) first_seen: UnixMillis,
    pub(crate) last_seen: UnixMillis,
    /// The Agent Server of the last session.
    pub(crate) last_host: String,
    /// Identity of the last session, which may be older than sessions are kept.
    pub(crate) last_session: String,
    /// How many sessions there were.
    pub(crate) sessions: i64,
}
