use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use mp_console::{Console, ConsoleConfig, ConsoleHandle, Secret, WallClock, serve};
use mp_profile::Scope;
use mp_protocol::{
    AgentPlan, Identity, JoinToken, MachineRole, StorageClient, Waits,
    client::{ConsoleClient, EnrolError, PlanAnswer, enrol},
    tls::{self, ServerKind},
};
use mp_storage::{RunError, RunOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::oneshot, task::JoinHandle};
use ureq::{
    Agent,
    http::{Method, Request, Response},
    tls::{Certificate, RootCerts, TlsConfig},
};

/// Folder of the migrations of SQLite.
pub(crate) const SQLITE: &str = "sqlite";

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A console that serves from a new state folder, and a signed-in administrator's way to it.
pub(crate) struct Farm {
    handle: Option<ConsoleHandle>,
    address: SocketAddr,
    pub(crate) folder: TempDir,
    database: Option<Secret>,
    /// Sessions that tests hold on to, by name.
    pub(crate) sessions: Mutex<BTreeMap<String, String>>,
    agent: Agent,
    token: Mutex<String>,
    ahead: Arc<AtomicU64>,
    storage: Option<Storage>,
    // Last, so that what runs on it is dropped before it.
    runtime: Runtime,
}

/// A Storage Service that runs, and what ends it.
type Storage = (oneshot::Sender<()>, JoinHandle<Result<(), RunError>>);

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) etag: String,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The body, after the status was the expected one.
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Asserts a refusal.
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.json()["code"].as_str()), (status, Some(code)), "{self:?}");
    }
}

impl Farm {
    pub(crate) fn new() -> Self {
        Self::open(TempDir::new().unwrap(), crate::new_database())
    }

    /// A farm in a state folder, with its database there or on a server.
    pub(crate) fn open(folder: TempDir, database: Option<String>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let ahead = Arc::new(AtomicU64::new(0));
        let database = database.map(Secret::new);
        let handle = start(&runtime, config(&folder, database.clone(), &ahead), "127.0.0.1:0");
        let farm = Self {
            agent: people(handle.console().authority_certificate()),
            address: handle.address(),
            handle: Some(handle),
            folder,
            database,
            sessions: Mutex::default(),
            token: Mutex::new(String::new()),
            ahead,
            storage: None,
            runtime,
        };
        farm.sign_in();
        farm
    }

    /// A farm with one Storage Server on 127.0.0.1, and the groups Office and Lab.
    pub(crate) fn described() -> Self {
        let farm = Self::new();
        farm.post("/api/v1/storage-servers", &store("STORE1", "127.0.0.1")).ok(201);
        for group in ["Office", "Lab"] {
            farm.post("/api/v1/agent-server-groups", &json!({"name": group})).ok(201);
        }
        farm
    }

    /// A farm as [`Farm::described`], whose Storage Server runs.
    pub(crate) fn with_storage() -> Self {
        let mut farm = Self::new();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = store("STORE1", "127.0.0.1");
        server["port"] = json!(port);
        server["base-folder"] = json!(farm.folder.path().join("store"));
        farm.post("/api/v1/storage-servers", &server).ok(201);
        for group in ["Office", "Lab"] {
            farm.post("/api/v1/agent-server-groups", &json!({"name": group})).ok(201);
        }
        farm.storage("store1", "STORE1");
        farm.start_storage(port);
        farm
    }

