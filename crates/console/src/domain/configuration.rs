use mp_profile::{DataSubset, GroupName, Scope};
use mp_protocol::{AgentSettings, StorageLimits, Waits};

use super::Retention;

/// Everything that the administrator describes, in his order. Who joined, and every secret, is elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Configuration {
    /// The first one serves Agents whose group names none.
    pub(crate) storage_servers: Vec<StorageServer>,
    pub(crate) groups: Vec<AgentServerGroup>,
    pub(crate) subsets: Vec<DataSubset>,
}

/// A machine that runs the Storage Service, as the administrator describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StorageServer {
    pub(crate) name: String,
    /// DNS name or IP address by which Agents reach it; its certificate is made out to it.
    pub(crate) host: String,
    /// Absolute, on that machine.
    pub(crate) base_folder: String,
    /// One name below the base folder.
    pub(crate) global_folder: GroupName,
    pub(crate) port: u16,
    /// Of the scopes that have no other one.
    pub(crate) retention: Retention,
    pub(crate) limits: StorageLimits,
    /// Whether it keeps the global data sets; when none does, the first one of the farm.
    pub(crate) keeps_global: bool,
}

/// What a Storage Server has of which the administrator says nothing.
impl StorageServer {
    pub(crate) fn default_global_folder() -> GroupName {
        "global".parse().expect("it is a legal name")
    }

    pub(crate) fn default_port() -> u16 {
        4455
    }

    pub(crate) fn default_keep_versions() -> u32 {
        5
    }
}

/// Agent Servers of one role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AgentServerGroup {
    pub(crate) name: GroupName,
    pub(crate) description: String,
    /// Name of the Storage Server; `None` for the first one of the farm.
    pub(crate) storage_server: Option<String>,
    /// Names of those that Agents try after it, in this order.
    pub(crate) other_storage_servers: Vec<String>,
    /// Of its data sets; as its Storage Server has it when `None`.
    pub(crate) retention: Option<Retention>,
    pub(crate) settings: AgentSettings,
    pub(crate) waits: Waits,
}

/// Two names are the same when their keys are: case does not matter.
pub(crate) fn name_key(name: &str) -> String {
    name.to_lowercase()
}

impl Configuration {
    /// The group of this name.
    pub(crate) fn group(&self, name: Option<&GroupName>) -> Option<&AgentServerGroup> {
        name.and_then(|name| self.groups.iter().find(|group| group.name == *name))
    }

    /// The Storage Server that is asked for data sets of a scope: the named one, or the first of those that keep it.
    pub(crate) fn storage_server_for(&self, scope: &Scope, named: Option<&str>) -> Option<&StorageServer> {
        let keeping = match scope {
            Scope::Global => self.global_storage_servers(),
            Scope::Group(name) => self.storage_servers_of(self.group(Some(name))?),
        };
        match named {
            Some(name) => self.storage_server(name),
            None => keeping.first().copied(),
        }
    }

    /// The scopes of which there can be data sets.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = Scope> {
        let groups = self.groups.iter().map(|group| Scope::Group(group.name.clone()));
        std::iter::once(Scope::Global).chain(groups)
    }

    /// The Storage Servers that keep the data sets of a group, in the order in which its Agents try them.
    pub(crate) fn storage_servers_of(&self, group: &AgentServerGroup) -> Vec<&StorageServer> {
        let first = match &group.storage_server {
            Some(name) => self.storage_server(name),
            None => self.storage_servers.first(),
        };
        let others = group.other_storage_servers.iter().filter_map(|name| self.storage_server(name));
        let mut servers: Vec<&StorageServer> = Vec::new();
        for server in first.into_iter().chain(others) {
            if !servers.iter().any(|known| name_key(&known.name) == name_key(&server.name)) {
                servers.push(server);
            }
        }
        servers
    }

    /// The Storage Servers that keep the global data sets, in the order in which Agents try them.
    pub(crate) fn global_storage_servers(&self) -> Vec<&StorageServer> {
        let keeping: Vec<_> = self.storage_servers.iter().filter(|server| server.keeps_global).collect();
        if keeping.is_empty() { self.storage_servers.first().into_iter().collect() } else { keeping }
    }

    fn storage_server(&self, name: &str) -> Option<&StorageServer> {
        self.storage_servers.iter().find(|server| name_key(&server.name) == name_key(name))
    }
}
