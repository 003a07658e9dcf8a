//! Storage over loopback: the real service and the real client, against a bare loop over the same TLS.

pub(crate) mod bare;
mod relay;

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use mp_dataset::{DataSet, FileChange, FileContent, FileEntry, FilePath, Origin, encode};
use mp_profile::{DataSetStore, Scope, Sid, Stored, VersionTag};
use mp_protocol::{
    AllowedAgent, Identity, MachineRole, StorageClient, StorageLimits, StoragePlan, StorageTarget, Waits,
    test_authority::TestAuthority,
    tls::{self, ServerKind},
};
use mp_storage::{FolderBackend, Running, StorageService, Store, backend::folder::FirstUse};
use tokio::{runtime::Runtime, sync::watch};

use crate::samples::{RUNS, Sample, aim, fact, note, ratio, wall_ms};
use bare::{Bare, BareClient};
use relay::Relay;

const BYTES: usize = 100_000;
const GETS: u32 = 40;
const PUTS: u32 = 12;
const CLIENTS: usize = 8;
const GROUP: &str = "Office";
/// Round trip of the relay. It is long against everything that the programs do, so that trips can be counted by time.
const ROUND_TRIP: Duration = Duration::from_millis(200);

/// A Storage Service with one Agent that may come.
struct Farm {
    storage: Identity,
    agent: Identity,
    _plan: watch::Sender<StoragePlan>,
    running: Running,
    _runtime: Runtime,
}

/// Everything lies below `folder`, whose disk decides what a durable write costs.
pub(crate) fn run(folder: &Path) -> Result<()> {
    let folder = tempfile::tempdir_in(folder)?;
    let farm = Farm::start(folder.path())?;
    let bare = Bare::start(tls::storage_server(&farm.storage)?, &folder.path().join("bare"))?;
    note(
        "storage: wall-clock milliseconds per request over kept-alive mutual TLS on loopback, client and server on the same cores",
    );
    note(
        "storage: bare = a thread per connection, a length and a file over rustls, no HTTP, no versions, no checks; its PUT writes a \
          temporary file, flushes it, renames it and flushes the folder",
    );
    one_client(&farm, &bare)?;
    many_clients(&farm, &bare)?;
    round_trips(&farm)
}

fn one_client(farm: &Farm, bare: &Bare) -> Result<()> {
    let sample = |what: &str| Sample::new(format!("storage.{what}"), "ms");
    let (mut get, mut get_bare) = (sample("get"), sample("get-bare"));
    let (mut put, mut put_bare) = (sample("put"), sample("put-bare"));
    let mut logon = sample("logon-both-sets");
    let client = farm.client(farm.address())?;
    let mut writer = Writer::new(client.clone(), 1)?;
    for scope in [Scope::Global, Scope::Group(GROUP.parse()?)] {
        client.store(&scope, &sid(0)?, None, &data_set(&sid(0)?, 0)?)?;
    }
    let mut peer = BareClient::connect(tls::machine_client(&farm.agent, ServerKind::Storage)?, bare.address)?;
    let body = data_set(&sid(1)?, 1)?;
    peer.put(1, &body)?;
    for run in 0..=RUNS {
        let ours = wall_ms(GETS, || drop(client.fetch(&Scope::Global, &sid(0).unwrap(), None).unwrap()));
        let theirs = wall_ms(GETS, || drop(peer.get(1).unwrap()));
        let our_put = wall_ms(PUTS, || writer.put().unwrap());
        let their_put = wall_ms(PUTS, || peer.put(1, &body).unwrap());
        let both = wall_ms(GETS / 2, || drop(client.fetch_user(&sid(0).unwrap(), &[]).unwrap()));
        if run > 0 {
            get.push(ours);
            get_bare.push(theirs);
            put.push(our_put);
            put_bare.push(their_put);
            logon.push(both);
        }
    }
    [get, get_bare, put, put_bare, logon].iter().for_each(Sample::print);
    ratio("storage.get-to-bare", "storage.get", "storage.get-bare");
    ratio("storage.put-to-bare", "storage.put", "storage.put-bare");
    Ok(())
}

