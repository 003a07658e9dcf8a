use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use mp_durable::Readers;
use mp_profile::VersionTag;
use mp_protocol::{ConsoleClient, Identity, StoragePlan, client::PlanAnswer, tls};
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{Health, refusal::chain};

/// Longest wait of the console for a changed plan.
const WAIT: Duration = Duration::from_secs(25);
/// First and longest pause after a failure.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// The plan as it is kept on disk, so that the service starts without the console.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct CachedPlan {
    pub(crate) version: String,
    pub(crate) plan: StoragePlan,
}

/// The port and folders that a Storage Server on this machine uses: its plan, as it was last told. `None` when there is none.
#[must_use]
pub fn cached_plan(state_folder: &Path, identity: &Identity) -> Option<StoragePlan> {
    PlanCache::new(state_folder).load(identity).map(|cached| cached.plan)
}

/// The file of the cached plan.
#[derive(Clone, Debug)]
pub(crate) struct PlanCache(PathBuf);

impl PlanCache {
    pub(crate) fn new(state_folder: &Path) -> Self {
        Self(state_folder.join("plan.json"))
    }

    /// The cached plan, if there is one for this server.
    pub(crate) fn load(&self, identity: &Identity) -> Option<CachedPlan> {
        let text = match fs::read(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %self.0.display(), %error, "Cannot read the cached plan");
                return None;
            }
        };
        match serde_json::from_slice::<CachedPlan>(&text) {
            Ok(cached) if cached.plan.server == identity.machine().id => Some(cached),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(path = %self.0.display(), %error, "The cached plan is damaged; asking the console");
                None
            }
        }
    }

    pub(crate) fn save(&self, cached: &CachedPlan) {
        let text = serde_json::to_vec_pretty(cached).map_err(io::Error::from);
        let saved = text.and_then(|text| mp_durable::replace(&self.0, &text, Readers::OwnerOnly));
        if let Err(error) = saved {
            tracing::warn!(path = %self.0.display(), %error, "Cannot cache the plan");
        }
    }
}

/// Follows the console, on a thread of its own: new plans, and a new certificate when it is due.
pub(crate) struct Follower {
    identity: Identity,
    cache: PlanCache,
    held: Option<VersionTag>,
    /// Kept for its connection, until the certificate is another one.
    client: Option<ConsoleClient>,
    health: Arc<Health>,
}

impl Follower {
    /// `held` is the version of the plan that is known already.
    pub(crate) fn new(
        identity: Identity,
        cache: PlanCache,
        held: Option<VersionTag>,
        health: Arc<Health>,
    ) -> Self {
        Self { identity, cache, held, client: None, health }
    }

    /// Asks until there is a plan; `None` when `stop` says so.
    pub(crate) fn first_plan(&mut self, stop: impl Fn() -> bool) -> Option<StoragePlan> {
        let mut pause = PAUSE.0;
        loop {
            match self.ask(Duration::ZERO) {
                Ok(Some(plan)) => return Some(plan),
                Ok(None) => self.held = None,
                Err(error) => tracing::warn!(error, "No plan from the console yet"),
            }
            if stop() {
                return None;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// Follows until nobody looks at the plan any more.
    pub(crate) fn follow(mut self, plans: &watch::Sender<StoragePlan>, set_tls: impl Fn(Arc<ServerConfig>)) {
        let mut pause = PAUSE.0;
        while !plans.is_closed() {
            self.reload_if_changed(&set_tls);
            self.renew_if_due(&set_tls);
            match self.ask(WAIT) {
                Ok(plan) => {
                    pause = PAUSE.0;
                    if let Some(plan) = plan {
                        warn_of_restart(&plans.borrow(), &plan);
                        self.health.plan(plan.revision);
                        tracing::info!(revision = plan.revision, agents = plan.agents.len(), "New plan");
                        plans.send_replace(plan);
                    }
                }
                Err(error) => {
                    tracing::warn!(error, "The console does not answer; the known plan stays in force");
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
    }

    fn ask(&mut self, wait: Duration) -> Result<Option<StoragePlan>, String> {
        match self.client()?.plan::<StoragePlan>(self.held.as_ref(), wait).map_err(|error| chain(&error))? {
            PlanAnswer::NotModified => Ok(None),
            PlanAnswer::Plan(plan, _) if plan.server != self.identity.machine().id => {
                Err("the console sent the plan of another server".to_owned())
            }
            PlanAnswer::Plan(plan, version) => {
                let cached = CachedPlan { version: version.0.clone(), plan };
                self.cache.save(&cached);
                self.held = Some(version);
                Ok(Some(cached.plan))
            }
        }
    }

    fn client(&mut self) -> Result<ConsoleClient, String> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = ConsoleClient::new(&self.identity).map_err(|error| chain(&error))?;
        Ok(self.client.insert(client).clone())
    }

    /// Takes over what somebody else put into the state folder: an enrolment done again, a certificate restored.
    fn reload_if_changed(&mut self, set_tls: &impl Fn(Arc<ServerConfig>)) {
        let loaded = match Identity::load(self.identity.folder()) {
            Ok(loaded) if loaded.certificate() == self.identity.certificate() => return,
            loaded => loaded.map_err(|error| chain(&error)),
        };
        let reloaded = loaded.and_then(|identity| {
            if identity.machine() != self.identity.machine() {
                return Err(format!(
                    "this machine is enrolled as {} now; restart the service to use that",
                    identity.machine()
                ));
            }
            let config = tls::storage_server(&identity).map_err(|error| chain(&error))?;
            (self.identity, self.client) = (identity, None);
            Ok(config)
        });
        match reloaded {
            Ok(config) => {
                self.use_certificate(config, set_tls);
                tracing::info!(serial = self.identity.certificate().serial, "Certificate read again");
            }
            Err(error) => tracing::warn!(error, "The identity in the state folder is not taken over"),
        }
    }

    fn use_certificate(&self, config: Arc<ServerConfig>, set_tls: &impl Fn(Arc<ServerConfig>)) {
        set_tls(config);
        self.health.certificate(self.identity.certificate().clone());
    }

    fn renew_if_due(&mut self, set_tls: &impl Fn(Arc<ServerConfig>)) {
        if !self.identity.certificate().is_due_for_renewal(SystemTime::now()) {
            return;
        }
        match self.renew() {
            Ok(config) => {
                self.use_certificate(config, set_tls);
                tracing::info!(serial = self.identity.certificate().serial, "Certificate renewed");
            }
            Err(error) => {
                tracing::error!(error, "Cannot renew the certificate; trying again with the next plan")
            }
        }
    }

    fn renew(&mut self) -> Result<Arc<ServerConfig>, String> {
        let request = self.identity.signing_request().map_err(|error| chain(&error))?;
        let enrolled = self.client()?.renew(request).map_err(|error| chain(&error))?;
        self.identity.renew(&enrolled, SystemTime::now()).map_err(|error| chain(&error))?;
        self.client = None;
        tls::storage_server(&self.identity).map_err(|error| chain(&error))
    }
}

/// What a running service does not change says so in its log.
fn warn_of_restart(old: &StoragePlan, new: &StoragePlan) {
    let folders = (&new.base_folder, &new.global_folder) != (&old.base_folder, &old.global_folder);
    if folders || new.port != old.port {
        tracing::warn!(
            base_folder = new.base_folder,
            global_folder = new.global_folder,
            port = new.port,
            "The plan has another port or folder: restart the service to use it"
        );
    }
}
