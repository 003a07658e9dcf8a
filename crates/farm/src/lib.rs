//! A small farm on loopback: a console and a Storage Service in one process, each over its real port with its real
//! certificates, and session hosts that enrol as they do in production. For the demo and for tests that cross rooms.
//!
//! Nothing is simulated here but the distance: what Agents do with this farm, they do over mutual TLS.

mod administrator;
mod storage;

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};
use mp_agent::{EnrolledMachine, StateFolder};
use mp_console::{Console, ConsoleConfig, ConsoleHandle, Secret};
use mp_protocol::{JoinToken, MachineRole, client};
use serde_json::json;
use tokio::runtime::Runtime;

pub use administrator::Administrator;
use storage::StorageMachine;

/// Password of the administrator `admin` of a small farm. It listens on loopback only and lives for minutes.
pub const PASSWORD: &str = "small-farm-on-loopback";
/// Name of its Storage Server.
pub const STORAGE_SERVER: &str = "STORE1";
/// Name of the second one, of a farm that has two.
pub const SECOND_STORAGE_SERVER: &str = "STORE2";

/// A console and a Storage Service that run.
pub struct SmallFarm {
    console: Option<ConsoleHandle>,
    administrator: Administrator,
    storages: Vec<StorageMachine>,
    // Last, so that what runs on it is dropped before it.
    runtime: Runtime,
}

impl SmallFarm {
    /// Starts the console, describes a Storage Server and what `configuration` says besides (groups and data subsets, in the
    /// form of the configuration file), enrols the Storage Server and starts it. All files lie below `folder`.
    ///
    /// # Errors
    /// When a part does not start, or the configuration is refused.
    pub fn start(folder: &Path, configuration: &str) -> Result<Self> {
        Self::start_with(folder, configuration, &[STORAGE_SERVER])
    }

    /// The same with two Storage Servers. Both keep the global data sets.
    ///
    /// # Errors
    /// As [`SmallFarm::start`].
    pub fn start_with_two(folder: &Path, configuration: &str) -> Result<Self> {
        Self::start_with(folder, configuration, &[STORAGE_SERVER, SECOND_STORAGE_SERVER])
    }

    fn start_with(folder: &Path, configuration: &str, servers: &[&str]) -> Result<Self> {
        let runtime = Runtime::new().context("cannot start the threads")?;
        let console = runtime.block_on(start_console(folder))?;
        let url = format!("https://localhost:{}", console.address().port());
        let administrator =
            Administrator::sign_in(&url, console.console().authority_certificate(), PASSWORD)?;
        let storages: Result<Vec<_>> = servers.iter().map(|name| StorageMachine::new(folder, name)).collect();
        let storages = storages?;
        let described: String = storages.iter().map(|storage| storage.text(servers.len() > 1)).collect();
        administrator.configure(&format!("{described}{configuration}"))?;
        let mut farm = Self { console: Some(console), administrator, storages, runtime };
        for name in servers {
            let token = farm.join_token(&json!({ "role": "storage", "storage-server": name }))?;
            let addresses = vec!["127.0.0.1".to_owned()];
            let (state, url) = (farm.storage(name)?.state(), farm.url());
            client::enrol(&state, &url, &token, MachineRole::Storage, name, addresses, SystemTime::now())?;
        }
        // Each knows from its start on with whom it shares what it keeps.
        for name in servers {
            farm.start_storage_of(name)?;
        }
        Ok(farm)
    }

    /// Address of the console.
    #[must_use]
    pub fn url(&self) -> String {
        self.administrator.url().to_owned()
    }

    /// The administrator's way to the console.
    #[must_use]
    pub fn administrator(&self) -> &Administrator {
        &self.administrator
    }

    /// Folder below which the Storage Service keeps everything.
    #[must_use]
    pub fn base_folder(&self) -> PathBuf {
        self.storages.first().map(StorageMachine::base_folder).unwrap_or_default()
    }

    /// A join token for an Agent Server of this group, good once.
    ///
    /// # Errors
    /// When the console refuses.
    pub fn agent_token(&self, group: Option<&str>) -> Result<JoinToken> {
        self.join_token(&json!({ "role": "agent", "group": group }))
    }

    /// Enrols an Agent with this state folder, as `metaprofiles-agent enrol` does.
    ///
    /// # Errors
    /// When the console refuses, or the folder cannot be used.
    pub fn enrol_agent(
        &self,
        state: &Path,
        name: &str,
        group: Option<&str>,
    ) -> Result<(StateFolder, Arc<EnrolledMachine>)> {
        let token = self.agent_token(group)?;
        let state = StateFolder::open(state)?;
        let url = self.url();
        let now = SystemTime::now();
        let identity =
            client::enrol(&state.identity(), &url, &token, MachineRole::Agent, name, Vec::new(), now)?;
        self.wait_until_known(identity.certificate().serial.as_str())?;
        Ok((state, Arc::new(EnrolledMachine::new(Arc::new(identity)))))
    }

