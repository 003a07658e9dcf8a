use mp_profile::{Applies, DataSubset, GroupName, Scope};
use mp_protocol::{
    AgentPlan, AgentSettings, AllowedAgent, MachineRole, ScopeRetention, ScopeStores, StoragePlan,
    StorageTarget, Waits,
};
use serde::Serialize;

use super::{
    AgentServerGroup, Configuration, Farm, Machine, MachineState, Refusal, StorageServer, UnixMillis,
    name_key, shared::Shared,
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
        MachineRole::Agent => Ok(AnyPlan::Agent(agent_plan(&farm.configuration, machine, now))),
        MachineRole::Storage => storage_plan(farm, machine, now).map(AnyPlan::Storage),
    }
}

fn agent_plan(configuration: &Configuration, agent: &Machine, now: UnixMillis) -> AgentPlan {
    let applies = |subset: &&DataSubset| match &subset.applies {
        Applies::Global => true,
        Applies::Groups(names) => agent.group.as_ref().is_some_and(|group| names.contains(group)),
    };
    let group = configuration.group(agent.group.as_ref());
    let global = configuration.global_storage_servers();
    let of_group = group.map(|group| configuration.storage_servers_of(group));
    let first = of_group.as_ref().unwrap_or(&global).first();
    let stores = std::iter::once((Scope::Global, &global));
    let stores = stores.chain(agent.group.clone().map(Scope::Group).zip(of_group.as_ref()));
    let told = |(scope, servers): (Scope, &Vec<&StorageServer>)| ScopeStores {
        scope,
        servers: servers.iter().map(|server| target(server)).collect(),
    };
    let former = agent.groups_left(now).filter_map(|name| configuration.group(Some(name)));
    let former = former
        .map(|group| told((Scope::Group(group.name.clone()), &configuration.storage_servers_of(group))));
    let stores = stores.map(told).chain(former);
    AgentPlan {
        revision: 0,
        agent: agent.id.clone(),
        name: agent.name.clone(),
        group: agent.group.clone(),
        storage: first.map(|server| target(server)),
        stores: stores.collect(),
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

pub(super) fn target(server: &StorageServer) -> StorageTarget {
    StorageTarget { name: server.name.clone(), host: server.host.clone(), port: server.port }
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
    let shared = Shared::of(farm, server);
    let agents = farm.machines.values().filter(|machine| machine.role == MachineRole::Agent);
    let agents = agents.filter(|agent| agent.state == MachineState::Active).filter_map(|agent| {
        let kept = |group: &GroupName| shared.keeps(&Scope::Group(group.clone()));
        let group = agent.group.clone().filter(kept);
        let former_groups: Vec<GroupName> =
            agent.groups_left(now).filter(|group| kept(group)).cloned().collect();
        let comes = shared.keeps(&Scope::Global) || group.is_some() || !former_groups.is_empty();
        comes.then(|| AllowedAgent {
            id: agent.id.clone(),
            name: agent.name.clone(),
            group,
            former_groups,
            certificates: agent.serials(now),
        })
    });
    Ok(StoragePlan {
        revision: 0,
        server: machine.id.clone(),
        name: server.name.clone(),
        base_folder: server.base_folder.clone(),
        global_folder: server.global_folder.to_string(),
        port: server.port,
        agents: agents.collect(),
        keep_versions: server.retention.keep_versions,
        limits: server.limits,
        retention: retention(&farm.configuration, server, &shared),
        keeps_global: shared.keeps(&Scope::Global),
        peers: shared.peers(farm, now),
    })
}

/// What a Storage Server keeps of the scopes for which the number of versions does not say all.
fn retention(
    configuration: &Configuration,
    server: &StorageServer,
    shared: &Shared<'_>,
) -> Vec<ScopeRetention> {
    let whole = server.retention;
    let otherwise = (whole.keep_days.is_some() || whole.keep_bytes.is_some()).then_some(whole);
    let of_group = |group: &AgentServerGroup| {
        let scope = Scope::Group(group.name.clone());
        let rule = group.retention.or(otherwise).filter(|_| shared.keeps(&scope))?;
        Some(rule.told_of(scope))
    };
    let global = otherwise.map(|rule| rule.told_of(Scope::Global));
    global.into_iter().chain(configuration.groups.iter().filter_map(of_group)).collect()
}
