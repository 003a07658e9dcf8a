//! Data sets, a farm with one Storage Server, and its Agents.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
};

use mp_dataset::{DataSet, FileChange, FileContent, FileEntry, FilePath, Origin, UnknownFields, encode};
use mp_profile::{Scope, Sid};
use mp_protocol::{
    AllowedAgent, Identity, MachineRole, StorageClient, StorageLimits, StoragePlan, StorageTarget, Waits,
    test_authority::TestAuthority,
    tls::{self, ServerKind},
};
use mp_registry::FileTime;
use mp_storage::{
    Backend, DataSetFile, FolderBackend, MemoryBackend, Metrics, Patience, Running, StorageService, Store,
    backend::folder::FirstUse,
};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tokio::{runtime::Runtime, sync::watch};

pub(crate) fn sid(number: u32) -> Sid {
    format!("S-1-5-21-1-2-3-{number}").parse().unwrap()
}

pub(crate) fn group(name: &str) -> Scope {
    Scope::Group(name.parse().unwrap())
}

/// A data set file of a user with one kept file of `len` bytes that do not compress and depend on `seed`.
pub(crate) fn data_set(sid: &Sid, seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(0x9E37_79B9_7F4A_7C15);
    let content: Vec<u8> = (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .collect();
    let set = DataSet {
        origin: Origin { sid: sid.to_string(), exported: FileTime(seed), ..Origin::default() },
        files: vec![FileEntry {
            path: FilePath { folder: "RoamingAppData".to_owned(), components: vec!["settings.bin".into()] },
            change: FileChange::Present(FileContent {
                modified: FileTime(seed),
                attributes: Default::default(),
                bytes: content.into(),
            }),
            unknown: UnknownFields::default(),
        }],
        ..DataSet::default()
    };
    let mut file = Vec::new();
    encode(&set, &mut file).unwrap();
    file
}

pub(crate) fn file(sid: &Sid, seed: u64) -> DataSetFile {
    DataSetFile::verify(data_set(sid, seed, 100), sid).unwrap()
}

/// A Storage Service on the loopback, with its authority and its plan.
pub(crate) struct Farm {
    pub(crate) authority: TestAuthority,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) plan: watch::Sender<StoragePlan>,
    pub(crate) running: Option<Running>,
    pub(crate) metrics: Arc<Metrics>,
    patience: Patience,
    runtime: Runtime,
}

