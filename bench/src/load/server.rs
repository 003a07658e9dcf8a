use std::{
    io::Read,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use mp_protocol::{AllowedAgent, Identity, StorageLimits, StoragePlan, tls};
use mp_storage::{
    FolderBackend, StorageService, Store,
    at_rest::{AtRest, KeyFile},
    backend::folder::FirstUse,
};
use tokio::{runtime::Runtime, sync::watch};

use super::{AGENTS, Farm, GROUP, agent_folder};
use crate::{server_process::ServerProcess, storage::bare::Bare};

#[derive(Args)]
pub(crate) struct ServerArgs {
    kind: Kind,
    /// Folder with the identities
    #[arg(long)]
    folder: PathBuf,
}

/// Which server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Kind {
    /// The Storage Service
    Ours,
    /// The Storage Service with encryption at rest
    Sealed,
    /// A thread per connection, no HTTP, no checks
    Bare,
}

/// Serves until its input ends; says in one line where.
pub(crate) fn run(args: &ServerArgs) -> Result<()> {
    let storage = Identity::load(args.folder.join("storage"))?;
    let tls = tls::storage_server(&storage)?;
    // What serves lives until the end of this function.
    let (address, _serving) = match args.kind {
        Kind::Bare => (Bare::start(tls, &args.folder.join("bare"))?.address, None),
        Kind::Ours | Kind::Sealed => {
            let load = |number| Identity::load(agent_folder(&args.folder, number));
            let agents = (0..AGENTS).map(load).collect::<Result<Vec<_>, _>>()?;
            let (folder, at_rest) = stored(args)?;
            let backend = FolderBackend::open_with(&folder, "global", FirstUse::Allowed, at_rest)?;
            let plan = watch::Sender::new(plan(&storage, &agents)?);
            let runtime = Runtime::new()?;
            let inside = runtime.enter();
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let running =
                StorageService::serve(listener, tls, Store::new(Arc::new(backend)), plan.subscribe())?;
            drop(inside);
            (running.address(), Some((running, plan, runtime)))
        }
    };
    println!("{address}");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    // The process ends here; nothing is left to be written.
    std::process::exit(0)
}

/// A folder of its own for the data sets, and how they are stored.
fn stored(args: &ServerArgs) -> Result<(PathBuf, AtRest)> {
    // Another server may have had it before: each has one of its own.
    let base = args.folder.join(format!("base-{}", std::process::id()));
    if args.kind == Kind::Ours {
        return Ok((base, AtRest::plain()));
    }
    let key = args.folder.join(format!("storage-{}.key", std::process::id()));
    KeyFile::create(&key)?;
    Ok((base, AtRest::sealed(Arc::new(KeyFile::open(&key)?))))
}

fn plan(storage: &Identity, agents: &[Identity]) -> Result<StoragePlan> {
    let allowed = |agent: &Identity| {
        Ok(AllowedAgent {
            former_groups: Vec::new(),
            id: agent.machine().id.clone(),
            name: agent.machine().id.to_string(),
            group: Some(GROUP.parse()?),
            certificates: vec![agent.certificate().serial.clone()],
        })
    };
    Ok(StoragePlan {
        revision: 1,
        server: storage.machine().id.clone(),
        name: "bench".to_owned(),
        base_folder: String::new(),
        global_folder: "global".to_owned(),
        port: 0,
        agents: agents.iter().map(allowed).collect::<Result<_>>()?,
        keep_versions: 1,
        // One Agent stands for many here, and asks faster than any.
        limits: StorageLimits {
            agent_requests_per_second: u32::MAX,
            agent_connections: u32::MAX,
            ..StorageLimits::default()
        },
        retention: Vec::new(),
        keeps_global: true,
        peers: Vec::new(),
    })
}

/// A server's process; it ends with this.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    process: ServerProcess,
}

impl Server {
    pub(super) fn start(farm: &Farm, kind: &str) -> Result<Self> {
        let folder = farm.folder.as_os_str();
        let (process, said) = ServerProcess::start(["load-server", kind, "--folder"], folder)?;
        let address = said.parse().with_context(|| format!("the server said \"{said}\""))?;
        Ok(Self { address, process })
    }

    /// Processor time that it has taken, in milliseconds.
    pub(super) fn cpu_ms(&self) -> Result<f64> {
        self.process.cpu_ms()
    }

    /// What its process has in memory, in bytes.
    pub(super) fn memory(&self) -> Result<f64> {
        self.process.memory()
    }
}
