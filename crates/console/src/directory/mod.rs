//! Active Directory, asked by LDAPS: who somebody is, his groups, and names for security identifiers.

mod client;
mod entry;

use mp_profile::{GroupName, Sid};
use serde::{Deserialize, Serialize};

pub(crate) use client::{Connection, DirectoryError};
pub(crate) use entry::{DirectoryEntry, EntryKind};

use crate::domain::{Access, Role};

/// Most servers that are tried, and most groups that have a role.
pub(crate) const MAX_SERVERS: usize = 10;
pub(crate) const MAX_ROLES: usize = 200;

/// How the directory is reached, and what its groups may do here.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct DirectorySettings {
    /// People of the directory can sign in, and names are looked up.
    pub(crate) enabled: bool,
    /// Domain controllers, host or host:port, tried in this order; 636 where there is no port.
    pub(crate) servers: Vec<String>,
    /// Below it users and groups are looked for; empty for the whole domain.
    pub(crate) base: String,
    /// Who asks the directory: a distinguished name or a user principal name.
    pub(crate) account: String,
    /// The authorities that sign the servers' certificates, PEM; empty for those that the system trusts.
    pub(crate) certificates: String,
    /// The first one that somebody is in decides.
    pub(crate) roles: Vec<GroupRole>,
}

impl DirectorySettings {
    /// Under which name they are stored.
    pub(crate) const NAME: &str = "directory";

    /// What somebody may who is in these groups.
    pub(crate) fn access(&self, groups: &[Sid]) -> Option<&GroupRole> {
        self.roles.iter().find(|role| groups.contains(&role.group))
    }
}

/// What the members of a group of the directory may do here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct GroupRole {
    pub(crate) group: Sid,
    /// What people call the group; the identifier alone counts.
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) role: Role,
    #[serde(default)]
    pub(crate) groups: Option<Vec<GroupName>>,
}

impl GroupRole {
    pub(crate) fn access(&self) -> Access {
        Access { role: self.role, groups: self.groups.clone() }
    }
}
