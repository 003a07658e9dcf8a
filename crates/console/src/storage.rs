//! The console's way to the Storage Servers, where it is an administrator: versions of users' data sets are listed, read and
//! changed there. Every wait is bounded, and only a few data sets are in memory at a time.

mod opened;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mp_dataset::{DataSet, Limits, decode};
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::{ClientError, StorageClient, StorageTarget, Waits, versions::VersionInfo};
use rustls::ClientConfig;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    authority::Authority,
    domain::{Refusal, StorageServer, UnixMillis},
};
use opened::{Opened, Which};

/// For a connection, for an answer with what it brings, and for a data set that is sent.
const WAITS: (u64, u64, u64) = (3_000, 20_000, 30_000);
/// How many requests to Storage Servers are under way at a time.
const REQUESTS: usize = 8;
/// How many data sets are fetched and unpacked at a time: each may take hundreds of megabytes.
const OPENING: usize = 2;
/// How long somebody waits for his turn.
const TURN: Duration = Duration::from_secs(15);
/// How long a client certificate of the console's is used; it lives much longer.
const CERTIFICATE: Duration = Duration::from_secs(24 * 60 * 60);

/// The Storage Servers of the farm.
pub(crate) struct StorageServers {
    clients: Mutex<Clients>,
    opened: Mutex<Opened>,
    requests: Semaphore,
    opening: Semaphore,
}

#[derive(Default)]
struct Clients {
    tls: Option<(Arc<ClientConfig>, Instant)>,
    /// By host and port.
    by_address: HashMap<(String, u16), StorageClient>,
}

/// A Storage Server, and the console's way to it.
#[derive(Clone)]
pub(crate) struct ReachedServer {
    pub(crate) name: String,
    client: StorageClient,
}

/// One user's data set of a scope on its Storage Server.
#[derive(Clone)]
pub(crate) struct StoredDataSet {
    pub(crate) server: ReachedServer,
    pub(crate) scope: Scope,
    pub(crate) sid: Sid,
}

impl StorageServers {
    pub(crate) fn new() -> Self {
        Self {
            clients: Mutex::default(),
            opened: Mutex::default(),
            requests: Semaphore::new(REQUESTS),
            opening: Semaphore::new(OPENING),
        }
    }

    /// The way to a Storage Server.
    pub(crate) fn reach(
        &self,
        authority: &Authority,
        server: &StorageServer,
        now: UnixMillis,
    ) -> Result<ReachedServer, Refusal> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let tls = match &clients.tls {
            Some((tls, made)) if made.elapsed() < CERTIFICATE => Arc::clone(tls),
            _ => {
                let tls = authority.storage_client_config(now)?;
                *clients = Clients { tls: Some((Arc::clone(&tls), Instant::now())), ..Clients::default() };
                tls
            }
        };
        let (connect_ms, fetch_ms, upload_ms) = WAITS;
        let waits = Waits { connect_ms, fetch_ms, upload_ms, ..Waits::default() };
        let target =
            StorageTarget { name: server.name.clone(), host: server.host.clone(), port: server.port };
        let client = clients.by_address.entry((server.host.clone(), server.port));
        let client = client.or_insert_with(|| StorageClient::new(tls, &target, waits)).clone();
        Ok(ReachedServer { name: server.name.clone(), client })
    }

    /// One request to a Storage Server, beside what else the console does.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        of: &StoredDataSet,
        call: impl FnOnce(&StorageClient, &Scope, &Sid) -> Result<T, ClientError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _turn = turn(&self.requests).await?;
        let StoredDataSet { server, scope, sid } = of.clone();
        let answer = tokio::task::spawn_blocking(move || call(&server.client, &scope, &sid))
            .await
            .map_err(Refusal::internal)?;
        answer.map_err(|error| refused(&of.server.name, error))
    }

    /// What a version holds. One that was looked at lately is still here: versions never change.
    pub(crate) async fn open(
        &self,
        of: &StoredDataSet,
        version: &VersionInfo,
    ) -> Result<Arc<DataSet>, Refusal> {
        if version.damaged || !version.kept {
            return Err(Refusal::VersionGone(version.number));
        }
        let which = Which { scope: of.scope.clone(), sid: of.sid.clone(), tag: version.tag.clone() };
        if let Some(found) = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&which) {
            return Ok(found);
        }
        let _turn = turn(&self.opening).await?;
        let tag = VersionTag(version.tag.clone());
        let bytes = self.call(of, move |client, scope, sid| client.version_file(scope, sid, &tag)).await?;
        let number = version.number;
        let unpack = move || {
            let verified = decode(&bytes[..], &Limits::default());
            let verified = verified.map_err(|error| Refusal::VersionUnreadable(number, error.to_string()))?;
            let size = verified.header().content_len;
            Ok::<_, Refusal>((Arc::new(verified.into_data_set()), size))
        };
        let (set, size) = tokio::task::spawn_blocking(unpack).await.map_err(Refusal::internal)??;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.keep(which, Arc::clone(&set), size);
        Ok(set)
    }

    /// What an upload in quarantine holds.
    pub(crate) async fn open_quarantined(&self, of: &StoredDataSet, id: &str) -> Result<DataSet, Refusal> {
        let _turn = turn(&self.opening).await?;
        let id = id.to_owned();
        let bytes = self.call(of, move |client, scope, sid| client.quarantined_file(scope, sid, &id)).await?;
        let unpack = move || match decode(&bytes[..], &Limits::default()) {
            Ok(verified) => Ok(verified.into_data_set()),
            Err(error) => Err(Refusal::QuarantineUnreadable(error.to_string())),
        };
        tokio::task::spawn_blocking(unpack).await.map_err(Refusal::internal)?
    }
}

/// Waits for one's turn, within bounds.
async fn turn(semaphore: &Semaphore) -> Result<SemaphorePermit<'_>, Refusal> {
    match tokio::time::timeout(TURN, semaphore.acquire()).await {
        Ok(turn) => turn.map_err(Refusal::internal),
        Err(_) => Err(Refusal::StorageBusy),
    }
}

/// What a failed request means for whoever asked.
fn refused(server: &str, error: ClientError) -> Refusal {
    match error {
        ClientError::Answer { status: 412, .. } => Refusal::Stale,
        ClientError::Answer { status: 400..=499, error, .. } => Refusal::StorageRefused {
            server: server.to_owned(),
            reason: format!("{} {}", error.code, error.message),
        },
        other => Refusal::StorageAway { server: server.to_owned(), reason: other.to_string() },
    }
}