    /// Stops the Storage Service, as when its machine goes down.
    ///
    /// # Errors
    /// When it had failed before.
    pub fn stop_storage(&mut self) -> Result<()> {
        self.stop_storage_of(STORAGE_SERVER)
    }

    /// The same of one of two.
    ///
    /// # Errors
    /// When it had failed before.
    pub fn stop_storage_of(&mut self, name: &str) -> Result<()> {
        let storage = self.storages.iter_mut().find(|storage| storage.is(name));
        storage.context("there is no such Storage Server")?.stop(&self.runtime)
    }

    /// Starts the Storage Service again, and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_storage(&mut self) -> Result<()> {
        self.start_storage_of(STORAGE_SERVER)
    }

    /// The same of one of two.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_storage_of(&mut self, name: &str) -> Result<()> {
        let storage = self.storages.iter_mut().find(|storage| storage.is(name));
        storage.context("there is no such Storage Server")?.start(&self.runtime)
    }

    fn storage(&self, name: &str) -> Result<&StorageMachine> {
        self.storages.iter().find(|storage| storage.is(name)).context("there is no such Storage Server")
    }

    /// Waits until the person at the terminal presses Ctrl-C.
    ///
    /// # Errors
    /// When the signal cannot be waited for.
    pub fn wait_for_interrupt(&self) -> Result<()> {
        Ok(self.runtime.block_on(tokio::signal::ctrl_c())?)
    }

    /// Stops all of it.
    ///
    /// # Errors
    /// When a part had failed.
    pub fn stop(mut self) -> Result<()> {
        for storage in &mut self.storages {
            storage.stop(&self.runtime)?;
        }
        self.stop_console()
    }

    fn join_token(&self, request: &serde_json::Value) -> Result<JoinToken> {
        let created = self.administrator.post("/api/v1/join-tokens", request)?;
        let token = created["token"].as_str().context("the console gave no token")?;
        Ok(token.parse()?)
    }

    /// Waits until the Storage Service knows an Agent that enrolled by itself, under this name.
    ///
    /// # Errors
    /// When it does not within half a minute.
    pub fn wait_for_agent(&self, name: &str) -> Result<()> {
        let machine = self.agent_machine(name)?;
        // Oldest first; the newest is the one that the Agent uses.
        let newest = machine["certificates"].as_array().and_then(|serials| serials.last());
        let serial = newest.and_then(|serial| serial.as_str()).context("the machine has no certificate")?;
        self.wait_until_known(serial)
    }

    /// Revokes an Agent: from now on it reaches nothing. The Storage Service learns of it a moment later.
    ///
    /// # Errors
    /// When the console does not know the Agent, or refuses.
    pub fn revoke_agent(&self, name: &str) -> Result<()> {
        let machine = self.agent_machine(name)?;
        let id = machine["id"].as_str().context("the machine has no identity")?;
        self.administrator.delete(&format!("/api/v1/machines/{id}")).map(drop)
    }

    /// Puts an Agent into another group. It and the Storage Service learn of it a moment later.
    ///
    /// # Errors
    /// When the console does not know the Agent or the group.
    pub fn move_agent(&self, name: &str, group: &str) -> Result<()> {
        let machine = self.agent_machine(name)?;
        let id = machine["id"].as_str().context("the machine has no identity")?;
        let body = serde_json::json!({ "group": group });
        self.administrator.put(&format!("/api/v1/machines/{id}"), &body).map(drop)
    }

    /// Stops the console; what machines got from it before must be enough for them.
    ///
    /// # Errors
    /// When it had failed before.
    pub fn stop_console(&mut self) -> Result<()> {
        match self.console.take() {
            Some(console) => Ok(self.runtime.block_on(console.stop())?),
            None => Ok(()),
        }
    }

    fn agent_machine(&self, name: &str) -> Result<serde_json::Value> {
        let machines = self.administrator.get("/api/v1/machines?limit=200")?;
        let listed = machines["items"].as_array().context("the console lists no machines")?;
        let machine = listed.iter().find(|machine| machine["name"] == name && machine["role"] == "agent");
        machine.cloned().with_context(|| format!("the console does not know {name}"))
    }

    /// The Storage Service learns of a new Agent by its plan, for which it waits at the console: a moment later.
    fn wait_until_known(&self, serial: &str) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let knows = |storage: &StorageMachine| {
                let plan = storage.state().join("plan.json");
                std::fs::read_to_string(plan).is_ok_and(|text| text.contains(serial))
            };
            // One that is down is told later.
            let mut running = self.storages.iter().filter(|storage| storage.runs());
            if running.all(knows) {
                return Ok(());
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the Storage Service did not learn of the new Agent in 30 s"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

async fn start_console(folder: &Path) -> Result<ConsoleHandle> {
    let mut config = ConsoleConfig::new(folder.join("console"));
    config.initial_password = Some(Secret::new(PASSWORD));
    let console = Console::open(config).await.context("the console does not start")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    mp_console::serve(listener, Arc::new(console)).await.context("the console does not serve")
}
