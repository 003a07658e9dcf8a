use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::SystemTime,
};

use anyhow::{Context, Result};
use mp_farm::Administrator;
use mp_protocol::{Identity, MachineRole, client};
use serde_json::json;

use super::{
    made::{group, host},
    server::Server,
};

/// Agents that join at the same time.
const AT_ONCE: usize = 8;

/// The Agents that have joined, by their folders.
pub(super) struct Agents(Vec<PathBuf>);

impl Agents {
    /// Enrols them as `metaprofiles-agent enrol` does.
    pub(super) fn enrol(server: &Server, folder: &Path, count: u32) -> Result<Self> {
        let folders: Vec<PathBuf> = (0..count).map(|number| folder.join("agents").join(host(number))).collect();
        let next = AtomicU32::new(0);
        let administrator = server.sign_in()?;
        thread::scope(|scope| {
            let work = || -> Result<()> {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(folder) = folders.get(usize::try_from(number)?) else { return Ok(()) };
                    join(server, &administrator, folder, number)?;
                }
            };
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().unwrap())
        })?;
        Ok(Self(folders))
    }

    pub(super) fn identities(&self) -> impl Iterator<Item = Result<Identity>> {
        self.0.iter().map(|folder| Ok(Identity::load(folder)?))
    }
}

fn join(server: &Server, administrator: &Administrator, folder: &Path, number: u32) -> Result<()> {
    let wanted = json!({ "role": "agent", "group": group(number) });
    let created = administrator.post("/api/v1/join-tokens", &wanted)?;
    let token = created["token"].as_str().context("the console gave no token")?.parse()?;
    let (url, now) = (server.url(), SystemTime::now());
    client::enrol(folder, &url, &token, MachineRole::Agent, &host(number), Vec::new(), now)?;
    Ok(())
}
