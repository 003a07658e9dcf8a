//! What a Storage Server tells the console of data that are not what was stored: `docs/reference/wire.md`, section 3.2. Reports
//! come as a [`crate::session_report::ReportBatch`] of these.

use mp_profile::{Scope, Sid};
use serde::{Deserialize, Serialize};

/// Longest reason of a report, in characters.
pub const MAX_WHY: usize = 1_000;

/// Longest identity of something in quarantine, in bytes.
pub const MAX_QUARANTINE_ID: usize = 80;

/// Something that a Storage Server found damaged, and what it did about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DamageReport {
    /// The same for the same damage, however often it is found; 64 hexadecimal digits.
    pub id: String,
    /// When it was found, by the Storage Server's clock, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
    /// The scope.
    pub scope: Scope,
    /// The user.
    pub sid: Sid,
    /// What is damaged.
    pub part: DamagedPart,
    /// Number of the version; `None` of what is in quarantine.
    #[serde(default)]
    pub number: Option<u64>,
    /// Identity in quarantine; `None` of a version.
    #[serde(default)]
    pub quarantine: Option<String>,
    /// What is wrong with it, and where it is. At most [`MAX_WHY`] characters.
    pub why: String,
    /// What was done about it.
    pub remedy: DamageRemedy,
    /// Who found it.
    pub found: DamageFound,
}

/// What is damaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DamagedPart {
    /// The version that was current.
    Current,
    /// A former version.
    Former,
    /// A data set in quarantine.
    Quarantined,
}

/// What was done about damage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "done")]
pub enum DamageRemedy {
    /// Nothing: no repair was asked for, or nothing else suffers from it.
    None,
    /// It is marked, and not given out any more.
    SetAside,
    /// It stays where it is, because no former version is intact.
    NothingIntact,
    /// The content of a former version is current in its place.
    FellBack {
        /// Number of the former version.
        from: u64,
        /// Its number as the current version.
        to: u64,
    },
}

/// Who found damage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DamageFound {
    /// The service, when the data set was asked for.
    Use,
    /// The service, when it looked at everything.
    Look,
    /// `metaprofiles storage verify`.
    Verify,
}

/// What is wrong with a report itself.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidDamageReport(&'static str);

impl DamageRemedy {
    /// How much has been done, 0 for nothing: of two reports of the same damage the higher one counts.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::None => 0,
            Self::SetAside => 1,
            Self::NothingIntact => 2,
            Self::FellBack { .. } => 3,
        }
    }
}

impl DamageReport {
    /// Checks what types do not say.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), InvalidDamageReport> {
        let wrong = |what| Err(InvalidDamageReport(what));
        if self.id.len() != 64 || !self.id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return wrong("the identity is not 64 hexadecimal digits");
        }
        if self.why.chars().count() > MAX_WHY || self.why.contains('\0') {
            return wrong("the reason is too long, or holds a NUL");
        }
        let named = match self.part {
            DamagedPart::Quarantined => self.number.is_none() && self.quarantine.is_some(),
            DamagedPart::Current | DamagedPart::Former => self.number.is_some() && self.quarantine.is_none(),
        };
        let plain = |id: &String| {
            (1..=MAX_QUARANTINE_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !named || self.quarantine.as_ref().is_some_and(|id| !plain(id)) {
            return wrong("it does not say which version, or what in quarantine");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> DamageReport {
        DamageReport {
            id: "0a".repeat(32),
            at: 1,
            scope: Scope::Global,
            sid: "S-1-5-21-1-2-3-1001".parse().expect("a SID"),
            part: DamagedPart::Current,
            number: Some(3),
            quarantine: None,
            why: "its seal is another".to_owned(),
            remedy: DamageRemedy::FellBack { from: 2, to: 4 },
            found: DamageFound::Use,
        }
    }

    #[test]
    fn a_report_is_what_the_wire_says() {
        let text = serde_json::to_value(report()).expect("it is JSON");
        assert_eq!(text["remedy"], serde_json::json!({"done": "fell-back", "from": 2, "to": 4}));
        assert_eq!((&text["part"], &text["found"]), (&"current".into(), &"use".into()));
        assert_eq!(serde_json::from_value::<DamageReport>(text).expect("it comes back"), report());
    }

    #[test]
    fn a_report_must_say_what_it_is_about() {
        assert_eq!(report().check(), Ok(()));
        let quarantined = DamageReport {
            part: DamagedPart::Quarantined,
            number: None,
            quarantine: Some("20261122T080000Z-0a".to_owned()),
            ..report()
        };
        assert_eq!(quarantined.check(), Ok(()));
        for wrong in [
            DamageReport { id: "x".repeat(64), ..report() },
            DamageReport { number: None, ..report() },
            DamageReport { part: DamagedPart::Quarantined, ..report() },
            DamageReport { quarantine: Some("a b".to_owned()), ..quarantined.clone() },
            DamageReport { quarantine: Some("a".repeat(81)), ..quarantined },
            DamageReport { why: "x".repeat(MAX_WHY + 1), ..report() },
            DamageReport { why: "\0".to_owned(), ..report() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
