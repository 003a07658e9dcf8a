//! What is told to other programs when something fails, and where.

use mp_protocol::{
    MachineId, MachineRole,
    damage::{DamageRemedy, DamageReport},
    session_report::Outcome,
    storage_status::NearQuota,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Refusal, StorageStatus, TimedReport, UnixMillis, damage_code};

/// Most characters of a name and of an address.
const MAX_NAME: usize = 100;
const MAX_URL: usize = 2_000;
/// The Storage Service's code for what is beyond a quota; an Agent's problem names it.
const OVER_QUOTA: &str = "MP-STO-033";
/// Most codes of one session.
const MAX_CODES: usize = 20;

/// What can be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SignalKind {
    /// The work for a session failed.
    SessionFailed,
    /// A session went on without its settings.
    SessionNotMerged,
    /// A session's settings are kept beside the stored ones.
    SessionQuarantined,
    /// A user's settings are longer than the quota.
    QuotaRefused,
    /// A user's settings take much of the quota.
    QuotaNear,
    /// A Storage Server has little free space.
    StorageSpaceLow,
    /// A Storage Server cannot use its store.
    StorageFailing,
    /// A Storage Server found damage.
    StorageDamaged,
    /// A Storage Server was not heard of for five minutes.
    StorageAway,
    /// It is there again.
    StorageBack,
    /// An Agent was not heard of for five minutes.
    AgentAway,
    /// It is there again.
    AgentBack,
}

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Signal {
    pub(crate) kind: SignalKind,
    pub(crate) at: UnixMillis,
    /// What it is about, without contents of settings.
    about: Value,
}

/// Where something is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Webhook {
    pub(crate) name: String,
    /// HTTPS. What follows the host may be a secret of the receiver's.
    pub(crate) url: String,
    pub(crate) kinds: Vec<SignalKind>,
    /// Authorities that are trusted instead of those of the system, in PEM.
    pub(crate) certificates: String,
    pub(crate) enabled: bool,
}

/// A machine that was not heard of, or is there again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct WatchedMachine {
    pub(crate) id: MachineId,
    pub(crate) role: MachineRole,
    pub(crate) name: String,
    pub(crate) last_seen: Option<UnixMillis>,
}

impl Webhook {
    /// Checks what types do not say.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let wrong = |text: &str| Err(Refusal::Webhook(text.to_owned()));
        let plain = |text: &str| !text.chars().any(char::is_control);
        if !(1..=MAX_NAME).contains(&self.name.chars().count())
            || !plain(&self.name)
            || self.name.trim() != self.name
            || self.name.contains('/')
        {
            return wrong("a name has 1 to 100 characters, no slash, and no space around it");
        }
        if self.url.len() > MAX_URL || self.origin().is_none() {
            return wrong(
                "the address is an HTTPS address such as https://alerts.example.com/metaprofiles, without a user",
            );
        }
        if !crate::certificates::are_authorities(&self.certificates) {
            return wrong("the certificates are no certificates of authorities in PEM");
        }
        Ok(())
    }

    /// Scheme, host and port: what may be shown to everybody. `None` when it is no address that can be called.
    pub(crate) fn origin(&self) -> Option<String> {
        let address: ureq::http::Uri = self.url.parse().ok()?;
        let authority = address.authority()?;
        let fine = address.scheme_str() == Some("https")
            && !authority.host().is_empty()
            && !authority.as_str().contains('@')
            && match authority.port_u16() {
                Some(port) => port != 0,
                // What follows the host is no number of a port.
                None => authority.as_str() == authority.host(),
            }
            && self.url.bytes().all(|byte| byte.is_ascii_graphic());
        fine.then(|| format!("https://{authority}"))
    }

    /// As the audit log tells it.
    pub(crate) fn told(&self) -> String {
        let kinds: Vec<String> = self.kinds.iter().map(|kind| word(*kind)).collect();
        format!(
            "to = {:?}\nkinds = {}\ncertificates = {}\nenabled = {}\n",
            self.origin().unwrap_or_default(),
            kinds.join(", "),
            if self.certificates.trim().is_empty() { "those of the system" } else { "its own" },
            self.enabled
        )
    }
}

impl Signal {
    /// The body of a request that tells it.
    pub(crate) fn payload(&self) -> Value {
        json!({ "type": word(self.kind), "timestamp": self.at.rfc3339(), "data": self.about })
    }

    /// The body of a request that only tries whether somebody listens.
    pub(crate) fn trial(at: UnixMillis) -> Value {
        json!({ "type": "test", "timestamp": at.rfc3339(), "data": {} })
    }

