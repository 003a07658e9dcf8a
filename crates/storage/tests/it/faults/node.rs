use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use fastrand::Rng;
use mp_profile::Sid;
use mp_protocol::{
    Identity, MachineRole, StorageClient, StoragePlan, StorageTarget, Waits, paths,
    test_authority::TestAuthority,
    tls::{self, ServerKind},
};
use mp_storage::{
    RunOptions,
    at_rest::{AtRest, KeyFile},
    run,
};
use rustls::{ClientConnection, StreamOwned};
use serde_json::json;
use tempfile::TempDir;

use super::{
    driver::Deployment,
    errands::Errand,
    line::{Line, Weather},
};
use crate::support::{allowed, files_below, plan, sid};

/// Tells this program to be the storage process of a state folder.
const STATE: &str = "METAPROFILES_STORAGE_PROCESS";
/// Tells a process where the key file is.
pub(super) const KEYS: &str = "METAPROFILES_STORAGE_PROCESS_KEYS";
/// Tells a process where the base folder is.
pub(super) const BASE: &str = "METAPROFILES_STORAGE_PROCESS_BASE";

/// A storage process over a folder, which works with a cached plan and no console.
pub(super) struct FolderNode {
    folder: TempDir,
    pub(super) base: PathBuf,
    agent: Identity,
    pub(super) port: u16,
    keys: Option<PathBuf>,
    /// What the process is started by.
    wrapper: Vec<String>,
    line: Option<(Line, Arc<Weather>)>,
    errand: Option<Errand>,
    mounted: bool,
}

impl FolderNode {
    pub(super) fn new() -> Self {
        Self::at(TempDir::new().unwrap(), |_| {})
    }

    /// `None` when this user cannot mount a file system.
    pub(super) fn on_a_small_disk(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let base = folder.path().join("base");
        fs::create_dir(&base).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(&base);
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then(|| {
            let mut node = Self::at(folder, |_| {});
            node.mounted = true;
            node
        })
    }

    fn at(folder: TempDir, edit: impl FnOnce(&mut StoragePlan)) -> Self {
        let authority = TestAuthority::new();
        let state = folder.path().join("state");
        let storage = authority.enrol(&state, MachineRole::Storage, 0xFF, &["127.0.0.1"]);
        Self::enrolled(folder, &authority, &storage, free_port(), edit)
    }

    /// One whose identity is in the state folder already.
    pub(super) fn enrolled(
        folder: TempDir,
        authority: &TestAuthority,
        storage: &Identity,
        port: u16,
        edit: impl FnOnce(&mut StoragePlan),
    ) -> Self {
        let agent = authority.enrol(&folder.path().join("agent"), MachineRole::Agent, 1, &[]);
        let base = folder.path().join("base");
        let mut plan = StoragePlan {
            port,
            agents: vec![allowed(&agent, None)],
            keep_versions: 10_000,
            ..plan(&base, storage)
        };
        edit(&mut plan);
        let cached = json!({ "version": "\"1\"", "plan": plan });
        let state = folder.path().join("state");
        fs::write(state.join("plan.json"), serde_json::to_vec(&cached).unwrap()).unwrap();
        let (keys, wrapper, line, errand) = (None, Vec::new(), None, None);
        Self { folder, base, agent, port, keys, wrapper, line, errand, mounted: false }
    }

    /// With encryption at rest.
    pub(super) fn sealed(mut self) -> Self {
        let keys = self.folder.path().join("storage.key");
        KeyFile::create(&keys).unwrap();
        self.keys = Some(keys);
        self
    }

    /// With the key file of another one.
    pub(super) fn sealed_as(mut self, other: &Self) -> Self {
        self.keys.clone_from(&other.keys);
        self
    }

