//! Where things are on the console and the Storage Service. All machine traffic is JSON unless it is a data set.

use mp_profile::{Scope, Sid, VersionTag};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Console: `POST` an [`crate::EnrolRequest`], without a client certificate.
pub const ENROL: &str = "/machine/v1/enrolments";
/// Console, mutual TLS: `POST` a [`crate::RenewRequest`].
pub const RENEW: &str = "/machine/v1/certificate";
/// Console, mutual TLS: `GET` the machine's plan. `If-None-Match` with the known revision's ETag gives 304;
/// with `?wait=SECONDS` (at most 60) the answer comes when the plan changes, or 304 when the time is over.
pub const PLAN: &str = "/machine/v1/plan";
/// Console, mutual TLS, Agents alone: `POST` a [`crate::session_report::ReportBatch`].
pub const SESSION_REPORTS: &str = "/machine/v1/session-reports";
/// Console, mutual TLS, Storage Servers alone: `POST` a [`crate::peers::PeerReport`].
pub const PEER_REPORT: &str = "/machine/v1/peer-report";
/// Console, mutual TLS, Storage Servers alone: `POST` a [`crate::session_report::ReportBatch`] of
/// [`crate::damage::DamageReport`].
pub const DAMAGE_REPORTS: &str = "/machine/v1/damage-reports";
/// Console, mutual TLS, Storage Servers alone: `POST` a [`crate::storage_status::StorageStatus`].
pub const STORAGE_STATUS: &str = "/machine/v1/storage-status";
/// Storage Service, mutual TLS: below it `{scope}/{sid}`, see [`data_set`].
pub const DATA_SETS: &str = "/v1/data-sets";

/// Content type of a data set file.
pub const DATA_SET_TYPE: &str = "application/vnd.metaprofiles.data-set";

/// Content coding of a data set that is sent as the difference against another version (RFC 9842).
pub const DELTA_CODING: &str = "dcz";

/// Content type of what comes out when a delta is decoded: a data set in its unpacked form.
pub const UNPACKED_TYPE: &str = "application/vnd.metaprofiles.data-set-unpacked";

/// Longest data set file that is stored or fetched, in bytes: the longest body of the format and its header
/// (`docs/formats/dataset.md`, section 9).
pub const MAX_DATA_SET: u64 = 128 * 1024 * 1024 + 64;

/// Header of a quarantine request: why the data set is not to replace the current one, in UTF-8 with percent-encoding.
pub const REASON: &str = "mp-reason";

/// Longest reason, in bytes as encoded.
pub const MAX_REASON: usize = 2048;

/// Header of an upload: the session that exported the data set, as the Agent names it in its reports, with percent-encoding.
pub const SESSION: &str = "mp-session";

/// Header of an upload: what the Agent says of a merge, in UTF-8 with percent-encoding.
pub const NOTES: &str = "mp-notes";

/// Header of an upload or deletion by an administrator: who asks for it, in UTF-8 with percent-encoding.
pub const BY: &str = "mp-by";

/// Header, with the value `1`, of a 404 by which storage says with authority that there is no such data set. An Agent must
/// not take any other 404 for that: it would export an empty profile over the user's data.
pub const NO_DATA_SET: &str = "mp-no-data-set";

/// Header of the answer to a `PUT` that was stored, once it takes much of the user's quota: `used=BYTES, limit=BYTES`.
pub const QUOTA: &str = "mp-quota";

/// Path of one data set: `GET`, `HEAD`, `PUT` and `DELETE` with `ETag`, `If-Match`, `If-None-Match`.
#[must_use]
pub fn data_set(scope: &Scope, sid: &Sid) -> String {
    format!("{DATA_SETS}/{scope}/{sid}")
}

/// Path to which a data set is `POST`ed that must be kept without replacing the current one.
#[must_use]
pub fn quarantine(scope: &Scope, sid: &Sid) -> String {
    format!("{DATA_SETS}/{scope}/{sid}/quarantine")
}

/// Path of all data sets of a user that the Agent may reach, in one answer: `GET`.
#[must_use]
pub fn user(sid: &Sid) -> String {
    format!("/v1/users/{sid}/data-sets")
}

/// Path of the versions of a data set: `GET` a [`crate::versions::VersionList`].
#[must_use]
pub fn versions(scope: &Scope, sid: &Sid) -> String {
    format!("{DATA_SETS}/{scope}/{sid}/versions")
}

/// Path of one version, which is named by its tag without quotes: `GET` its file; below it `restore`, `pin` and `unpin`, to
/// which a [`crate::versions::ChangeRequest`] is `POST`ed.
#[must_use]
pub fn version(scope: &Scope, sid: &Sid, tag: &VersionTag) -> String {
    format!("{}/{}", versions(scope, sid), utf8_percent_encode(tag.0.trim_matches('"'), NON_ALPHANUMERIC))
}

/// Path of a data set in quarantine: `GET` its file, `DELETE` it; below it `accept`, to which a
/// [`crate::versions::ChangeRequest`] is `POST`ed.
#[must_use]
pub fn quarantined(scope: &Scope, sid: &Sid, id: &str) -> String {
    format!("{}/{}", quarantine(scope, sid), utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// Path of the scopes of which there are data sets: `GET` a [`crate::versions::ScopeList`].
pub const SCOPES: &str = "/v1/scopes";

/// Path of some users of a scope: `GET` a [`crate::versions::UserPage`].
#[must_use]
pub fn users(scope: &Scope, after: Option<&Sid>, limit: u32) -> String {
    let after = after.map(|sid| format!("&after={sid}")).unwrap_or_default();
    format!("{SCOPES}/{scope}/users?limit={limit}{after}")
}

/// Path of the newest versions of some users of a scope: `GET` a [`crate::peers::HeadPage`].
#[must_use]
pub fn heads(scope: &Scope, after: Option<&Sid>, limit: u32) -> String {
    let after = after.map(|sid| format!("&after={sid}")).unwrap_or_default();
    format!("{SCOPES}/{scope}/heads?limit={limit}{after}")
}

/// Path of what was written to since a moment: `GET` a [`crate::peers::Changes`], with `since` and `wait` (seconds).
pub const CHANGES: &str = "/v1/changes";
