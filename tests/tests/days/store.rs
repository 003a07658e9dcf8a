//! The Storage Service's own store, without its HTTP: who may reach what, which data sets are taken, and the backend, which
//! on some days is a folder that is dropped and opened again.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use mp_dataset::{DataSet, Limits};
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::{
    AllowedAgent, MachineCertificate, MachineName, MachineRole, PeerMachine, PeerScope, PeerServer,
    StorageLimits, StoragePlan,
};
use mp_storage::{
    Access, Backend, FolderBackend, MemoryBackend, Peer, ReachedStore, Store,
    backend::{Key, QuarantinedInfo, Read, folder::FirstUse},
};
use tempfile::TempDir;

use crate::{
    plans::{group_of, machine, order, scopes, server},
    servers::KEPT,
};

const GLOBAL_FOLDER: &str = "global";
const SERIAL: &str = "07";

/// Longer than a day takes to play. What a Storage Server waits for after its start is decided by the day's clock.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

/// A Storage Server.
pub(crate) struct StoreHouse {
    /// `None` while the service is down.
    served: Mutex<Option<Served>>,
    /// Of a server without a folder.
    memory: Arc<MemoryBackend>,
    folder: Option<TempDir>,
    plan: StoragePlan,
    /// Of whom nothing more can be put beside.
    full: Mutex<Vec<Key>>,
    is_away: AtomicBool,
    /// All that the other server has was here once.
    was_whole: AtomicBool,
}

#[derive(Clone)]
struct Served {
    backend: Arc<dyn Backend>,
    store: Store,
}

/// A folder in memory, where the machine has one: days flush often.
pub(crate) fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}

impl StoreHouse {
    /// The server of this number, out of so many.
    pub(crate) fn new(hosts: usize, in_folder: bool, number: usize, of: usize) -> Self {
        let folder = in_folder.then(temporary_folder);
        let agents = (0..hosts).map(|host| AllowedAgent {
            id: machine(host),
            name: format!("TS{}", host + 1),
            group: match group_of(host) {
                Scope::Group(group) => Some(group),
                Scope::Global => None,
            },
            former_groups: Vec::new(),
            certificates: vec![SERIAL.to_owned()],
        });
        let plan = StoragePlan {
            revision: 1,
            server: machine(hosts + number),
            name: server(number).name,
            base_folder: "/".to_owned(),
            global_folder: GLOBAL_FOLDER.to_owned(),
            port: 8444,
            agents: agents.collect(),
            keep_versions: KEPT,
            limits: StorageLimits::default(),
            retention: Vec::new(),
            keeps_global: true,
            peers: (0..of).filter(|other| *other != number).map(|other| peer(hosts, number, other)).collect(),
        };
        let (served, full, memory) = (Mutex::default(), Mutex::default(), Arc::default());
        let (is_away, was_whole) = Default::default();
        let house = Self { served, memory, folder, plan, full, is_away, was_whole };
        house.open(FirstUse::Allowed);
        house
    }

    fn open(&self, first_use: FirstUse) {
        let backend: Arc<dyn Backend> = match &self.folder {
            Some(folder) => Arc::new(FolderBackend::open(folder.path(), GLOBAL_FOLDER, first_use).unwrap()),
            None => Arc::clone(&self.memory) as _,
        };
        let store = Store::new(Arc::clone(&backend));
        store.readiness().begin(&self.plan, NEVER, |_, _| self.was_whole.load(Ordering::Relaxed));
        *self.served.lock().unwrap() = Some(Served { backend, store });
    }

    /// What is stored here, while the service runs.
    pub(crate) fn backend(&self) -> Option<Arc<dyn Backend>> {
        self.served.lock().unwrap().as_ref().map(|served| Arc::clone(&served.backend))
    }

