//! What Storage Servers that keep the same scopes ask each other: `docs/reference/wire.md`, section 4.5.

use mp_profile::{Scope, Sid};
use serde::{Deserialize, Serialize};

/// The newest versions of some users of a scope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeadPage {
    /// In the order of the users' texts.
    pub heads: Vec<Head>,
    /// Whether there are more after the last one.
    pub more: bool,
}

/// The newest version of a data set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Head {
    /// The user.
    pub sid: Sid,
    /// Tag of the newest version; `None` where there is only something in quarantine.
    pub tag: Option<String>,
    /// Whether it is current; otherwise the data set was deleted.
    pub current: bool,
}

/// Which data sets were written to since a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Changes {
    /// The moment of this answer.
    pub cursor: String,
    /// Whether all data sets have to be looked at, because it is not known any more which ones were written to.
    pub missed: bool,
    /// Each once.
    pub changed: Vec<Changed>,
}

/// A data set that was written to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Changed {
    /// The scope.
    pub scope: Scope,
    /// The user.
    pub sid: Sid,
}

/// What a Storage Server tells the console of those that it takes over from.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PeerReport {
    /// The last round of each scope and peer.
    pub rounds: Vec<PeerRound>,
}

/// A look at all users of a scope on another Storage Server.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct PeerRound {
    /// The scope; always there when it is told.
    pub scope: Option<Scope>,
    /// Name of the other Storage Server.
    pub peer: String,
    /// Revision of the plan when it began.
    pub plan_revision: u64,
    /// [`crate::PeerScope::round`] when it began.
    pub round: u64,
    /// Users that are known of so far.
    pub listed: u64,
    /// Users that were looked at.
    pub users: u64,
    /// Versions that were taken over.
    pub versions: u64,
    /// Files that were put into quarantine.
    pub quarantined: u64,
    /// Data sets of which both had stored versions apart, and that were merged.
    pub merged: u64,
    /// Data sets that the other one is to merge.
    pub waits: u64,
    /// Data sets that could not be taken over.
    pub failed: u64,
    /// The first of them, and why.
    pub problems: Vec<String>,
    /// Whether all users were looked at.
    pub ended: bool,
}
