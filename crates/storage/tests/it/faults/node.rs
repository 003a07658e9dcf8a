use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use fastrand::Rng;
use mp_profile::Sid;
use mp_protocol::{
    Identity, MachineRole, StorageClient, StoragePlan, StorageTarget, Waits, paths,
    test_authority::TestAuthority,
    tls::{self, ServerKind},
};
use mp_storage::{RunOptions, run};
use rustls::{ClientConnection, StreamOwned};
use serde_json::json;
use tempfile::TempDir;

use super::driver::Deployment;
use crate::support::{allowed, files_below, plan, sid};

/// Tells this program to be the storage process of a state folder.
const STATE: &str = "METAPROFILES_STORAGE_PROCESS";
/// A disk on which a few dozen versions have room.
const SMALL: &str = "size=1536k";

/// A storage process over a folder, which works with a cached plan and no console.
pub(super) struct FolderNode {
    folder: TempDir,
    base: PathBuf,
    agent: Identity,
    port: u16,
    mounted: bool,
}

impl FolderNode {
    pub(super) fn new() -> Self {
        Self::at(TempDir::new().unwrap(), false)
    }

    /// `None` when this user cannot mount a file system.
    pub(super) fn on_a_small_disk() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let base = folder.path().join("base");
        fs::create_dir(&base).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SMALL, "tmpfs"]).arg(&base);
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then(|| Self::at(folder, true))
    }

    fn at(folder: TempDir, mounted: bool) -> Self {
        let authority = TestAuthority::new();
        let state = folder.path().join("state");
        let storage = authority.enrol(&state, MachineRole::Storage, 0xFF, &["127.0.0.1"]);
        let agent = authority.enrol(&folder.path().join("agent"), MachineRole::Agent, 1, &[]);
        let base = folder.path().join("base");
        // Released at once; nobody else asks for a port just then.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let plan = StoragePlan {
            port,
            agents: vec![allowed(&agent, None)],
            keep_versions: 10_000,
            ..plan(&base, &storage)
        };
        let cached = json!({ "version": "\"1\"", "plan": plan });
        fs::write(state.join("plan.json"), serde_json::to_vec(&cached).unwrap()).unwrap();
        Self { folder, base, agent, port, mounted }
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
        process(&other, &[])
    }

    /// Spoils the current or a former file of some user, and says of whom.
    pub(super) fn spoil(&self, rng: &mut Rng) -> BTreeSet<u32> {
        spoil(&self.base, rng)
    }

    /// The process, with more in its environment.
    pub(super) fn spawn_with(&self, environment: &[(String, String)]) -> Child {
        process(&self.folder.path().join("state"), environment)
    }
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
    fn spawn(&self) -> Child {
        self.spawn_with(&[])
    }

    fn client(&self) -> StorageClient {
        let target = StorageTarget { name: String::new(), host: "127.0.0.1".to_owned(), port: self.port };
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
}

impl Drop for FolderNode {
    fn drop(&mut self) {
        if self.mounted {
            drop(Command::new("umount").arg("-l").arg(&self.base).status());
        }
    }
}

fn process(state: &Path, environment: &[(String, String)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "faults::storage_process"]).env(STATE, state).envs(environment.iter().cloned());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The storage process, if this program was started as one.
pub(super) fn run_if_told() {
    let Some(state) = std::env::var_os(STATE) else { return };
    let options = RunOptions {
        listen: Some(Ipv4Addr::LOCALHOST.into()),
        objects: super::objects::told(),
        ..RunOptions::new(PathBuf::from(state))
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run(options, std::future::pending())).unwrap();
}