fn many_clients(farm: &Farm, bare: &Bare) -> Result<()> {
    let sample = |what: &str| Sample::new(format!("storage.{CLIENTS}-clients.{what}"), "ms");
    let (mut get, mut get_bare) = (sample("get"), sample("get-bare"));
    let (mut put, mut put_bare) = (sample("put"), sample("put-bare"));
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for number in 0..CLIENTS {
        let number = 100 + u32::try_from(number)?;
        let mut writer = Writer::new(farm.client(farm.address())?, number)?;
        writer.put()?;
        ours.push(writer);
        let tls = tls::machine_client(&farm.agent, ServerKind::Storage)?;
        let mut peer = BareClient::connect(tls, bare.address)?;
        peer.put(number, &data_set(&sid(number)?, 1)?)?;
        theirs.push((peer, number));
    }
    let body = data_set(&sid(1)?, 1)?;
    for run in 0..=RUNS {
        let a = together(&mut ours, GETS / 2, |writer| writer.get().unwrap());
        let b = together(&mut theirs, GETS / 2, |(peer, number)| drop(peer.get(*number).unwrap()));
        let c = together(&mut ours, PUTS / 2, |writer| writer.put().unwrap());
        let d = together(&mut theirs, PUTS / 2, |(peer, number)| peer.put(*number, &body).unwrap());
        if run > 0 {
            get.push(a);
            get_bare.push(b);
            put.push(c);
            put_bare.push(d);
        }
    }
    [get, get_bare, put, put_bare].iter().for_each(Sample::print);
    let of = |what: &str| format!("storage.{CLIENTS}-clients.{what}");
    ratio(of("get-to-bare"), of("get"), of("get-bare"));
    ratio(of("put-to-bare"), of("put"), of("put-bare"));
    Ok(())
}

/// Milliseconds per request when all clients send as fast as they can, each `times` requests.
fn together<T: Send>(clients: &mut [T], times: u32, request: impl Fn(&mut T) + Sync) -> f64 {
    let count = f64::from(times) * clients.len() as f64;
    let begun = Instant::now();
    thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| (0..times).for_each(|_| request(client)));
        }
    });
    begun.elapsed().as_secs_f64() * 1e3 / count
}

/// How many round trips the fetch at a logon takes, told by its time through a relay that holds everything back.
fn round_trips(farm: &Farm) -> Result<()> {
    let relay = Relay::start(farm.address(), ROUND_TRIP / 2)?;
    // The relay does not hold back the connection itself, which takes one more round trip.
    let trips = |took: Duration| (took.as_secs_f64() / ROUND_TRIP.as_secs_f64()).floor();
    let sid = sid(0)?;
    let tls = tls::machine_client(&farm.agent, ServerKind::Storage)?;
    for (name, tls) in [("cold", Arc::clone(&tls)), ("cold-resumed", tls)] {
        let client = StorageClient::new(tls, &target(relay.address), Waits::default());
        let begun = Instant::now();
        client.fetch_user(&sid, &[])?;
        fact(format_args!("storage.round-trips.{name}"), "trips", 1.0 + trips(begun.elapsed()));
        let begun = Instant::now();
        client.fetch_user(&sid, &[])?;
        fact(format_args!("storage.round-trips.{name}-then-warm"), "trips", trips(begun.elapsed()));
    }
    note(
        "storage: round trips of the fetch of both data sets of 100 KB at logon, the TCP connection counted as one; a first \
          connection's congestion window adds to them over a real distance",
    );
    fact("storage.round-trips.limit-cold", "trips", 5.0);
    fact("storage.round-trips.limit-warm", "trips", 1.0);
    let of = |what: &str| format!("storage.round-trips.{what}");
    ratio(of("cold-to-limit"), of("cold"), of("limit-cold"));
    ratio(of("warm-to-limit"), of("cold-then-warm"), of("limit-warm"));
    aim(of("cold-to-limit"), 1.0, "of 5 round trips, cold logon");
    aim(of("warm-to-limit"), 1.0, "of 1 round trip, logon over a warm connection");
    Ok(())
}

