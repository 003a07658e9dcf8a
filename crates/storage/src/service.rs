mod serving;
mod steady;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use mp_protocol::StoragePlan;
use rustls::ServerConfig;
use tokio::{sync::watch, task::JoinHandle};

use crate::{Metrics, Patience, Store, http, protection::Connections};
use serving::{Phase, Serving};

/// The Storage Service as a library call.
#[derive(Clone, Copy, Debug)]
pub struct StorageService;

impl StorageService {
    /// Serves on a listener, in the current tokio runtime, until [`Running::shutdown`]. A new value of `plan` counts from
    /// the next request on, on connections that are there as well; its port and folders are the caller's matter.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn serve(
        listener: TcpListener,
        tls: Arc<ServerConfig>,
        store: Store,
        plan: watch::Receiver<StoragePlan>,
    ) -> io::Result<Running> {
        Self::serve_with(listener, tls, store, plan, Arc::new(Metrics::new()), Patience::default())
    }

    /// As [`StorageService::serve`], counting what it does in `metrics`, and waiting for clients as `patience` says.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn serve_with(
        listener: TcpListener,
        tls: Arc<ServerConfig>,
        store: Store,
        plan: watch::Receiver<StoragePlan>,
        metrics: Arc<Metrics>,
        patience: Patience,
    ) -> io::Result<Running> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (phase, tls) = (watch::Sender::new(Phase::Serving), watch::Sender::new(tls));
        let serving = Serving {
            connections: Connections {
                tls: tls.subscribe(),
                plan: plan.clone(),
                patience,
                metrics: Arc::clone(&metrics),
            },
            router: http::router(store, plan, metrics, patience),
            patience,
            phase: phase.subscribe(),
        };
        let task = tokio::spawn(serving.accept(listener));
        Ok(Running { address, phase, tls, task })
    }
}

/// A Storage Service that is running. It ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    tls: watch::Sender<Arc<ServerConfig>>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What sets another TLS configuration, for connections from then on: after the certificate was renewed.
    pub fn tls_setter(&self) -> impl Fn(Arc<ServerConfig>) + Send + 'static {
        let tls = self.tls.clone();
        move |config| drop(tls.send_replace(config))
    }

    /// Takes no more connections, lets requests end within `grace`, and ends.
    ///
    /// # Errors
    /// When serving had failed.
    pub async fn shutdown(self, grace: Duration) -> io::Result<()> {
        self.phase.send_replace(Phase::Draining);
        let taken = self.task.await.map_err(io::Error::other);
        // Each connection holds a receiver as long as it is there.
        if tokio::time::timeout(grace, self.phase.closed()).await.is_err() {
            self.phase.send_replace(Phase::Ended);
        }
        taken
    }

    /// Waits until serving fails.
    ///
    /// # Errors
    /// Why it failed.
    pub async fn failed(&mut self) -> io::Result<()> {
        (&mut self.task).await.map_err(io::Error::other)
    }
}
