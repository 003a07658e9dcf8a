//! Two Storage Servers, of which one takes over everything from the other one while users work there.

use std::{
    process::Child,
    thread,
    time::{Duration, Instant},
};

use mp_profile::{Scope, Sid};
use mp_protocol::{
    Identity, MachineRole, PeerMachine, PeerScope, PeerServer, StorageClient, StorageTarget,
    test_authority::TestAuthority,
};
use tempfile::TempDir;

use super::{
    driver::{Deployment, end, wait_until_ready},
    ledger::Ledger,
    node::{FolderNode, free_port},
};

/// For what should take seconds, on a machine that is busy.
const LONG: Duration = Duration::from_secs(120);

/// The first one has users, the second one follows it.
pub(super) struct Servers([FolderNode; 2]);

impl Servers {
    pub(super) fn new() -> Self {
        let authority = TestAuthority::new();
        let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let identities = [0, 1].map(|at| {
            let state = folders[at].path().join("state");
            let id = 0xF0 + u8::try_from(at).unwrap();
            authority.enrol(&state, MachineRole::Storage, id, &["127.0.0.1"])
        });
        let ports = [free_port(), free_port()];
        let [first, second] = folders;
        let node = |folder, own: usize, other: usize| {
            let peer = peer(&identities[other], ports[other], own == 0);
            FolderNode::enrolled(folder, &authority, &identities[own], ports[own], |plan| {
                plan.peers.push(peer)
            })
        };
        Self([node(first, 0, 1), node(second, 1, 0)])
    }

    /// Lets the second one take over the rest, and asks it for everything.
    pub(super) fn check_the_second(&self, ledger: &Ledger) {
        let mut processes = [self.spawn(0), self.spawn(1)];
        let client = self.client(1);
        wait_until_ready(&client);
        let begun = Instant::now();
        while !ledger.is_all_at(&client) {
            assert!(begun.elapsed() < LONG, "the second server does not take over everything");
            thread::sleep(Duration::from_millis(50));
        }
        ledger.check(&client);
        processes.iter_mut().for_each(end);
    }
}

fn peer(of: &Identity, port: u16, merges: bool) -> PeerServer {
    let (id, certificates) = (of.machine().id.clone(), vec![of.certificate().serial.clone()]);
    PeerServer {
        target: StorageTarget { name: format!("PEER-{port}"), host: "127.0.0.1".to_owned(), port },
        machines: vec![PeerMachine { id, certificates }],
        scopes: vec![PeerScope { scope: Scope::Global, merges, moves: !merges, round: 0 }],
    }
}

impl Deployment for Servers {
    fn nodes(&self) -> usize {
        2
    }

    fn serving(&self) -> usize {
        1
    }

    fn spawn(&self, node: usize) -> Child {
        self.0[node].spawn(0)
    }

    fn client(&self, node: usize) -> StorageClient {
        self.0[node].client(0)
    }

    fn cut_an_upload(&self, sid: &Sid) {
        self.0[0].cut_an_upload(sid);
    }
}
