//! What storage tells of the versions of a data set, and keeps of each: `docs/reference/wire.md`, section 4.4.

use mp_profile::{KnownVersion, Scope, Sid, VersionTag};
use serde::{Deserialize, Serialize};

use crate::{MachineId, etag::number_and_seal};

/// Longest [`Stamp::notes`] and [`Change::reason`] that are kept, in bytes.
pub const MAX_TEXT: usize = 512;

/// Longest [`Stamp::session`] that is kept, in bytes.
pub const MAX_SESSION: usize = 128;

/// Who did something to a data set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Author {
    /// An Agent.
    Agent {
        /// The machine of its certificate.
        id: MachineId,
        /// Name of the Agent Server, from the plan.
        name: String,
    },
    /// An administrator, by the console or on the Storage Server itself.
    Administrator(String),
    /// The Storage Service itself, which found a version damaged.
    Service,
}

impl std::fmt::Display for Author {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Agent { name, .. } => f.write_str(name),
            Self::Administrator(name) => write!(f, "administrator {name}"),
            Self::Service => f.write_str("the storage service"),
        }
    }
}

/// How a version came.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stamp {
    /// When, by the server's clock: milliseconds since 1970.
    pub at: u64,
    /// Who stored it.
    pub by: Author,
    /// The session that exported it, as the Agent names it in its reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What the Agent says of a merge: how many items it overrode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Number of the former version whose content it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_from: Option<u64>,
    /// Number of the damaged version that it stands in for. What is based on that one may replace this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place_of: Option<u64>,
    /// Tags of versions that another server has stored apart from this one's former versions, and whose content it holds, or
    /// that were put into quarantine for it. They count as former versions of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<String>,
}

impl Stamp {
    /// A stamp without anything that is not always known.
    #[must_use]
    pub fn new(at: u64, by: Author) -> Self {
        Self {
            at,
            by,
            session: None,
            notes: None,
            restored_from: None,
            in_place_of: None,
            merged: Vec::new(),
        }
    }
}

/// Who changed something about a version, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// When, by the server's clock: milliseconds since 1970.
    pub at: u64,
    /// Who.
    pub by: Author,
    /// Why, in the words of whoever did it.
    pub reason: String,
}

/// One version of a data set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VersionInfo {
    /// Its entity tag.
    pub tag: String,
    /// Counts the versions of a data set from 1.
    pub number: u64,
    /// The seal of the file: 64 hexadecimal digits.
    pub seal: String,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// Whether it is the current one.
    pub current: bool,
    /// Whether its content is still there; otherwise it fell to retention, and only this is known of it.
    pub kept: bool,
    /// Whether retention leaves it.
    pub pinned: bool,
    /// Whether its content was found damaged, so that it cannot be had.
    #[serde(default)]
    pub damaged: bool,
    /// When it was stored, by the server's clock: milliseconds since 1970. The file's own time where there is no stamp.
    pub at: Option<u64>,
    /// The version that it replaced; `None` when there was none, or it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// How it came; `None` when an earlier version of the software stored it, or a power cut took the note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
    /// Who deleted the data set while this version was current, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Change>,
}

/// The versions of a list, newest first, and behind each those of other servers that only it holds.
#[must_use]
pub fn known_versions(versions: &[VersionInfo]) -> Vec<KnownVersion> {
    let listed = |tag: &&String| versions.iter().any(|info| info.tag == **tag);
    let known = versions.iter().flat_map(|info| {
        let merged = info.stamp.iter().flat_map(|stamp| &stamp.merged);
        std::iter::once(&info.tag).chain(merged.filter(move |tag| !listed(tag)))
    });
    let known = known.filter_map(|tag| {
        let (number, seal) = number_and_seal(tag)?;
        Some(KnownVersion { version: VersionTag(tag.clone()), number, seal })
    });
    known.collect()
}

/// A data set that is kept beside the versions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QuarantinedInfo {
    /// Names it among those of its user and scope.
    pub id: String,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// Why, from where and when; `None` when the note cannot be read.
    pub note: Option<QuarantineNote>,
}

/// Why a data set was set aside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QuarantineNote {
    /// The Agent's reason.
    pub reason: String,
    /// Name of the Agent Server.
    pub agent: String,
    /// When it came, by the server's clock: milliseconds since 1970.
    pub at: u64,
}

/// Answer with versions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VersionList {
    /// Newest first.
    pub versions: Vec<VersionInfo>,
}

/// Answer with what is in quarantine for a user and scope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QuarantineList {
    /// Oldest first.
    pub quarantined: Vec<QuarantinedInfo>,
}

/// Answer with the scopes of which there are data sets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeList {
    /// `global` first.
    pub scopes: Vec<Scope>,
}

/// Some of the users of a scope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UserPage {
    /// In the order of their texts.
    pub users: Vec<Sid>,
    /// Whether there are more after the last one.
    pub more: bool,
}

/// Request to restore, pin or delete: why.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ChangeRequest {
    /// Who asks, for the record: the administrator's name in the console.
    pub by: String,
    /// Why; at most [`MAX_TEXT`] bytes are kept.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_version_is_what_only_it_holds_of_other_servers() {
        let tag = |number: u64| format!("\"{number}-{:064x}\"", number);
        let info = |number: u64, merged: &[u64]| VersionInfo {
            tag: tag(number),
            number,
            seal: format!("{number:064x}"),
            bytes: 1,
            current: false,
            kept: true,
            pinned: false,
            damaged: false,
            at: None,
            base: None,
            stamp: Some(Stamp {
                merged: merged.iter().map(|number| tag(*number)).collect(),
                ..Stamp::new(0, Author::Service)
            }),
            removed: None,
        };
        // The list names 4 itself, for the other server's versions were taken over later.
        let known = known_versions(&[info(7, &[]), info(6, &[5, 4]), info(4, &[]), info(1, &[])]);
        let numbers: Vec<u64> = known.iter().map(|known| known.number).collect();
        assert_eq!(numbers, [7, 6, 5, 4, 1]);
        assert!(known.iter().all(|known| known.version.0 == tag(known.number)));
    }
}
