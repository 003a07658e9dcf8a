use mp_profile::{DataSubset, GroupName, Scope};
use mp_protocol::{AgentSettings, Waits};

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
    pub(crate) keep_versions: u32,
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

    /// The Storage Server that keeps data sets of a scope, or the named one, where some may have been kept before. The global
    /// data sets of Agents are where those of their group are.
    pub(crate) fn storage_server_for(&self, scope: &Scope, named: Option<&str>) -> Option<&StorageServer> {
        let group = match scope {
            Scope::Global => None,
            Scope::Group(name) => Some(self.group(Some(name))?),
        };
        match named {
            Some(name) => self.storage_servers.iter().find(|server| name_key(&server.name) == name_key(name)),
            None => self.storage_server_of(group.map(|group| &group.name)),
        }
    }

    /// The scopes of which there can be data sets, each with a Storage Server that may keep some.
    pub(crate) fn kept_scopes(&self) -> Vec<(Scope, &StorageServer)> {
        let global = self.storage_servers.iter().map(|server| (Scope::Global, server));
        let groups = self.groups.iter().filter_map(|group| {
            Some((Scope::Group(group.name.clone()), self.storage_server_of(Some(&group.name))?))
        });
        global.chain(groups).collect()
    }

    /// The Storage Server that keeps the data sets of a group's Agents, or of Agents in no group.
    pub(crate) fn storage_server_of(&self, group: Option<&GroupName>) -> Option<&StorageServer> {
        let named = self.group(group).and_then(|group| group.storage_server.as_deref());
        match named {
            Some(name) => self.storage_servers.iter().find(|server| name_key(&server.name) == name_key(name)),
            None => self.storage_servers.first(),
        }
    }
}
