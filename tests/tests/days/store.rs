//! The Storage Service's own store, without its HTTP: who may reach what, which data sets are taken, and the backend, which
//! on some days is a folder that is dropped and opened again.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use mp_dataset::{DataSet, Limits};
use mp_profile::{Scope, Sid};
use mp_protocol::{AllowedAgent, MachineCertificate, MachineName, MachineRole, StorageLimits, StoragePlan};
use mp_storage::{
    Access, Backend, FolderBackend, MemoryBackend, Peer, ReachedStore, Store,
    backend::{Key, QuarantinedInfo, Read, folder::FirstUse},
};
use tempfile::TempDir;

use crate::plans::{group_of, machine};

const GLOBAL_FOLDER: &str = "global";
const SERIAL: &str = "07";

/// Storage as a whole.
pub(crate) struct StoreHouse {
    /// `None` while the service is down.
    backend: Mutex<Option<Arc<dyn Backend>>>,
    folder: Option<TempDir>,
    plan: StoragePlan,
    /// Of whom nothing more can be put beside.
    full: Mutex<Vec<Key>>,
}

/// A folder in memory, where the machine has one: days flush often.
pub(crate) fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}

impl StoreHouse {
    pub(crate) fn new(hosts: usize, in_folder: bool) -> Self {
        let folder = in_folder.then(temporary_folder);
        let agents = (0..hosts).map(|host| AllowedAgent {
            id: machine(host),
            name: format!("TS{}", host + 1),
            group: match group_of(host) {
                Scope::Group(group) => Some(group),
                Scope::Global => None,
            },
            certificates: vec![SERIAL.to_owned()],
        });
        let plan = StoragePlan {
            revision: 1,
            server: machine(hosts),
            name: "STORE1".to_owned(),
            base_folder: "/".to_owned(),
            global_folder: GLOBAL_FOLDER.to_owned(),
            port: 8444,
            agents: agents.collect(),
            keep_versions: 5,
            limits: StorageLimits::default(),
            retention: Vec::new(),
            keeps_global: true,
            peers: Vec::new(),
        };
        let house = Self { backend: Mutex::default(), folder, plan, full: Mutex::default() };
        house.open(FirstUse::Allowed);
        house
    }

    fn open(&self, first_use: FirstUse) {
        let backend: Arc<dyn Backend> = match &self.folder {
            Some(folder) => Arc::new(FolderBackend::open(folder.path(), GLOBAL_FOLDER, first_use).unwrap()),
            None => Arc::new(MemoryBackend::default()),
        };
        *self.backend.lock().unwrap() = Some(backend);
    }

    /// The service is gone, and leaves a file that it was writing.
    pub(crate) fn crash(&self) {
        if let Some(folder) = &self.folder {
            *self.backend.lock().unwrap() = None;
            let scope = folder.path().join(GLOBAL_FOLDER);
            if scope.is_dir() {
                fs::write(scope.join("S-1-5-21-1-2-3-1001.mpd.1-1.tmp"), b"torn").unwrap();
            }
        }
    }

    /// The service starts again, if it is gone.
    pub(crate) fn start(&self) {
        if self.backend.lock().unwrap().is_none() {
            self.open(FirstUse::Refused);
        }
    }

    /// The part that a host reaches; `None` while the service is down.
    pub(crate) fn of(&self, host: usize) -> Option<ReachedStore> {
        let backend = self.backend.lock().unwrap().clone()?;
        let now = SystemTime::UNIX_EPOCH;
        let certificate = MachineCertificate {
            machine: MachineName { role: MachineRole::Agent, id: machine(host) },
            serial: SERIAL.to_owned(),
            not_before: now,
            not_after: now,
        };
        let peer = Peer::Machine(certificate);
        Some(Store::new(backend).of(Access::admit(&self.plan, &peer, now).unwrap()))
    }

    /// Nothing more of a user can be put beside.
    pub(crate) fn has_no_room(&self, scope: &Scope, sid: &Sid) {
        self.full.lock().unwrap().push(Key { scope: scope.clone(), sid: sid.clone() });
    }

    /// The administrator has looked at what was put beside of users of whom there was no more room, and deletes it.
    pub(crate) fn make_room(&self) {
        let Some(backend) = self.backend.lock().unwrap().clone() else { return };
        for key in std::mem::take(&mut *self.full.lock().unwrap()) {
            for QuarantinedInfo { id, .. } in backend.quarantined(&key).unwrap() {
                backend.delete_quarantined(&key, &id).unwrap();
            }
        }
    }

    /// What is stored now.
    pub(crate) fn current(&self, scope: &Scope, sid: &Sid) -> Option<DataSet> {
        let backend = self.backend.lock().unwrap().clone()?;
        match backend.read(&Key { scope: scope.clone(), sid: sid.clone() }, None).unwrap() {
            Read::Data(_, bytes) => Some(decode(&bytes)),
            _ => None,
        }
    }
}

pub(crate) fn decode(bytes: &[u8]) -> DataSet {
    mp_dataset::decode(bytes, &Limits::default()).unwrap().into_data_set()
}
