use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use mp_durable::Readers;
use mp_monitor::Monitor;
use mp_profile::VersionTag;
use mp_protocol::{
    Identity, IdentityError, MachineRole, StoragePlan,
    tls::{self, TlsError},
};
use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::watch;

use crate::{
    Backend, DamageLog, DamageQueue, FolderBackend, Health, Metrics, ObjectBackend, Patience, Probed,
    StorageService, Store,
    at_rest::AtRest,
    backend::{
        BackendError,
        folder::{FirstUse, OpenError},
        object::{self, ObjectOptions},
    },
    damage::{self, Look},
    peers::{Follow, follow},
    plan::{Follower, PlanCache},
    refusal::chain,
    status::{self, Status},
};

/// For requests to end when the service stops.
const GRACE: Duration = Duration::from_secs(10);
/// Between two looks whether the store is used by nobody any more.
const LOOK: Duration = Duration::from_millis(10);
/// Between two looks whether the store can be written.
const PROBE: Duration = Duration::from_secs(10);
/// Connections that wait to be accepted; a farm logs on in waves.
const BACKLOG: i32 = 1024;

/// How to run the Storage Service on this machine.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Folder of the identity, the cached plan and the list of base folders used.
    pub state_folder: PathBuf,
    /// Address to listen on; all addresses, IPv4 and IPv6, when `None`. The port is the plan's.
    pub listen: Option<IpAddr>,
    /// Address and port of `/healthz`, `/readyz` and `/metrics`, without TLS; nowhere when `None`.
    pub monitor: Option<SocketAddr>,
    /// The object store that data sets are kept in; the plan's base folder when `None`.
    pub objects: Option<ObjectOptions>,
    /// How long `/readyz` says that the service stops before it stops: for what sends it work by that answer.
    pub notice: Duration,
    /// How data sets are stored, wherever they are.
    pub at_rest: AtRest,
    /// How often every byte of the store is looked at; never when `None`.
    pub look: Option<Duration>,
}

impl RunOptions {
    /// How often every byte is looked at if nobody says otherwise: once a week.
    pub const DEFAULT_LOOK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

    /// On all addresses, without a monitor, in the plan's base folder.
    pub fn new(state_folder: impl Into<PathBuf>) -> Self {
        Self {
            state_folder: state_folder.into(),
            listen: None,
            monitor: None,
            objects: None,
            notice: Duration::ZERO,
            at_rest: AtRest::plain(),
            look: Some(Self::DEFAULT_LOOK),
        }
    }
}