    /// What a report of a session is a sign of.
    pub(crate) fn of_report(timed: &TimedReport, session: &str, host: &str) -> Vec<Self> {
        let report = &timed.report;
        let kind = match report.outcome {
            Outcome::Failed => Some(SignalKind::SessionFailed),
            Outcome::NotMerged => Some(SignalKind::SessionNotMerged),
            Outcome::Quarantined => Some(SignalKind::SessionQuarantined),
            _ => None,
        };
        let over = report.problems.iter().any(|problem| problem.message.contains(OVER_QUOTA));
        let quota = over.then_some(SignalKind::QuotaRefused);
        let mut codes: Vec<&str> = report.problems.iter().map(|problem| problem.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.truncate(MAX_CODES);
        let about = json!({
            "session": session, "event": report.event, "host": host, "sid": report.sid.as_str(),
            "outcome": report.outcome.word(), "codes": codes,
        });
        let signal = |kind| Self { kind, at: timed.ended(), about: about.clone() };
        kind.into_iter().chain(quota).map(signal).collect()
    }

    /// Damage that a Storage Server told of.
    pub(crate) fn of_damage(id: &str, server: &str, report: &DamageReport, at: UnixMillis) -> Self {
        let (fell_back_to, current_as) = match report.remedy {
            DamageRemedy::FellBack { from, to } => (Some(from), Some(to)),
            _ => (None, None),
        };
        let about = json!({
            "damage": id, "storage-server": server, "sid": report.sid.as_str(), "scope": report.scope.to_string(),
            "part": report.part, "number": report.number, "code": damage_code(report.part, report.remedy),
            "fell-back-to": fell_back_to, "current-as": current_as,
        });
        Self { kind: SignalKind::StorageDamaged, at, about }
    }

    /// A Storage Server with little free space.
    pub(crate) fn of_low_space(status: &StorageStatus) -> Self {
        let about = json!({
            "storage-server": status.server, "free-bytes": status.told.free_bytes, "total-bytes": status.told.total_bytes,
        });
        Self { kind: SignalKind::StorageSpaceLow, at: status.reported_at, about }
    }

    /// A Storage Server whose store does not work.
    pub(crate) fn of_failing_store(status: &StorageStatus) -> Self {
        let about = json!({ "storage-server": status.server, "problem": status.told.problem });
        Self { kind: SignalKind::StorageFailing, at: status.reported_at, about }
    }

    /// A user whose settings take much of the quota.
    pub(crate) fn of_near_quota(status: &StorageStatus, near: &NearQuota) -> Self {
        let about = json!({
            "storage-server": status.server, "sid": near.sid.as_str(), "scope": near.scope.to_string(),
            "used-bytes": near.used_bytes, "limit-bytes": near.limit_bytes,
        });
        Self { kind: SignalKind::QuotaNear, at: status.reported_at, about }
    }

    /// A machine that is away, or back.
    pub(crate) fn of_machine(machine: &WatchedMachine, away: bool, at: UnixMillis) -> Self {
        let kind = match (machine.role, away) {
            (MachineRole::Storage, true) => SignalKind::StorageAway,
            (MachineRole::Storage, false) => SignalKind::StorageBack,
            (MachineRole::Agent, true) => SignalKind::AgentAway,
            (MachineRole::Agent, false) => SignalKind::AgentBack,
        };
        let about = json!({
            "machine": machine.id.as_str(), "name": machine.name,
            "last-seen": machine.last_seen.map(UnixMillis::rfc3339),
        });
        Self { kind, at, about }
    }
}

fn word(kind: SignalKind) -> String {
    serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(url: &str) -> Webhook {
        Webhook {
            name: "alerts".to_owned(),
            url: url.to_owned(),
            kinds: vec![SignalKind::SessionFailed],
            certificates: String::new(),
            enabled: true,
        }
    }

    #[test]
    fn an_address_is_https_and_names_nobody() {
        for good in ["https://alerts.example.com/hook?x=1", "https://[::1]:8443/", "https://127.0.0.1"] {
            assert!(webhook(good).check().is_ok(), "{good}");
        }
        let wrong = [
            "",
            "http://alerts.example.com/",
            "https://user:word@alerts.example.com/",
            "https:///x",
            "/x",
            "ftp://x",
            "https://x/\u{e4}",
            "https://x/ y",
            "https://x:0/",
            "https://x:99999/",
        ];
        for wrong in wrong {
            assert!(webhook(wrong).check().is_err(), "{wrong}");
        }
        assert!(!webhook("https://a.example/secret").told().contains("secret"));
    }
}
