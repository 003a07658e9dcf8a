use mp_profile::{Applies, DataSubset, GroupName, Scope};
use mp_protocol::{
    AgentPlan, AgentSettings, AllowedAgent, MachineRole, ScopeRetention, StoragePlan, StorageTarget, Waits,
};
use serde::Serialize;

use super::{
    AgentServerGroup, Configuration, Farm, Machine, MachineState, Refusal, StorageServer, UnixMillis,
    name_key,
};

/// A machine's plan, by its role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum AnyPlan {
    Agent(AgentPlan),
    Storage(StoragePlan),
}

impl AnyPlan {
    pub(crate) fn with_revision(mut self, number: u64) -> Self {
        match &mut self {
            Self::Agent(AgentPlan { revision, .. }) | Self::Storage(StoragePlan { revision, .. }) => {
                *revision = number
            }
        }
        self
    }
}

/// What a machine shall do, with revision 0. It depends on nothing but what the machine is told, so that a change elsewhere
/// in the farm leaves it equal.
///
/// # Errors
/// When a storage machine has no Storage Server, which the database forbids.
pub(crate) fn plan_for(farm: &Farm, machine: &Machine, now: UnixMillis) -> Result<AnyPlan, Refusal> {
    match machine.role {
        MachineRole::Agent => Ok(AnyPlan::Agent(agent_plan(&farm.configuration, machine))),
        MachineRole::Storage => storage_plan(farm, machine, now).map(AnyPlan::Storage),
    }
}

fn agent_plan(configuration: &Configuration, agent: &Machine) -> AgentPlan {
    let applies = |subset: &&DataSubset| match &subset.applies {
        Applies::Global => true,
        Applies::Groups(names) => agent.group.as_ref().is_some_and(|group| names.contains(group)),
    };
    let target = |server: &StorageServer| StorageTarget {
        name: server.name.clone(),
        host: server.host.clone(),
        port: server.port,
    };
    let group = configuration.group(agent.group.as_ref());
    AgentPlan {
        revision: 0,
        agent: agent.id.clone(),
        name: agent.name.clone(),
        group: agent.group.clone(),
        storage: configuration.storage_server_of(agent.group.as_ref()).map(target),
        subsets: configuration
            .subsets
            .iter()
            .filter(applies)
            .map(|subset| told_to(subset, agent.group.as_ref()))
            .collect(),
        waits: group.map_or_else(Waits::default, |group| group.waits),
        settings: group.map_or_else(AgentSettings::default, |group| group.settings.clone()),
    }
}

/// An Agent is told of its own group only: which others share a subset is none of its business, and changes of that shall not
/// change its plan.
fn told_to(subset: &DataSubset, group: Option<&GroupName>) -> DataSubset {
    let mut subset = subset.clone();
    if let (Applies::Groups(names), Some(group)) = (&mut subset.applies, group) {
        names.retain(|name| name == group);
    }
    subset
}

fn storage_plan(farm: &Farm, machine: &Machine, now: UnixMillis) -> Result<StoragePlan, Refusal> {
    let key = machine.storage_server.as_deref().map(name_key);
    let server = farm
        .configuration
        .storage_servers
        .iter()
        .find(|server| key.as_ref() == Some(&name_key(&server.name)))
        .ok_or_else(|| Refusal::internal(format!("storage machine {} has no Storage Server", machine.id)))?;
    let served = |agent: &&Machine| {
        agent.role == MachineRole::Agent
            && agent.state == MachineState::Active
            && farm
                .configuration
                .storage_server_of(agent.group.as_ref())
                .is_some_and(|target| name_key(&target.name) == name_key(&server.name))
    };
    Ok(StoragePlan {
        revision: 0,
        server: machine.id.clone(),
        name: server.name.clone(),
        base_folder: server.base_folder.clone(),
        global_folder: server.global_folder.to_string(),
        port: server.port,
        agents: farm.machines.values().filter(served).map(|agent| allowed(agent, now)).collect(),
        keep_versions: server.retention.keep_versions,
        limits: server.limits,
        retention: retention(&farm.configuration, server),
    })
}

/// What a Storage Server keeps of the scopes for which the number of versions does not say all.
fn retention(configuration: &Configuration, server: &StorageServer) -> Vec<ScopeRetention> {
    let whole = server.retention;
    let otherwise = (whole.keep_days.is_some() || whole.keep_bytes.is_some()).then_some(whole);
    let served = |group: &&AgentServerGroup| {
        configuration
            .storage_server_of(Some(&group.name))
            .is_some_and(|target| name_key(&target.name) == name_key(&server.name))
    };
    let of_group = |group: &AgentServerGroup| {
        let rule = group.retention.or(otherwise)?;
        Some(rule.told_of(Scope::Group(group.name.clone())))
    };
    let global = otherwise.map(|rule| rule.told_of(Scope::Global));
    global.into_iter().chain(configuration.groups.iter().filter(served).filter_map(of_group)).collect()
}

fn allowed(agent: &Machine, now: UnixMillis) -> AllowedAgent {
    let valid = agent.certificates.iter().filter(|known| known.is_accepted(now));
    AllowedAgent {
        id: agent.id.clone(),
        name: agent.name.clone(),
        group: agent.group.clone(),
        certificates: valid.map(|known| known.serial.clone()).collect(),
    }
}