/// Why the Storage Service does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// There is no usable identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The machine is enrolled as something else.
    #[error(
        "this machine is enrolled as {0}, not as a storage server; enrol it with a join token for storage servers"
    )]
    Role(MachineRole),
    /// TLS cannot be prepared.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The base folder cannot be used.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// The object store or its catalogue cannot be used.
    #[error(transparent)]
    Objects(#[from] object::OpenError),
    /// The port cannot be listened on.
    #[error("MP-STO-110 cannot listen on {0}; does another program use the port?")]
    Listen(SocketAddr, #[source] io::Error),
    /// The address for those who watch cannot be listened on.
    #[error("MP-STO-112 cannot listen on {0} for health and metrics; does another program use the port?")]
    Monitor(SocketAddr, #[source] io::Error),
    /// The list of base folders cannot be read or written.
    #[error("MP-STO-111 cannot read or write \"{}\"", .0.display())]
    State(PathBuf, #[source] io::Error),
    /// Serving failed.
    #[error("the storage service failed")]
    Serve(#[source] io::Error),
}

/// Runs the Storage Service until `stop`: its identity from the state folder, its plan from the console or the cache.
///
/// # Errors
/// When it cannot start, or serving fails.
pub async fn run(options: RunOptions, stop: impl Future<Output = ()>) -> Result<(), RunError> {
    let identity = Identity::load(&options.state_folder)?;
    if identity.machine().role != MachineRole::Storage {
        return Err(RunError::Role(identity.machine().role));
    }
    let tls = tls::storage_server(&identity)?;
    let metrics = Arc::new(Metrics::new());
    let health = Arc::new(Health::new(Arc::clone(&metrics), identity.certificate().clone()));
    let _monitor = options.monitor.map(|address| watched(address, &health)).transpose()?;
    let cache = PlanCache::new(&options.state_folder);
    let cached = cache.load(&identity);
    let held = cached.as_ref().map(|cached| VersionTag(cached.version.clone()));
    let follower = Follower::new(identity, cache, held, Arc::clone(&health));
    tokio::pin!(stop);
    let (plan, follower) = match cached {
        Some(cached) => (cached.plan, follower),
        None => match first_plan(follower, stop.as_mut()).await {
            Some(first) => first,
            None => return Ok(()),
        },
    };

    let Opened { backend, probe: try_store } = match options.objects {
        Some(objects) => {
            let objects = ObjectOptions { at_rest: options.at_rest, ..objects };
            // Opening blocks until store and database have answered.
            let opened = tokio::task::spawn_blocking(move || ObjectBackend::open(&objects)).await;
            opened.map_err(|error| RunError::Serve(io::Error::other(error)))??.into()
        }
        None => open(&options.state_folder, &plan, options.at_rest)?.into(),
    };
    health.plan(plan.revision);
    let listener = listen(options.listen, plan.port)?;
    let (plans, current) = watch::channel(plan);
    let queue = DamageQueue::open(&options.state_folder)
        .map_err(|error| RunError::State(options.state_folder.clone(), error))?;
    let _telling = damage::tell(options.state_folder.clone(), queue.clone());
    let damage = Arc::new(DamageLog::new(queue, Arc::clone(&metrics)));
    let looking = options.look.map(|every| {
        damage::look_over(Look {
            state_folder: options.state_folder.clone(),
            backend: Arc::downgrade(&backend),
            damage: Arc::clone(&damage),
            every,
        })
    });
    let store = Store::telling(Arc::clone(&backend), damage);
    let followed = follow(Follow {
        state_folder: options.state_folder.clone(),
        backend: Arc::downgrade(&backend),
        journal: Arc::clone(store.journal()),
        readiness: Arc::clone(store.readiness()),
        plan: current.clone(),
    });
    let (near_quotas, current_plan) = (Arc::clone(store.near_quotas()), current.clone());
    let mut running = StorageService::serve_with(listener, tls, store, current, metrics, Patience::default())
        .map_err(RunError::Serve)?;
    let probing = tokio::spawn(probe(try_store, Arc::clone(&health)));
    tracing::info!(address = %running.address(), "The storage service is ready");
    let telling_status = status::tell(Status {
        state_folder: options.state_folder.clone(),
        health: Arc::clone(&health),
        near_quotas,
        plan: current_plan,
    });
    let set_tls = running.tls_setter();
    // The thread ends by itself when nobody looks at the plan any more; nothing waits for the console.
    std::thread::spawn(move || follower.follow(&plans, set_tls));
    let ended = tokio::select! {
        () = stop => {
            health.stopping();
            tracing::info!("Stopping; requests may end");
            tokio::time::sleep(options.notice).await;
            running.shutdown(GRACE).await
        }
        failed = running.failed() => failed,
    };
    probing.abort();
    drop((followed, looking, telling_status));
    let_go(backend).await;
    ended.map_err(RunError::Serve)
}

/// Waits until nobody else uses the store any more: what was begun may still write, and its lock keeps the next service out
/// until then.
async fn let_go(backend: Arc<dyn Backend>) {
    let since = Instant::now();
    while Arc::strong_count(&backend) > 1 {
        if since.elapsed() >= GRACE {
            tracing::warn!("Calls of the store have not ended; it stays locked until they do");
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn watched(address: SocketAddr, health: &Arc<Health>) -> Result<Monitor, RunError> {
    let monitor =
        TcpListener::bind(address).and_then(|listener| Monitor::serve(listener, Arc::clone(health)));
    let monitor = monitor.map_err(|error| RunError::Monitor(address, error))?;
    tracing::info!(address = %monitor.address(), "Health and metrics are served");
    Ok(monitor)
}

/// A backend, and how to find out whether it works.
struct Opened {
    backend: Arc<dyn Backend>,
    probe: Arc<dyn Fn() -> Result<Probed, BackendError> + Send + Sync>,
}

impl From<FolderBackend> for Opened {
    fn from(backend: FolderBackend) -> Self {
        let backend = Arc::new(backend);
        Self { backend: Arc::clone(&backend) as Arc<dyn Backend>, probe: Arc::new(move || backend.probe()) }
    }
}

impl From<ObjectBackend> for Opened {
    fn from(backend: ObjectBackend) -> Self {
        backend.collect_regularly();
        let backend = Arc::new(backend);
        Self { backend: Arc::clone(&backend) as Arc<dyn Backend>, probe: Arc::new(move || backend.probe()) }
    }
}

/// Tries again and again whether the store works.
async fn probe(try_store: Arc<dyn Fn() -> Result<Probed, BackendError> + Send + Sync>, health: Arc<Health>) {
    loop {
        let trying = Arc::clone(&try_store);
        let probed = tokio::task::spawn_blocking(move || trying()).await;
        // A blocking call ends without a result only when the runtime does.
        let Ok(probed) = probed else { return };
        if let Err(error) = &probed {
            tracing::error!(error = chain(error), "The store does not work");
        }
        health.store(probed.map_err(|error| chain(&error)));
        tokio::time::sleep(PROBE).await;
    }
}

async fn first_plan(
    mut follower: Follower,
    stop: impl Future<Output = ()>,
) -> Option<(StoragePlan, Follower)> {
    let stopped = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let flag = Arc::clone(&stopped);
    std::thread::spawn(move || {
        if let Some(plan) = follower.first_plan(|| flag.load(Ordering::Relaxed)) {
            drop(sender.send((plan, follower)));
        }
    });
    tokio::select! {
        first = receiver => first.ok(),
        () = stop => {
            stopped.store(true, Ordering::Relaxed);
            None
        }
    }
}

/// Base folders that this service has used. One of them that holds nothing any more is a disk that is not mounted: to begin
/// anew there would tell every Agent that its users have no settings.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct UsedFolders {
    base_folders: Vec<String>,
}

/// The base folders that a Storage Service with this state folder has used, or will use by its cached plan.
#[must_use]
pub fn base_folders_of(state_folder: &Path) -> Vec<PathBuf> {
    let used = fs::read(state_folder.join("store.json")).ok();
    let used = used.and_then(|text| serde_json::from_slice::<UsedFolders>(&text).ok()).unwrap_or_default();
    let planned = Identity::load(state_folder).ok();
    let planned = planned.and_then(|identity| PlanCache::new(state_folder).load(&identity));
    let planned = planned.map(|cached| cached.plan.base_folder);
    used.base_folders.into_iter().chain(planned).map(PathBuf::from).collect()
}

fn open(state_folder: &Path, plan: &StoragePlan, at_rest: AtRest) -> Result<FolderBackend, RunError> {
    let path = state_folder.join("store.json");
    let failed = |error: io::Error| RunError::State(path.clone(), error);
    let mut used: UsedFolders = match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| failed(error.into()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => UsedFolders::default(),
        Err(error) => return Err(failed(error)),
    };
    let known = used.base_folders.contains(&plan.base_folder);
    let first_use = if known { FirstUse::Refused } else { FirstUse::Allowed };
    let base = Path::new(&plan.base_folder);
    let backend = FolderBackend::open_with(base, &plan.global_folder, first_use, at_rest)?;
    if !known {
        used.base_folders.push(plan.base_folder.clone());
        let text = serde_json::to_vec_pretty(&used).map_err(|error| failed(error.into()))?;
        mp_durable::replace(&path, &text, Readers::AsFolder).map_err(failed)?;
    }
    Ok(backend)
}

fn listen(address: Option<IpAddr>, port: u16) -> Result<TcpListener, RunError> {
    let Some(address) = address else {
        // A machine without IPv6 has no such address; then IPv4 is all there is.
        return bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)))
            .or_else(|_| bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))));
    };
    bind(SocketAddr::from((address, port)))
}

fn bind(address: SocketAddr) -> Result<TcpListener, RunError> {
    let bound = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() && address.ip().is_unspecified() {
            socket.set_only_v6(false)?;
        }
        // On Windows this option would let another process take the port over.
        if cfg!(unix) {
            socket.set_reuse_address(true)?;
        }
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    bound().map_err(|error| RunError::Listen(address, error))
}
