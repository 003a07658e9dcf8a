use mp_profile::{DataSubset, GroupName, Scope};
use serde::{Deserialize, Serialize};

use crate::{AgentSettings, MachineId, StorageLimits, Waits};

/// What the console tells one Agent. It is cached on disk; the Agent works with the cached one when the console is away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AgentPlan {
    /// Grows with every change of what the plan says.
    pub revision: u64,
    /// The Agent it is for.
    pub agent: MachineId,
    /// The Agent Server's name in the console.
    pub name: String,
    /// The group that the Agent Server is in, if any.
    pub group: Option<GroupName>,
    /// The first Storage Server of this Agent's group, for Agents that know no other; `None` until the administrator chose
    /// one.
    pub storage: Option<StorageTarget>,
    /// The Storage Servers of each of this Agent's scopes, and of those of groups that it was in until lately, for what waits in
    /// its spool. What an older console sends has none: see [`AgentPlan::targets`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<ScopeStores>,
    /// The data subsets that apply to this Agent, global ones and those of its group.
    pub subsets: Vec<DataSubset>,
    /// How long to wait for what.
    #[serde(default)]
    pub waits: Waits,
    /// How to treat sessions and profiles.
    #[serde(default)]
    pub settings: AgentSettings,
}

impl AgentPlan {
    /// The scopes that this Agent may bring data sets to: the global one, its group's, and those of former groups.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        let mut scopes: Vec<Scope> =
            std::iter::once(Scope::Global).chain(self.group.clone().map(Scope::Group)).collect();
        for stores in &self.stores {
            if !scopes.contains(&stores.scope) {
                scopes.push(stores.scope.clone());
            }
        }
        scopes
    }

    /// The Storage Servers that keep a scope, in the order in which they are to be tried.
    #[must_use]
    pub fn targets(&self, scope: &Scope) -> &[StorageTarget] {
        match self.stores.iter().find(|stores| stores.scope == *scope) {
            Some(stores) => &stores.servers,
            None => self.storage.as_slice(),
        }
    }
}

/// Which Storage Servers keep the data sets of a scope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeStores {
    /// The scope.
    pub scope: Scope,
    /// In the order in which they are to be tried.
    pub servers: Vec<StorageTarget>,
}

/// Where a Storage Service listens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StorageTarget {
    /// Name in the console.
    pub name: String,
    /// DNS name or IP address; the server's certificate is made out to it.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// What the console tells one Storage Service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StoragePlan {
    /// Grows with every change of what the plan says.
    pub revision: u64,
    /// The Storage Server it is for.
    pub server: MachineId,
    /// The Storage Server's name in the console.
    pub name: String,
    /// Folder below which everything is kept; absolute.
    pub base_folder: String,
    /// Folder of the global data sets, relative to the base folder; one name.
    pub global_folder: String,
    /// TCP port to listen on.
    pub port: u16,
    /// The Agents that may come, each with the group whose data sets it may reach. An Agent that is not listed, or whose
    /// certificate is not the one listed, reaches nothing.
    pub agents: Vec<AllowedAgent>,
    /// Former versions to keep of each data set, at least 1.
    #[serde(default = "StoragePlan::default_versions")]
    pub keep_versions: u32,
    /// How much Agents and users may take.
    #[serde(default)]
    pub limits: StorageLimits,
    /// Scopes for which something else is kept.
    #[serde(default)]
    pub retention: Vec<ScopeRetention>,
    /// Whether Agents bring their users' global data sets here.
    #[serde(default = "StoragePlan::yes")]
    pub keeps_global: bool,
    /// Storage Servers that keep some of the same scopes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<PeerServer>,
}

/// A Storage Server that keeps scopes which another one keeps as well. Each takes from the other what it has not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PeerServer {
    /// Where it listens.
    pub target: StorageTarget,
    /// The machines that are this Storage Server.
    pub machines: Vec<PeerMachine>,
    /// The scopes that both keep.
    pub scopes: Vec<PeerScope>,
}

/// A machine of another Storage Server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PeerMachine {
    /// The machine.
    pub id: MachineId,
    /// Serial numbers, in lower-case hexadecimal, of its certificates that are valid now.
    pub certificates: Vec<String>,
}

/// A scope that two Storage Servers keep.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PeerScope {
    /// The scope.
    pub scope: Scope,
    /// Whether this Storage Server merges what both have stored apart; the other one takes over what comes of it. It is the
    /// one that Agents try first.
    pub merges: bool,
    /// Whether what the other one has in quarantine is taken over as well, for its data sets are moved here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moves: bool,
    /// Changes when all users are to be looked at once more.
    #[serde(default)]
    pub round: u64,
}

impl StoragePlan {
    fn default_versions() -> u32 {
        5
    }

    fn yes() -> bool {
        true
    }
}

/// Which former versions of the data sets of one scope a Storage Service keeps. The newest former version and pinned ones stay
/// in any case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeRetention {
    /// The scope.
    pub scope: Scope,
    /// The newest so many, at least 1.
    pub keep_versions: u32,
    /// Those that were replaced within so many days; any age when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// The newest of so many bytes together, for each user; any size when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_bytes: Option<u64>,
}

/// An Agent that a Storage Service serves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AllowedAgent {
    /// The Agent.
    pub id: MachineId,
    /// Its Agent Server's name, for logs.
    pub name: String,
    /// The group whose data sets it may reach besides the global ones.
    pub group: Option<GroupName>,
    /// Groups that it was in until lately. It may still send, by name, what its spool holds for their data sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_groups: Vec<GroupName>,
    /// Serial numbers, in lower-case hexadecimal, of its certificates that are valid now; two while one is renewed.
    pub certificates: Vec<String>,
}
