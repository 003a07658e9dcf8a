//! Measures the Storage Service over the loopback: `cargo run --release -p mp-storage --example loopback [FOLDER]`.
//!
//! The folder decides what a durable write costs: give one on the disk to be measured.
#![allow(clippy::unwrap_used, reason = "a measurement that fails has nothing to clean up")]

use std::{
    net::TcpListener,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mp_dataset::{DataSet, FileChange, FileContent, FileEntry, FilePath, encode};
use mp_profile::{DataSetStore, Scope, Sid, Stored, VersionTag};
use mp_protocol::{
    AllowedAgent, MachineRole, StorageClient, StorageLimits, StoragePlan, StorageTarget, Waits,
    test_authority::TestAuthority,
    tls::{self, ServerKind},
};
use mp_storage::{FolderBackend, StorageService, Store, backend::folder::FirstUse};
use tokio::sync::watch;

const BYTES: usize = 100_000;
const FOR: Duration = Duration::from_secs(3);
const OFFICE: &str = "Office";

fn main() {
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(parent).unwrap();
    let authority = TestAuthority::new();
    let storage = authority.enrol(&folder.path().join("state"), MachineRole::Storage, 1, &["127.0.0.1"]);
    let agent = authority.enrol(&folder.path().join("agent"), MachineRole::Agent, 2, &[]);
    let backend = FolderBackend::open(&folder.path().join("base"), "global", FirstUse::Allowed).unwrap();
    let plan = StoragePlan {
        revision: 1,
        server: storage.machine().id.clone(),
        name: "loopback".to_owned(),
        base_folder: String::new(),
        global_folder: "global".to_owned(),
        port: 0,
        agents: vec![AllowedAgent {
            former_groups: Vec::new(),
            id: agent.machine().id.clone(),
            name: "agent".to_owned(),
            group: Some(OFFICE.parse().unwrap()),
            certificates: vec![agent.certificate().serial.clone()],
        }],
        keep_versions: 5,
        limits: StorageLimits { agent_requests_per_second: u32::MAX, ..StorageLimits::default() },
        retention: Vec::new(),
        keeps_global: true,
        peers: Vec::new(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let plan = watch::Sender::new(plan);
    let running = {
        let _inside = runtime.enter();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tls = tls::storage_server(&storage).unwrap();
        StorageService::serve(listener, tls, Store::new(Arc::new(backend)), plan.subscribe()).unwrap()
    };
    let port = running.address().port();
    let target = StorageTarget { name: String::new(), host: "127.0.0.1".to_owned(), port };
    let tls = || tls::machine_client(&agent, ServerKind::Storage).unwrap();
    let client = |tls| StorageClient::new(tls, &target, Waits::default());
    let office = Scope::Group(OFFICE.parse().unwrap());

    let shared = client(tls());
    let mut held = Vec::new();
    for scope in [Scope::Global, office] {
        let Stored::As(tag) = shared.store(&scope, &sid(0), None, &data_set(0)).unwrap() else {
            panic!("conflict")
        };
        held.push((scope, tag));
    }
    let warm = tls();
    client(Arc::clone(&warm)).fetch_user(&sid(0), &[]).unwrap();

    for threads in [1, 8] {
        measure("GET 100 KB, connection kept", threads, || {
            let client = client(tls());
            move || drop(client.fetch(&Scope::Global, &sid(0), None).unwrap())
        });
        measure("PUT 100 KB, durable", threads, || writer(client(tls())));
    }
    measure("logon, both sets of 100 KB, connection kept", 1, || {
        let client = client(tls());
        move || drop(client.fetch_user(&sid(0), &[]).unwrap())
    });
    measure("logon, nothing changed, connection kept", 1, || {
        let (client, held) = (client(tls()), held.clone());
        move || {
            let named =
                held.iter().map(|(scope, tag): &(Scope, VersionTag)| (scope.clone(), Some(tag.into())));
            drop(client.fetch_user(&sid(0), &named.collect::<Vec<_>>()).unwrap());
        }
    });
    measure("logon, both sets, new connection, TLS resumed", 1, || {
        || drop(client(Arc::clone(&warm)).fetch_user(&sid(0), &[]).unwrap())
    });
    measure("logon, both sets, new connection, full TLS", 1, || {
        || drop(client(tls()).fetch_user(&sid(0), &[]).unwrap())
    });
}

/// Replaces the data set of a user of its own again and again.
fn writer(client: StorageClient) -> impl FnMut() {
    static USERS: AtomicU32 = AtomicU32::new(1);
    let user = sid(USERS.fetch_add(1, Ordering::Relaxed));
    let bodies = [data_set(1), data_set(2)];
    let mut base: Option<VersionTag> = None;
    let mut turn = 0;
    move || {
        turn ^= 1;
        match client.store(&Scope::Global, &user, base.as_ref(), &bodies[turn]).unwrap() {
            Stored::As(tag) => base = Some(tag),
            Stored::Conflict => panic!("a conflict without a second writer"),
        }
    }
}

fn measure<F: FnMut()>(what: &str, threads: usize, make: impl Fn() -> F + Sync) {
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut call = make();
                    call();
                    let (begun, mut times) = (Instant::now(), Vec::new());
                    while begun.elapsed() < FOR {
                        let before = Instant::now();
                        call();
                        times.push(before.elapsed());
                    }
                    times
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    let rate = times.len() as f64 / FOR.as_secs_f64();
    println!("{what:<50} {threads} threads {rate:>7.0}/s  median {:>6.2} ms  99% {:>6.2} ms", at(50), at(99));
}

fn sid(number: u32) -> Sid {
    format!("S-1-5-21-1-2-3-{number}").parse().unwrap()
}

/// A data set file of about [`BYTES`] bytes: content that does not compress.
fn data_set(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let bytes: Vec<u8> = (0..BYTES)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .collect();
    let content =
        FileContent { modified: Default::default(), attributes: Default::default(), bytes: bytes.into() };
    let path = FilePath { folder: "RoamingAppData".to_owned(), components: vec!["settings.bin".into()] };
    let file = FileEntry { path, change: FileChange::Present(content), unknown: Default::default() };
    let mut out = Vec::new();
    encode(&DataSet { files: vec![file], ..DataSet::default() }, &mut out).unwrap();
    out
}
