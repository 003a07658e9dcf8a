//! Which scopes a Storage Server keeps, and with which others.

use mp_profile::Scope;
use mp_protocol::{MachineRole, PeerMachine, PeerScope, PeerServer};

use super::{Farm, Machine, MachineState, StorageMove, StorageServer, UnixMillis, name_key, plan::target};

/// The scopes of a Storage Server, each with all that keep it, in the order in which Agents try them.
pub(super) struct Shared<'f> {
    server: &'f StorageServer,
    scopes: Vec<(Scope, Vec<&'f StorageServer>)>,
    moves: &'f [StorageMove],
}

impl<'f> Shared<'f> {
    pub(super) fn of(farm: &'f Farm, server: &'f StorageServer) -> Self {
        let configuration = &farm.configuration;
        let groups = configuration.groups.iter().map(|group| Scope::Group(group.name.clone()));
        let scopes = std::iter::once(Scope::Global).chain(groups).map(|scope| {
            let mut servers = configuration.servers_of(&scope);
            // While a scope is moved both servers keep it, whichever of them is in the list; that one comes first.
            for moved in farm.moves.iter().filter(|moved| moved.scope == scope) {
                for name in [&moved.from, &moved.to] {
                    let named =
                        configuration.storage_servers.iter().find(|of| name_key(&of.name) == name_key(name));
                    servers.extend(named.filter(|named| !servers.iter().any(|known| same(known, named))));
                }
            }
            (scope, servers)
        });
        let scopes = scopes.filter(|(_, servers)| servers.iter().any(|other| same(other, server))).collect();
        Self { server, scopes, moves: &farm.moves }
    }

    /// Whether what another server has is moved here, and which look at all users counts.
    fn moved(&self, scope: &Scope, other: &StorageServer) -> Option<u64> {
        let to_here = |moved: &&StorageMove| {
            moved.scope == *scope
                && name_key(&moved.to) == name_key(&self.server.name)
                && name_key(&moved.from) == name_key(&other.name)
        };
        self.moves.iter().find(to_here).map(|moved| moved.round)
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
                    moves: self.moved(scope, other).is_some(),
                    round: self.moved(scope, other).unwrap_or_default(),
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
