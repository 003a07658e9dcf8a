//! What Storage Servers found damaged.

use mp_profile::{GroupName, Scope, Sid};
use mp_protocol::damage::{DamageFound, DamageRemedy, DamageReport, DamagedPart};

use super::{UnixMillis, UserName};

/// Damage, and what is known of it by now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StorageDamage {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    /// Name of the Storage Server.
    pub(crate) server: String,
    pub(crate) scope: Scope,
    pub(crate) sid: Sid,
    /// None where no directory knows the user.
    pub(crate) user: Option<UserName>,
    pub(crate) part: DamagedPart,
    pub(crate) number: Option<u64>,
    pub(crate) quarantine: Option<String>,
    pub(crate) why: String,
    pub(crate) remedy: DamageRemedy,
    pub(crate) found: DamageFound,
    pub(crate) first: UnixMillis,
    pub(crate) last: UnixMillis,
    pub(crate) times: i64,
    pub(crate) acknowledged: Option<Acknowledged>,
}

/// Somebody has seen it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) at: UnixMillis,
    pub(crate) by: String,
    pub(crate) note: String,
}

/// Which damage is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct DamageFilter {
    /// Only in these groups' scopes, and of users who have a session in them.
    pub(crate) within: Option<Vec<GroupName>>,
    /// Whole name, in any case.
    pub(crate) server: Option<String>,
    pub(crate) acknowledged: Option<bool>,
    /// Part of the user's name or SID, in any case.
    pub(crate) search: Option<String>,
}

/// A report with its time by the console's clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TimedDamage {
    pub(crate) at: UnixMillis,
    pub(crate) report: DamageReport,
}

impl TimedDamage {
    /// The report at its time by the console's clock: a Storage Server's clock may be another one.
    pub(crate) fn at(report: DamageReport, sent: u64, now: UnixMillis) -> Self {
        let ago = i64::try_from(sent.saturating_sub(report.at)).unwrap_or(i64::MAX);
        Self { at: now.plus(-ago), report }
    }
}

/// The code under which damage is explained.
pub(crate) fn damage_code(part: DamagedPart, remedy: DamageRemedy) -> &'static str {
    match (part, remedy) {
        (DamagedPart::Current, DamageRemedy::FellBack { .. }) => "MP-STO-120",
        (DamagedPart::Current, DamageRemedy::NothingIntact) => "MP-STO-121",
        (DamagedPart::Current, _) => "MP-STO-123",
        (DamagedPart::Former | DamagedPart::Quarantined, _) => "MP-STO-122",
    }
}

impl std::fmt::Display for StorageDamage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match (self.number, &self.quarantine) {
            (Some(number), _) => format!("version {number}"),
            (None, id) => format!("{} in quarantine", id.as_deref().unwrap_or_default()),
        };
        write!(f, "damage of {what} of {} in {} on Storage Server \"{}\"", self.sid, self.scope, self.server)
    }
}
