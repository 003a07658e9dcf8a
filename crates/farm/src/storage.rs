use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use mp_storage::{RunError, RunOptions};
use serde_json::json;
use tokio::{runtime::Runtime, sync::oneshot, task::JoinHandle};

/// A Storage Server of a small farm, which may run or not.
pub(crate) struct StorageMachine {
    name: String,
    folder: PathBuf,
    port: u16,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), RunError>>,
}

impl StorageMachine {
    pub(crate) fn new(folder: &Path, name: &str) -> Result<Self> {
        let folder = if name == super::STORAGE_SERVER { folder.to_owned() } else { folder.join(name) };
        Ok(Self { name: name.to_owned(), folder, port: free_port()?, running: None })
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    pub(crate) fn runs(&self) -> bool {
        self.running.is_some()
    }

    /// Folder of its state.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.join("storage")
    }

    pub(crate) fn base_folder(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// As the configuration file describes it.
    pub(crate) fn text(&self, keeps_global: bool) -> String {
        let Self { name, port, .. } = self;
        format!(
            "[[storage-server]]\nname = \"{name}\"\nhost = \"127.0.0.1\"\nbase-folder = {}\nport = {port}\n\
             keeps-global = {keeps_global}\n\n",
            json!(self.base_folder())
        )
    }

    pub(crate) fn stop(&mut self, runtime: &Runtime) -> Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        // Nobody receives when it has failed meanwhile; why is said by its result.
        running.stop.send(()).unwrap_or(());
        Ok(runtime.block_on(running.task)??)
    }

    pub(crate) fn start(&mut self, runtime: &Runtime) -> Result<()> {
        let (stop, stopped) = oneshot::channel::<()>();
        let options =
            RunOptions { listen: Some(Ipv4Addr::LOCALHOST.into()), ..RunOptions::new(self.state()) };
        let mut task = runtime.spawn(mp_storage::run(options, async {
            drop(stopped.await);
        }));
        let deadline = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if task.is_finished() {
                runtime.block_on(&mut task)??;
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the Storage Service does not listen on port {}",
                self.port
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        self.running = Some(Running { stop, task });
        Ok(())
    }
}

/// A port that was free a moment ago. The Storage Service takes it from its plan, so it has to be chosen before it listens.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}