    fn start_storage(&mut self, port: u16) {
        let (stop, stopped) = oneshot::channel::<()>();
        let options = RunOptions {
            listen: Some(Ipv4Addr::LOCALHOST.into()),
            ..RunOptions::new(self.machine_folder("store1"))
        };
        let task = self.runtime.spawn(mp_storage::run(options, async {
            drop(stopped.await);
        }));
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(!task.is_finished(), "{:?}", self.runtime.block_on(task));
            std::thread::sleep(Duration::from_millis(20));
        }
        self.storage = Some((stop, task));
    }

    /// Ends the Storage Service, as when its machine goes down.
    pub(crate) fn stop_storage(&mut self) {
        let (stop, task) = self.storage.take().unwrap();
        stop.send(()).unwrap();
        self.runtime.block_on(task).unwrap().unwrap();
    }

    /// An Agent's way to the Storage Server, which knows the Agent by now.
    pub(crate) fn storage_client(&self, agent: &Identity) -> StorageClient {
        let plan = ConsoleClient::new(agent).unwrap().plan::<AgentPlan>(None, Duration::ZERO).unwrap();
        let PlanAnswer::Plan(plan, _) = plan else { panic!("no plan") };
        let known = || {
            let cached = fs::read_to_string(self.machine_folder("store1").join("plan.json"));
            cached.is_ok_and(|text| text.contains(&agent.certificate().serial))
        };
        while !known() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let tls = tls::machine_client(agent, ServerKind::Storage).unwrap();
        StorageClient::new(tls, &plan.targets(&Scope::Global)[0], Waits::default())
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port())
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The authority's certificate (DER).
    #[allow(dead_code, reason = "what was not read is tested on one database alone")]
    pub(crate) fn authority(&self) -> Vec<u8> {
        self.handle.as_ref().unwrap().console().authority_certificate().to_vec()
    }

    /// Ends the console and starts it again.
    pub(crate) fn restart(&mut self) {
        let handle = self.handle.take().unwrap();
        self.runtime.block_on(handle.stop()).unwrap();
        let config = config(&self.folder, self.database.clone(), &self.ahead);
        self.handle = Some(start(&self.runtime, config, &self.address.to_string()));
    }

    /// Lets the console answer those who watch it. Gives the address.
    #[allow(dead_code, reason = "metrics are looked at on one database alone")]
    pub(crate) fn watch(&mut self) -> SocketAddr {
        let _inside = self.runtime.enter();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        self.handle.as_mut().unwrap().watch(listener).unwrap()
    }

    /// Connection string of the console's database; `None` for the file in its state folder.
    pub(crate) fn database(&self) -> Option<Secret> {
        self.database.clone()
    }

    /// Where the console's database is.
    pub(crate) fn database_url(&self) -> String {
        let file = || format!("sqlite:{}", self.folder.path().join("console.db").display());
        self.database.as_ref().map_or_else(file, |url| url.reveal().to_owned())
    }

    /// Another console of the same farm, on the same database. `None` when the database is a file.
    #[allow(dead_code, reason = "consoles share a database only in the tests with PostgreSQL")]
    pub(crate) fn second_console(&self) -> Option<Self> {
        let database = self.database.as_ref()?.reveal().to_owned();
        let folder = TempDir::new().unwrap();
        fs::copy(self.folder.path().join("authority.pem"), folder.path().join("authority.pem")).unwrap();
        Some(Self::open(folder, Some(database)))
    }

    /// The identity of a machine that joined at another console and now comes to this one.
    pub(crate) fn reached_by(&self, machine: &str, joined: &Self) -> Identity {
        let (from, to) = (joined.machine_folder(machine), self.machine_folder(machine));
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let text = fs::read_to_string(entry.path()).unwrap();
            fs::write(to.join(entry.file_name()), text.replace(&joined.url(), &self.url())).unwrap();
        }
        Identity::load(to).unwrap()
    }

    /// Ends the console and gives its state folder.
    pub(crate) fn end(mut self) -> TempDir {
        let handle = self.handle.take().unwrap();
        self.runtime.block_on(handle.stop()).unwrap();
        self.folder
    }

    /// Begins a session for all that follows.
    pub(crate) fn sign_in(&self) {
        let body = json!({"name": "admin", "password": PASSWORD}).to_string();
        let headers = [("content-type", "application/json")];
        let session = self.call_as(None, "POST", "/api/v1/sessions", &headers, &body).ok(201);
        *self.token.lock().unwrap() = session["token"].as_str().unwrap().to_owned();
    }

    pub(crate) fn token(&self) -> String {
        self.token.lock().unwrap().clone()
    }

    /// Lets the console's clock go ahead.
    pub(crate) fn pass(&self, hours: u64) {
        self.pass_minutes(hours * 60);
    }

    pub(crate) fn pass_minutes(&self, minutes: u64) {
        self.ahead.fetch_add(minutes * 60, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.ahead.load(Ordering::SeqCst))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &[("content-type", "application/json")], &body.to_string())
    }

    pub(crate) fn put(&self, path: &str, etag: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json"), ("if-match", etag)];
        self.call("PUT", path, &headers, &body.to_string())
    }

    pub(crate) fn delete(&self, path: &str, etag: &str) -> Answer {
        self.call("DELETE", path, &[("if-match", etag)], "")
    }

    /// A request with the administrator's token.
    pub(crate) fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.call_as(Some(&self.token()), method, path, headers, body)
    }

    pub(crate) fn call_as(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let bearer = bearer.iter().map(|bearer| ("authorization", bearer.as_str()));
        let headers: Vec<_> = headers.iter().copied().chain(bearer).collect();
        let mut response = self.raw(method, path, &headers, body);
        let header =
            |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let (etag, content_type) = (header("etag"), header("content-type"));
        Answer {
            status: response.status().as_u16(),
            etag,
            content_type,
            text: response.body_mut().read_to_string().unwrap(),
        }
    }

    /// A request as it is, and the whole answer.
    pub(crate) fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<ureq::Body> {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(format!("{}{path}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.agent.run(request.body(body.to_owned()).unwrap()).unwrap()
    }

    pub(crate) fn join_token(&self, body: &Value) -> JoinToken {
        self.post("/api/v1/join-tokens", body).ok(201)["token"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn enrol(
        &self,
        token: &JoinToken,
        role: MachineRole,
        name: &str,
        addresses: &[&str],
    ) -> Result<Identity, EnrolError> {
        let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
        enrol(&self.machine_folder(name), &self.url(), token, role, name, addresses, self.now())
    }

    pub(crate) fn agent(&self, name: &str, group: Option<&str>) -> Identity {
        let token = self.join_token(&json!({"role": "agent", "group": group}));
        self.enrol(&token, MachineRole::Agent, name, &[]).unwrap()
    }

    pub(crate) fn storage(&self, name: &str, server: &str) -> Identity {
        let token = self.join_token(&json!({"role": "storage", "storage-server": server}));
        self.enrol(&token, MachineRole::Storage, name, &[]).unwrap()
    }

    pub(crate) fn machine_folder(&self, name: &str) -> PathBuf {
        self.folder.path().join("machines").join(name)
    }
}

fn config(folder: &TempDir, database: Option<Secret>, ahead: &Arc<AtomicU64>) -> ConsoleConfig {
    let seconds = Arc::clone(ahead);
    ConsoleConfig {
        public_names: vec!["console.example".to_owned()],
        initial_password: Some(Secret::new(PASSWORD)),
        clock: WallClock::new(move || {
            SystemTime::now() + Duration::from_secs(seconds.load(Ordering::SeqCst))
        }),
        database,
        ..ConsoleConfig::new(folder.path())
    }
}

fn start(runtime: &Runtime, config: ConsoleConfig, address: &str) -> ConsoleHandle {
    runtime.block_on(async {
        let console = Arc::new(Console::open(config).await.unwrap());
        serve(TcpListener::bind(address).unwrap(), console).await.unwrap()
    })
}

pub(crate) fn store(name: &str, host: &str) -> Value {
    json!({"name": name, "host": host, "base-folder": "/srv/metaprofiles"})
}

/// A browser, as it were: it trusts the authority and has no certificate.
pub(crate) fn people(authority: &[u8]) -> Agent {
    let authority = Certificate::from_der(authority).to_owned();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[authority]))
        .unversioned_rustls_crypto_provider(provider)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}