    /// The other server was looked at: all that it has is here, or it does not answer.
    pub(crate) fn looked(&self, wholly: bool) {
        self.was_whole.fetch_or(wholly, Ordering::Relaxed);
        let served = self.served.lock().unwrap().clone();
        for peer in &self.plan.peers {
            for shared in &peer.scopes {
                let looked = |served: Served| {
                    served.store.readiness().looked(&shared.scope, &peer.target.name, wholly);
                };
                served.clone().into_iter().for_each(looked);
            }
        }
    }

    /// The machine is gone for some time.
    pub(crate) fn go_away(&self) {
        self.is_away.store(true, Ordering::Relaxed);
        *self.served.lock().unwrap() = None;
    }

    /// It is there again; says whether it was gone.
    pub(crate) fn come_back(&self) -> bool {
        let was_away = self.is_away.swap(false, Ordering::Relaxed);
        self.start();
        was_away
    }

    /// The service is gone, and leaves a file that it was writing.
    pub(crate) fn crash(&self) {
        if let Some(folder) = &self.folder {
            *self.served.lock().unwrap() = None;
            let scope = folder.path().join(GLOBAL_FOLDER);
            if scope.is_dir() {
                fs::write(scope.join("S-1-5-21-1-2-3-1001.mpd.1-1.tmp"), b"torn").unwrap();
            }
        }
    }

    /// The service starts again, if it is gone.
    pub(crate) fn start(&self) {
        if self.backend().is_none() && !self.is_away.load(Ordering::Relaxed) {
            self.open(FirstUse::Refused);
        }
    }

    /// The part that a host reaches; `None` while the service is down.
    pub(crate) fn of(&self, host: usize) -> Option<ReachedStore> {
        let store = self.served.lock().unwrap().as_ref()?.store.clone();
        let now = SystemTime::UNIX_EPOCH;
        let certificate = MachineCertificate {
            machine: MachineName { role: MachineRole::Agent, id: machine(host) },
            serial: SERIAL.to_owned(),
            not_before: now,
            not_after: now,
        };
        let peer = Peer::Machine(certificate);
        Some(store.of(Access::admit(&self.plan, &peer, now).unwrap()))
    }

    /// Nothing more of a user can be put beside.
    pub(crate) fn has_no_room(&self, scope: &Scope, sid: &Sid) {
        self.full.lock().unwrap().push(Key { scope: scope.clone(), sid: sid.clone() });
    }

    /// The administrator has looked at what was put beside of users of whom there was no more room, and deletes it.
    pub(crate) fn make_room(&self) {
        let Some(backend) = self.backend() else { return };
        for key in std::mem::take(&mut *self.full.lock().unwrap()) {
            for QuarantinedInfo { id, .. } in backend.quarantined(&key).unwrap() {
                backend.delete_quarantined(&key, &id).unwrap();
            }
        }
    }

    /// The version that is stored now.
    pub(crate) fn head(&self, scope: &Scope, sid: &Sid) -> Option<VersionTag> {
        let version = self.backend()?.version(&Key { scope: scope.clone(), sid: sid.clone() }).unwrap();
        version.map(|version| version.tag())
    }

    /// What is stored now.
    pub(crate) fn current(&self, scope: &Scope, sid: &Sid) -> Option<DataSet> {
        let backend = self.backend()?;
        match backend.read(&Key { scope: scope.clone(), sid: sid.clone() }, None).unwrap() {
            Read::Data(_, bytes) => Some(decode(&bytes)),
            _ => None,
        }
    }
}

/// What one server is told of another one.
fn peer(hosts: usize, number: usize, other: usize) -> PeerServer {
    let shared = |scope: Scope| {
        let merges = order(&scope)[0] == number;
        PeerScope { scope, merges, moves: false, round: 0 }
    };
    PeerServer {
        target: server(other),
        machines: vec![PeerMachine { id: machine(hosts + other), certificates: vec![SERIAL.to_owned()] }],
        scopes: scopes().map(shared).into(),
    }
}

pub(crate) fn decode(bytes: &[u8]) -> DataSet {
    mp_dataset::decode(bytes, &Limits::default()).unwrap().into_data_set()
}