impl Farm {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = FolderBackend::open(&folder.path().join("base"), "global", FirstUse::Allowed).unwrap();
        Self::over(folder, Arc::new(backend))
    }

    /// One that waits for clients as told.
    pub(crate) fn with_patience(patience: Patience) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::built(folder, Arc::new(MemoryBackend::default()), patience)
    }

    pub(crate) fn over(folder: tempfile::TempDir, backend: Arc<dyn Backend>) -> Self {
        Self::built(folder, backend, Patience::default())
    }

    fn built(folder: tempfile::TempDir, backend: Arc<dyn Backend>, patience: Patience) -> Self {
        let authority = TestAuthority::new();
        let state = folder.path().join("state");
        let identity = authority.enrol(&state, MachineRole::Storage, 0xFF, &["localhost", "127.0.0.1"]);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let plan = watch::Sender::new(plan(&folder.path().join("base"), &identity));
        let metrics = Arc::new(Metrics::new());
        let mut farm = Self { authority, folder, plan, running: None, metrics, patience, runtime };
        farm.serve("127.0.0.1:0".parse().unwrap(), backend);
        farm
    }

    pub(crate) fn serve(&mut self, address: SocketAddr, backend: Arc<dyn Backend>) {
        let identity = Identity::load(self.folder.path().join("state")).unwrap();
        let tls = tls::storage_server(&identity).unwrap();
        let listener = TcpListener::bind(address).unwrap();
        let _inside = self.runtime.enter();
        let metrics = Arc::clone(&self.metrics);
        let (store, plan) = (Store::new(backend), self.plan.subscribe());
        let running = StorageService::serve_with(listener, tls, store, plan, metrics, self.patience);
        self.running = Some(running.unwrap());
    }

    /// Starts again over the same folder, as a new process does.
    pub(crate) fn restart(&mut self, address: SocketAddr) {
        let backend = FolderBackend::open(&self.base(), "global", FirstUse::Refused).unwrap();
        self.serve(address, Arc::new(backend));
    }

    pub(crate) fn base(&self) -> PathBuf {
        self.folder.path().join("base")
    }

    /// A new Agent that the plan lists.
    pub(crate) fn agent(&self, id: u8, group: Option<&str>) -> (Identity, StorageClient) {
        let identity = self.stranger(id);
        self.plan.send_modify(|plan| plan.agents.push(allowed(&identity, group)));
        let client = self.client(&identity);
        (identity, client)
    }

    /// A new Agent that the plan does not list.
    pub(crate) fn stranger(&self, id: u8) -> Identity {
        self.authority.enrol(&self.folder.path().join(format!("agent-{id}")), MachineRole::Agent, id, &[])
    }

    pub(crate) fn client(&self, identity: &Identity) -> StorageClient {
        let tls = tls::machine_client(identity, ServerKind::Storage).unwrap();
        StorageClient::new(tls, &self.target(), Waits::default())
    }

    /// A bare TLS connection.
    pub(crate) fn connect(&self, identity: &Identity) -> StreamOwned<ClientConnection, TcpStream> {
        self.connect_with(tls::machine_client(identity, ServerKind::Storage).unwrap())
    }

    pub(crate) fn connect_with(&self, config: Arc<ClientConfig>) -> StreamOwned<ClientConnection, TcpStream> {
        let connection = ClientConnection::new(config, "127.0.0.1".try_into().unwrap()).unwrap();
        let socket = TcpStream::connect(self.running.as_ref().unwrap().address()).unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        StreamOwned::new(connection, socket)
    }

    /// Another service that has a Storage Server's identity; gives its port.
    pub(crate) fn serve_elsewhere(&self, app: axum::Router) -> u16 {
        let identity = Identity::load(self.folder.path().join("state")).unwrap();
        let tls = axum_server::tls_rustls::RustlsConfig::from_config(tls::storage_server(&identity).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        self.runtime.spawn(async move {
            axum_server::from_tcp_rustls(listener, tls)
                .unwrap()
                .serve(app.into_make_service())
                .await
                .unwrap();
        });
        port
    }

    /// The client of an Agent that was made before, to another port.
    pub(crate) fn client_of(&self, id: u8, port: u16) -> StorageClient {
        let identity = Identity::load(self.folder.path().join(format!("agent-{id}"))).unwrap();
        let tls = tls::machine_client(&identity, ServerKind::Storage).unwrap();
        StorageClient::new(tls, &StorageTarget { port, ..self.target() }, Waits::default())
    }

    pub(crate) fn target(&self) -> StorageTarget {
        let port = self.running.as_ref().unwrap().address().port();
        StorageTarget { name: "TS-STORE1".to_owned(), host: "127.0.0.1".to_owned(), port }
    }

    pub(crate) fn stop(&mut self) {
        let grace = std::time::Duration::from_secs(5);
        self.runtime.block_on(self.running.take().unwrap().shutdown(grace)).unwrap();
    }
}

pub(crate) fn plan(base: &Path, storage: &Identity) -> StoragePlan {
    StoragePlan {
        revision: 1,
        server: storage.machine().id.clone(),
        name: "TS-STORE1".to_owned(),
        base_folder: base.to_str().unwrap().to_owned(),
        global_folder: "global".to_owned(),
        port: 0,
        agents: Vec::new(),
        keep_versions: 3,
        limits: StorageLimits::default(),
        retention: Vec::new(),
        keeps_global: true,
        peers: Vec::new(),
    }
}

pub(crate) fn allowed(identity: &Identity, group: Option<&str>) -> AllowedAgent {
    AllowedAgent {
        former_groups: Vec::new(),
        id: identity.machine().id.clone(),
        name: format!("TS-{}", &identity.machine().id.as_str()[..2]),
        group: group.map(|name| name.parse().unwrap()),
        certificates: vec![identity.certificate().serial.clone()],
    }
}

/// Every file below a folder, by its path relative to it, sorted.
pub(crate) fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    files.sort();
    files
}
