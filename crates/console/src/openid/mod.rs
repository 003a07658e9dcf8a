//! OpenID Connect: a provider says who somebody is, and which groups he is in.

mod claims;
mod http;
mod provider;

use mp_profile::GroupName;
use serde::{Deserialize, Serialize};

pub(crate) use claims::{Person, is_claim};
pub(crate) use provider::{OpenidError, Provider, SignInAsked};

use crate::domain::{Access, Role};

/// Most groups that have a role, and most scopes.
pub(crate) const MAX_ROLES: usize = 200;
pub(crate) const MAX_SCOPES: usize = 20;

/// Page to which the provider sends people back, below the console's address.
const RETURN: &str = "/sign-in/openid-connect";

/// How the provider is reached, and what its groups may do here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct OpenidSettings {
    /// People of the provider can sign in.
    pub(crate) enabled: bool,
    /// What the button on the sign-in page calls it.
    pub(crate) name: String,
    /// The provider's issuer, `https://…`, as it says it itself.
    pub(crate) issuer: String,
    /// As which the provider knows the console.
    pub(crate) client_id: String,
    /// Where people reach the console, `https://host:port`.
    pub(crate) address: String,
    /// What is asked for beside `openid`.
    pub(crate) scopes: Vec<String>,
    /// Claim that names the account.
    pub(crate) name_claim: String,
    /// Claim that holds the groups.
    pub(crate) groups_claim: String,
    /// The authorities that sign the provider's certificate, PEM; empty for those that the system trusts.
    pub(crate) certificates: String,
    /// The first one that somebody is in decides.
    pub(crate) roles: Vec<ClaimRole>,
}

impl Default for OpenidSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            name: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            address: String::new(),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            name_claim: "preferred_username".to_owned(),
            groups_claim: "groups".to_owned(),
            certificates: String::new(),
            roles: Vec::new(),
        }
    }
}

impl OpenidSettings {
    /// Under which name they are stored.
    pub(crate) const NAME: &str = "openid-connect";

    /// What somebody may who is in these groups.
    pub(crate) fn access(&self, groups: &[String]) -> Option<&ClaimRole> {
        self.roles.iter().find(|role| groups.contains(&role.group))
    }

    /// Where the provider sends people back to.
    pub(crate) fn return_address(&self) -> String {
        format!("{}{RETURN}", self.address)
    }
}

/// What those may do here whose groups hold a value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ClaimRole {
    /// As the provider writes it, in the same case.
    pub(crate) group: String,
    pub(crate) role: Role,
    #[serde(default)]
    pub(crate) groups: Option<Vec<GroupName>>,
}

impl ClaimRole {
    pub(crate) fn access(&self) -> Access {
        Access { role: self.role, groups: self.groups.clone() }
    }
}
