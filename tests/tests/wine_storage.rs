//! The Storage Service as a Windows service under Wine: installed, started, asked, stopped, removed. The requests come from
//! this side, over the sockets that Wine shares with its host.
//!
//! `cargo xtask test` sets the machine up: `METAPROFILES_WINE`, `METAPROFILES_WINE_STORAGE`, `METAPROFILES_WINE_STORAGE_HOST`.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use mp_dataset::{DataSet, Origin, encode};
use mp_profile::{DataSetStore, Fetched, Scope, Sid, Stored};
use mp_protocol::{
    AllowedAgent, MachineRole, StorageClient, StorageLimits, StoragePlan, StorageTarget, Waits,
    test_authority::TestAuthority,
    tls::{self, ServerKind},
};
use serde_json::{Value, json};

const STATE: &str = r"C:\mp-storage";
/// Longest time for anything to happen.
const PATIENCE: Duration = Duration::from_secs(90);

struct Machine {
    loader: PathBuf,
    program: PathBuf,
    prefix: PathBuf,
}

impl Machine {
    fn from_environment() -> Option<Self> {
        Some(Self {
            loader: std::env::var_os("METAPROFILES_WINE")?.into(),
            program: std::env::var_os("METAPROFILES_WINE_STORAGE")?.into(),
            prefix: std::env::var_os("METAPROFILES_WINE_STORAGE_HOST")?.into(),
        })
    }

    /// Runs `metaprofiles storage`; it must succeed.
    fn storage(&self, args: &[&str]) -> String {
        let (succeeded, said) = self.try_storage(args);
        assert!(succeeded, "{args:?}\n{said}\n{}", self.log());
        said
    }

    fn try_storage(&self, args: &[&str]) -> (bool, String) {
        // Output goes through a file: Wine's background programs would keep a pipe open.
        let log = self.prefix.join("test-output");
        let output = File::create(&log).unwrap();
        let mut command = Command::new("timeout");
        command.arg("120").arg(&self.loader).arg(&self.program).arg("storage").args(args);
        command.env("WINEPREFIX", &self.prefix);
        let status = command.stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
        let said = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
        (status.success(), said)
    }

    fn drive_c(&self, path: &str) -> PathBuf {
        self.prefix.join("drive_c").join(path)
    }

    fn log(&self) -> String {
        let logs = fs::read_dir(self.drive_c("mp-storage/logs")).into_iter().flatten().flatten();
        logs.map(|entry| fs::read_to_string(entry.path()).unwrap_or_default()).collect()
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// A Storage Server's state as an enrolment and one answer of the console leave it, and an Agent's client.
fn enrolled(state: &Path, agent: &Path, port: u16) -> StorageClient {
    let authority = TestAuthority::new();
    let storage = authority.enrol(state, MachineRole::Storage, 1, &["127.0.0.1"]);
    let agent = authority.enrol(agent, MachineRole::Agent, 2, &[]);
    let plan = StoragePlan {
        revision: 1,
        server: storage.machine().id.clone(),
        name: "WINE".to_owned(),
        base_folder: r"C:\mp-data-sets".to_owned(),
        global_folder: "global".to_owned(),
        port,
        agents: vec![AllowedAgent {
            id: agent.machine().id.clone(),
            name: "TS1".to_owned(),
            group: None,
            certificates: vec![agent.certificate().serial.clone()],
        }],
        keep_versions: 3,
        limits: StorageLimits::default(),
        retention: Vec::new(),
    };
    fs::write(state.join("plan.json"), json!({ "version": "\"1\"", "plan": plan }).to_string()).unwrap();
    let tls = tls::machine_client(&agent, ServerKind::Storage).unwrap();
    let target = StorageTarget { name: "WINE".to_owned(), host: "127.0.0.1".to_owned(), port };
    StorageClient::new(tls, &target, Waits::default())
}

fn data_set(sid: &Sid, host: &str) -> Vec<u8> {
    let origin = Origin { sid: sid.to_string(), host: host.to_owned(), ..Origin::default() };
    let mut file = Vec::new();
    encode(&DataSet { origin, ..DataSet::default() }, &mut file).unwrap();
    file
}

#[test]
fn a_windows_storage_server_keeps_data_sets() {
    let Some(machine) = Machine::from_environment() else {
        println!("SKIPPED a_windows_storage_server_keeps_data_sets: no Wine host; run cargo xtask test");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (port, monitor) = (free_port(), format!("127.0.0.1:{}", free_port()));
    let client = enrolled(&machine.drive_c("mp-storage"), &folder.path().join("agent"), port);

    let said =
        machine.storage(&["install", "--state", STATE, "--listen", "127.0.0.1", "--monitor", &monitor]);
    assert!(said.contains("MetaProfilesStorage is installed"), "{said}");
    eventually("listening", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    eventually("ready", || machine.try_storage(&["status", "--monitor", &monitor]).0);
    let status: Value = {
        let said = machine.storage(&["status", "--json", "--monitor", &monitor]);
        serde_json::from_str(said.lines().find(|line| line.starts_with('{')).unwrap()).unwrap()
    };
    assert!(status["ready"] == true && status["plan-revision"] == 1, "{status}");

    let sid: Sid = "S-1-5-21-1-2-3-1001".parse().unwrap();
    let (one, two) = (data_set(&sid, "one"), data_set(&sid, "two"));
    let Stored::As(first) = client.store(&Scope::Global, &sid, None, &one).unwrap() else {
        panic!("conflict")
    };
    let Stored::As(second) = client.store(&Scope::Global, &sid, Some(&first), &two).unwrap() else {
        panic!("conflict")
    };
    assert_eq!(client.store(&Scope::Global, &sid, Some(&first), &one).unwrap(), Stored::Conflict);
    let current = Fetched::Data { version: second.clone(), bytes: two.clone() };
    assert_eq!(client.fetch(&Scope::Global, &sid, None).unwrap(), current);
    let file = machine.drive_c("mp-data-sets/global").join(format!("{sid}.mpd"));
    assert_eq!(fs::read(&file).unwrap(), two);

    // Once more with what is installed already: the service starts again and has everything.
    machine.storage(&["install", "--state", STATE, "--listen", "127.0.0.1", "--monitor", &monitor]);
    eventually("listening again", || client.fetch(&Scope::Global, &sid, None).is_ok());
    assert_eq!(client.fetch(&Scope::Global, &sid, None).unwrap(), current);

    let said = machine.storage(&["uninstall"]);
    assert!(said.contains("MetaProfilesStorage is removed"), "{said}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{}", machine.log());
    assert!(machine.log().contains("Stopping; requests may end"), "it ended in order: {}", machine.log());
    assert_eq!(fs::read(&file).unwrap(), two);
    assert!(machine.storage(&["uninstall"]).contains("there was no service"));
}
