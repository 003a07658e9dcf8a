use mp_profile::Applies;

use super::{
    AgentServerGroup, Configuration, Farm, Item, Kind, Machine, MachineState, Refusal, StorageMove, name_key,
};

/// Whether a farm may get another configuration: nothing that is used may go, and what is fixed by use stays.
///
/// # Errors
/// The first thing in the way.
pub(crate) fn guard(farm: &Farm, after: &Configuration) -> Result<(), Refusal> {
    for group in removed(&farm.configuration.groups, &after.groups) {
        let agents = active(farm).filter(|machine| machine.group.as_ref() == Some(&group.name)).count();
        let subset = after
            .subsets
            .iter()
            .find(|subset| matches!(&subset.applies, Applies::Groups(names) if names.contains(&group.name)));
        let users = subset
            .map(|subset| format!("the data subset \"{}\"", subset.name))
            .or_else(|| (agents > 0).then(|| format!("{agents} Agent Servers")));
        if let Some(users) = users {
            return Err(Refusal::InUse { kind: Kind::Group, name: group.name.to_string(), users });
        }
    }
    for server in removed(&farm.configuration.storage_servers, &after.storage_servers) {
        let key = name_key(&server.name);
        let names = |group: &&AgentServerGroup| {
            let mut named = group.storage_server.iter().chain(&group.other_storage_servers);
            named.any(|name| name_key(name) == key)
        };
        let group = after.groups.iter().find(names);
        let users = group
            .map(|group| format!("the Agent Server Group \"{}\"", group.name))
            .or_else(|| moved_by(farm, &server.name).map(ToString::to_string))
            .or_else(|| machine_of(farm, &server.name).map(|machine| format!("machine {}", machine.id)));
        if let Some(users) = users {
            return Err(Refusal::InUse { kind: Kind::StorageServer, name: server.name.clone(), users });
        }
    }
    for server in &farm.configuration.storage_servers {
        let new = find(&after.storage_servers, &server.name);
        let moved = new.is_some_and(|new| !new.host.eq_ignore_ascii_case(&server.host));
        if moved && machine_of(farm, &server.name).is_some() {
            return Err(Refusal::HostInUse { name: server.name.clone() });
        }
    }
    // A group's name is its folder on storage, where case may matter.
    for group in &farm.configuration.groups {
        let new = find(&after.groups, group.name.as_str());
        if new.is_some_and(|new| new.name.as_str() != group.name.as_str()) {
            return Err(Refusal::Renamed { kind: Kind::Group, name: group.name.to_string() });
        }
    }
    Ok(())
}

fn find<'a, T: Item>(items: &'a [T], name: &str) -> Option<&'a T> {
    let key = name_key(name);
    items.iter().find(|item| name_key(item.name()) == key)
}

fn removed<'a, T: Item>(before: &'a [T], after: &'a [T]) -> impl Iterator<Item = &'a T> {
    before.iter().filter(|item| find(after, item.name()).is_none())
}

fn active(farm: &Farm) -> impl Iterator<Item = &Machine> {
    farm.machines.values().filter(|machine| machine.state == MachineState::Active)
}

/// The machine of a Storage Server.
fn machine_of<'a>(farm: &'a Farm, server: &str) -> Option<&'a Machine> {
    let name = Some(name_key(server));
    active(farm).find(|machine| machine.storage_server.as_deref().map(name_key) == name)
}

/// The move that a Storage Server is part of.
fn moved_by<'a>(farm: &'a Farm, server: &str) -> Option<&'a StorageMove> {
    let key = name_key(server);
    farm.moves.iter().find(|moved| [&moved.from, &moved.to].into_iter().any(|name| name_key(name) == key))
}
