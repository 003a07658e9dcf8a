use std::{
    io::Read,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use clap::Args;
use mp_console::{Console, ConsoleConfig, Secret};
use mp_farm::{Administrator, PASSWORD};
use tokio::runtime::Runtime;

use crate::server_process::ServerProcess;

/// File in the state folder that says where a database server is; a command line shows it to others.
const DATABASE: &str = "database.url";
/// File in the state folder with the certificate of the console's authority, DER.
const AUTHORITY: &str = "authority.der";

#[derive(Args)]
pub(crate) struct ServerArgs {
    /// State folder
    folder: PathBuf,
}

/// How the console of a folder is configured.
pub(super) fn config(folder: &Path) -> Result<ConsoleConfig> {
    let mut config = ConsoleConfig::new(folder.join("console"));
    config.initial_password = Some(Secret::new(PASSWORD));
    let url = folder.join(DATABASE);
    if url.exists() {
        config.database = Some(Secret::new(std::fs::read_to_string(url)?));
    }
    Ok(config)
}

/// Serves until its input ends; says in one line where, and where it can be watched.
pub(crate) fn run(args: &ServerArgs) -> Result<()> {
    let runtime = Runtime::new()?;
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (address, watched, _serving) = runtime.block_on(async {
        let console = Console::open(config(&args.folder)?).await?;
        std::fs::write(args.folder.join(AUTHORITY), console.authority_certificate())?;
        let mut handle = mp_console::serve(listen()?, Arc::new(console)).await?;
        let watched = handle.watch(listen()?)?;
        anyhow::Ok((handle.address(), watched, handle))
    })?;
    println!("{address} {watched}");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    // The process ends here; nothing is left to be written.
    std::process::exit(0)
}

/// A console's process; it ends with this.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) authority: Vec<u8>,
    watched: SocketAddr,
    process: ServerProcess,
}

impl Server {
    /// Starts the console of a folder. `database` is where its database is from now on.
    pub(super) fn start(folder: &Path, database: Option<&str>) -> Result<Self> {
        if let Some(url) = database {
            std::fs::write(folder.join(DATABASE), url)?;
        }
        let (process, said) = ServerProcess::start(["console-server"], folder.as_os_str())?;
        let (address, watched) = said.split_once(' ').context("the console does not start")?;
        let authority = std::fs::read(folder.join(AUTHORITY))?;
        Ok(Self { address: address.parse()?, authority, watched: watched.parse()?, process })
    }

    pub(super) fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    pub(super) fn sign_in(&self) -> Result<Administrator> {
        Administrator::sign_in(&self.url(), &self.authority, PASSWORD)
    }

    /// How many machines wait for a change of their plan.
    pub(super) fn waiting(&self) -> Result<u32> {
        let mut stream = std::net::TcpStream::connect(self.watched)?;
        let request = b"GET /metrics HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n";
        std::io::Write::write_all(&mut stream, request)?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let count = text.lines().find_map(|line| line.strip_prefix("metaprofiles_console_long_polls "));
        Ok(count.context("the console does not say how many wait")?.trim().parse()?)
    }

    pub(super) fn cpu_ms(&self) -> Result<f64> {
        self.process.cpu_ms()
    }

    pub(super) fn memory(&self) -> Result<f64> {
        self.process.memory()
    }
}