    /// With a program that starts the process, to hamper it.
    pub(super) fn started_by(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// With a line to it that is as the weather is.
    pub(super) fn behind(mut self, weather: &Arc<Weather>) -> Self {
        self.line = Some((Line::to_port(self.port, weather), Arc::clone(weather)));
        self
    }

    pub(super) fn with(mut self, errand: Errand) -> Self {
        self.errand = Some(errand);
        self
    }

    /// Another process over the same folders, on another port.
    pub(super) fn beside(&self) -> Child {
        let (state, other) = (self.folder.path().join("state"), self.folder.path().join("other"));
        fs::create_dir(&other).unwrap();
        for name in ["key.pem", "certificate.pem", "authority.pem", "console.json"] {
            fs::copy(state.join(name), other.join(name)).unwrap();
        }
        let text = fs::read_to_string(state.join("plan.json")).unwrap();
        let (here, there) = (format!("\"port\":{}", self.port), "\"port\":0".to_owned());
        fs::write(other.join("plan.json"), text.replace(&here, &there)).unwrap();
        start(&[], &[(STATE.to_owned(), other.display().to_string())])
    }

    /// Spoils the current or a former file of some user, and says of whom.
    pub(super) fn spoil(&self, rng: &mut Rng) -> BTreeSet<u32> {
        spoil(&self.base, rng)
    }

    /// The process, with more in its environment.
    pub(super) fn process(&self, environment: &[(String, String)]) -> Child {
        let mut all = environment.to_vec();
        all.push((STATE.to_owned(), self.folder.path().join("state").display().to_string()));
        all.push((BASE.to_owned(), self.base.display().to_string()));
        all.extend(self.keys.iter().map(|keys| (KEYS.to_owned(), keys.display().to_string())));
        start(&self.wrapper, &all)
    }
}

/// Whether a program is on the path.
pub(super) fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// A port that was free. It is none of those that the system gives to connections, which may take it while a node is dead.
pub(super) fn free_port() -> u16 {
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(10_000..30_000)).find(free).unwrap()
}

/// Spoils one of the data set files below a folder, and says whose it is.
pub(super) fn spoil(base: &Path, rng: &mut Rng) -> BTreeSet<u32> {
    let files: Vec<String> = files_below(base).into_iter().filter(|name| name.ends_with(".mpd")).collect();
    let Some(name) = rng.choice(&files) else { return BTreeSet::new() };
    let path = base.join(name);
    let mut bytes = fs::read(&path).unwrap();
    let at = rng.usize(0..bytes.len().max(1));
    match rng.u8(0..3) {
        0 => bytes.truncate(at),
        1 => bytes[at..].fill(0),
        _ => bytes[at] ^= 1 << rng.u8(0..8),
    }
    // As a bad disk does: in place, so that a second name of the file is as bad.
    fs::write(&path, bytes).unwrap();
    let user = (1..10).find(|number| name.contains(sid(*number).as_str()));
    user.into_iter().collect()
}

impl Deployment for FolderNode {
    fn spawn(&self, _: usize) -> Child {
        self.process(&[])
    }

    fn client(&self, _: usize) -> StorageClient {
        let port = self.line.as_ref().map_or(self.port, |(line, _)| line.port());
        let target = StorageTarget { name: String::new(), host: "127.0.0.1".to_owned(), port };
        let tls = tls::machine_client(&self.agent, ServerKind::Storage).unwrap();
        StorageClient::new(tls, &target, Waits::default())
    }

    fn cut_an_upload(&self, sid: &Sid) {
        let config = tls::machine_client(&self.agent, ServerKind::Storage).unwrap();
        let connection = ClientConnection::new(config, "127.0.0.1".try_into().unwrap()).unwrap();
        let Ok(socket) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else { return };
        let mut stream = StreamOwned::new(connection, socket);
        let path = paths::data_set(&mp_profile::Scope::Global, sid);
        let head = format!(
            "PUT {path} HTTP/1.1\r\nhost: s\r\nif-none-match: *\r\ncontent-length: 5000\r\n\
             content-digest: sha-256=:x:\r\n\r\nhalf of it"
        );
        drop(stream.write_all(head.as_bytes()));
    }

    fn errand(&self) -> Option<Child> {
        Some(self.process(&[self.errand?.environment()]))
    }

    fn weather(&self) -> Option<&Weather> {
        self.line.as_ref().map(|(_, weather)| weather.as_ref())
    }
}

impl Drop for FolderNode {
    fn drop(&mut self) {
        if self.mounted {
            drop(Command::new("umount").arg("-l").arg(&self.base).status());
        }
    }
}

fn start(wrapper: &[String], environment: &[(String, String)]) -> Child {
    let own = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(own),
        [program, words @ ..] => {
            let mut command = Command::new(program);
            command.args(words).arg(own);
            command
        }
    };
    command.args(["--exact", "faults::storage_process"]).envs(environment.iter().cloned());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The storage process, or an errand, if this program was started as one.
pub(super) fn run_if_told() {
    let Some(state) = std::env::var_os(STATE) else { return };
    if let Some(errand) = Errand::told() {
        return errand.run();
    }
    let keys = std::env::var_os(KEYS).map(|path| KeyFile::open(Path::new(&path)).unwrap());
    let options = RunOptions {
        listen: Some(Ipv4Addr::LOCALHOST.into()),
        objects: super::objects::told(),
        at_rest: keys.map_or_else(AtRest::plain, |keys| AtRest::sealed(Arc::new(keys))),
        ..RunOptions::new(PathBuf::from(state))
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run(options, std::future::pending())).unwrap();
}
