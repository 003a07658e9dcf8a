use serde::{Deserialize, Serialize};

use super::Refusal;

/// How long the console keeps what it was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Kept {
    /// Days after the last report of a session, and after damage was acknowledged.
    pub(crate) session_days: u32,
    /// Days of lines of the audit log, and of former configurations; `None` for ever.
    pub(crate) audit_days: Option<u32>,
}

/// As it is stored: nothing as long as nobody has set it, and then the console's start says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct KeptSetting(pub(crate) Option<Kept>);

impl Kept {
    /// Under which name it is stored.
    pub(crate) const NAME: &str = "retention";
    /// Most days of sessions, and of the audit log.
    pub(crate) const MAX_SESSION_DAYS: u32 = 3_650;
    pub(crate) const MAX_AUDIT_DAYS: u32 = 36_500;

    /// Checks what types do not say.
    ///
    /// # Errors
    /// What is out of range.
    pub(crate) fn check(self) -> Result<(), Refusal> {
        let fine = (1..=Self::MAX_SESSION_DAYS).contains(&self.session_days)
            && self.audit_days.is_none_or(|days| (1..=Self::MAX_AUDIT_DAYS).contains(&days));
        let text = format!(
            "sessions are kept 1 to {} days, the audit log 1 to {} days or for ever",
            Self::MAX_SESSION_DAYS,
            Self::MAX_AUDIT_DAYS
        );
        if fine { Ok(()) } else { Err(Refusal::Request(text)) }
    }

    /// As the audit log tells it.
    pub(crate) fn told(self) -> String {
        let audit = self.audit_days.map_or("for ever".to_owned(), |days| days.to_string());
        format!("session-days = {}\naudit-days = {audit}\n", self.session_days)
    }
}
