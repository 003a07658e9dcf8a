//! Which scopes a Storage Server keeps, and with which others.

use mp_profile::Scope;
use mp_protocol::{MachineRole, PeerMachine, PeerScope, PeerServer};

use super::{Configuration, Farm, Machine, MachineState, StorageServer, UnixMillis, name_key, plan::target};

/// The scopes of a Storage Server, each with all that keep it, in the order in which Agents try them.
pub(super) struct Shared<'f> {
    server: &'f StorageServer,
    scopes: Vec<(Scope, Vec<&'f StorageServer>)>,
}

impl<'f> Shared<'f> {
    pub(super) fn of(configuration: &'f Configuration, server: &'f StorageServer) -> Self {
        let groups = configuration
            .groups
            .iter()
            .map(|group| (Scope::Group(group.name.clone()), configuration.storage_servers_of(group)));
        let all = std::iter::once((Scope::Global, configuration.global_storage_servers())).chain(groups);
        let scopes = all.filter(|(_, servers)| servers.iter().any(|other| same(other, server))).collect();
        Self { server, scopes }
    }

    /// Whether Agents bring data sets of this scope here.
    pub(super) fn keeps(&self, scope: &Scope) -> bool {
        self.scopes.iter().any(|(kept, _)| kept == scope)
    }

    /// The other Storage Servers that keep some of the same scopes.
    pub(super) fn peers(&self, farm: &Farm, now: UnixMillis) -> Vec<PeerServer> {
        let mut peers: Vec<PeerServer> = Vec::new();
        for (scope, servers) in &self.scopes {
            let own = servers.iter().position(|server| same(server, self.server));
            for (place, other) in servers.iter().enumerate().filter(|(_, other)| !same(other, self.server)) {
                let shared = PeerScope {
                    scope: scope.clone(),
                    merges: own.is_some_and(|own| own < place),
                    moves: false,
                    round: 0,
                };
                let key = name_key(&other.name);
                match peers.iter_mut().find(|peer| name_key(&peer.target.name) == key) {
                    Some(peer) => peer.scopes.push(shared),
                    None => peers.push(PeerServer {
                        target: target(other),
                        machines: machines(farm, other, now),
                        scopes: vec![shared],
                    }),
                }
            }
        }
        peers
    }
}

fn same(one: &StorageServer, other: &StorageServer) -> bool {
    name_key(&one.name) == name_key(&other.name)
}

/// The machines that joined as a Storage Server.
fn machines(farm: &Farm, server: &StorageServer, now: UnixMillis) -> Vec<PeerMachine> {
    let key = Some(name_key(&server.name));
    let of = |machine: &&Machine| {
        machine.role == MachineRole::Storage
            && machine.state == MachineState::Active
            && machine.storage_server.as_deref().map(name_key) == key
    };
    let machines = farm.machines.values().filter(of);
    machines
        .map(|machine| PeerMachine { id: machine.id.clone(), certificates: machine.serials(now) })
        .collect()
}