impl Farm {
    fn start(folder: &Path) -> Result<Self> {
        let authority = TestAuthority::new();
        let storage = authority.enrol(&folder.join("storage"), MachineRole::Storage, 1, &["127.0.0.1"]);
        let agent = authority.enrol(&folder.join("agent"), MachineRole::Agent, 2, &[]);
        let backend = FolderBackend::open(&folder.join("base"), "global", FirstUse::Allowed)?;
        let plan = watch::Sender::new(StoragePlan {
            revision: 1,
            server: storage.machine().id.clone(),
            name: "bench".to_owned(),
            base_folder: String::new(),
            global_folder: "global".to_owned(),
            port: 0,
            agents: vec![AllowedAgent {
                id: agent.machine().id.clone(),
                name: "agent".to_owned(),
                group: Some(GROUP.parse()?),
                former_groups: Vec::new(),
                certificates: vec![agent.certificate().serial.clone()],
            }],
            keep_versions: 5,
            limits: StorageLimits { agent_requests_per_second: u32::MAX, ..StorageLimits::default() },
            retention: Vec::new(),
            keeps_global: true,
            peers: Vec::new(),
        });
        let runtime = Runtime::new()?;
        let running = {
            let _inside = runtime.enter();
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let store = Store::new(Arc::new(backend));
            StorageService::serve(listener, tls::storage_server(&storage)?, store, plan.subscribe())?
        };
        Ok(Self { storage, agent, _plan: plan, running, _runtime: runtime })
    }

    fn address(&self) -> SocketAddr {
        self.running.address()
    }

    fn client(&self, address: SocketAddr) -> Result<StorageClient> {
        let tls = tls::machine_client(&self.agent, ServerKind::Storage)?;
        Ok(StorageClient::new(tls, &target(address), Waits::default()))
    }
}

/// Replaces the data set of a user of its own again and again.
struct Writer {
    client: StorageClient,
    sid: Sid,
    base: Option<VersionTag>,
    bodies: [Vec<u8>; 2],
    turn: usize,
}

impl Writer {
    fn new(client: StorageClient, user: u32) -> Result<Self> {
        let sid = sid(user)?;
        let bodies = [data_set(&sid, 1)?, data_set(&sid, 2)?];
        Ok(Self { client, sid, base: None, bodies, turn: 0 })
    }

    fn put(&mut self) -> Result<()> {
        self.turn ^= 1;
        match self.client.store(&Scope::Global, &self.sid, self.base.as_ref(), &self.bodies[self.turn])? {
            Stored::As(tag) => self.base = Some(tag),
            Stored::Conflict => bail!("a conflict without a second writer"),
        }
        Ok(())
    }

    fn get(&self) -> Result<()> {
        self.client.fetch(&Scope::Global, &self.sid, None)?;
        Ok(())
    }
}

fn target(address: SocketAddr) -> StorageTarget {
    StorageTarget { name: String::new(), host: "127.0.0.1".to_owned(), port: address.port() }
}

fn sid(number: u32) -> Result<Sid> {
    format!("S-1-5-21-1-2-3-{number}").parse().context("the SID is valid")
}

/// A data set file of about [`BYTES`] bytes: content that does not compress.
fn data_set(sid: &Sid, seed: u64) -> Result<Vec<u8>> {
    let mut state = seed;
    let content = (0..BYTES).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    });
    let bytes: Vec<u8> = content.collect();
    let content =
        FileContent { modified: Default::default(), attributes: Default::default(), bytes: bytes.into() };
    let path = FilePath { folder: "RoamingAppData".to_owned(), components: vec!["settings.bin".into()] };
    let file = FileEntry { path, change: FileChange::Present(content), unknown: Default::default() };
    let origin = Origin { sid: sid.to_string(), ..Origin::default() };
    let mut out = Vec::new();
    encode(&DataSet { origin, files: vec![file], ..DataSet::default() }, &mut out)?;
    Ok(out)
}
