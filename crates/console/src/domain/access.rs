//! Who may do what: roles, and the Agent Server Groups that a role can be held to.

use std::fmt;

use mp_profile::GroupName;
use serde::{Deserialize, Serialize};

/// What somebody is to the farm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// May do everything.
    Administrator,
    /// Sees the farm and its sessions, and restores users' data.
    Operator,
    /// Sees everything, the audit log too, and changes nothing.
    Auditor,
}

/// What an operation of the API needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Permission {
    /// One's own session, password and second factor.
    Own,
    /// One's own API tokens.
    Tokens,
    /// To see the farm, its machines, users and sessions.
    Read,
    /// To see what was done by whom, and who may do what.
    Audit,
    /// To look into users' data sets, to bring former versions back, and to acknowledge damage.
    Restore,
    /// To describe the farm, and to let machines in and out.
    Configure,
    /// To say who may do what.
    People,
}

/// A role, and the groups that it is held to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Access {
    pub(crate) role: Role,
    /// `None`: the whole farm.
    pub(crate) groups: Option<Vec<GroupName>>,
}

impl Permission {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Own, Self::Tokens, Self::Read, Self::Audit, Self::Restore, Self::Configure, Self::People];
}

impl Role {
    /// Whether the role is enough.
    pub(crate) fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Own | Permission::Tokens | Permission::Read => true,
            Permission::Audit => self != Self::Operator,
            Permission::Restore => self != Self::Auditor,
            Permission::Configure | Permission::People => self == Self::Administrator,
        }
    }

    /// As it is stored and told.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// The role of a word; the weakest one of a word that is none.
    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "administrator" => Self::Administrator,
            "operator" => Self::Operator,
            _ => Self::Auditor,
        }
    }
}

/// Where an account comes from, and who proves that somebody is its owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AccountOrigin {
    /// The console itself, by a password.
    Local,
    /// Active Directory.
    Directory,
    /// An OpenID Connect provider.
    OpenidConnect,
}

impl AccountOrigin {
    /// As it is stored and told.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Directory => "directory",
            Self::OpenidConnect => "openid-connect",
        }
    }

    /// The origin of a word.
    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "directory" => Self::Directory,
            "openid-connect" => Self::OpenidConnect,
            _ => Self::Local,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Access {
    /// What is left of the groups when these alone count too.
    pub(crate) fn groups_within(&self, owner: &Self) -> Option<Vec<GroupName>> {
        match (&self.groups, &owner.groups) {
            (None, groups) | (groups, None) => groups.clone(),
            (Some(mine), Some(owners)) => {
                Some(mine.iter().filter(|group| owners.contains(group)).cloned().collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reaches_no_further_than_its_owner() {
        let access = |groups: Option<&[&str]>| Access {
            role: Role::Operator,
            groups: groups.map(|names| names.iter().filter_map(|name| name.parse().ok()).collect()),
        };
        let within = |token: Option<&[&str]>, owner: Option<&[&str]>| {
            let groups = access(token).groups_within(&access(owner));
            groups.map(|groups| groups.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(within(None, None), None);
        assert_eq!(within(None, Some(&["Lab"])), Some(vec!["Lab".to_owned()]));
        assert_eq!(within(Some(&["Lab"]), None), Some(vec!["Lab".to_owned()]));
        assert_eq!(within(Some(&["Lab", "Office"]), Some(&["office"])), Some(vec!["Office".to_owned()]));
        assert_eq!(within(Some(&["Lab"]), Some(&["Office"])), Some(Vec::new()));
    }
}
