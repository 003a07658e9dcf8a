use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum_server::{
    Handle,
    accept::{TcpConfigAcceptor, TcpKeepaliveConfig, TcpSocketConfig},
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use mp_protocol::StoragePlan;
use rustls::ServerConfig;
use tokio::{sync::watch, task::JoinHandle};

use crate::{Metrics, Patience, Store, http, protection::Connections};

/// Between signs of life of a silent TCP connection.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// Bytes of the head of a request.
const MAX_HEAD: usize = 32 * 1024;

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
        let (handle, tls) = (Handle::new(), RustlsConfig::from_config(tls));
        let sockets = TcpSocketConfig::new()
            .nodelay(true)
            .keepalive(TcpKeepaliveConfig::new().time(KEEPALIVE).interval(KEEPALIVE));
        let acceptor = Connections {
            sockets: TcpConfigAcceptor::new(sockets),
            tls: RustlsAcceptor::new(tls.clone()).handshake_timeout(patience.handshake),
            plan: plan.clone(),
            patience,
            metrics: Arc::clone(&metrics),
        };
        let mut server = axum_server::from_tcp(listener)?
            .acceptor(acceptor)
            .handle(handle.clone())
            .http1_only()
            .first_request_timeout(patience.head)
            .accept_error_handler(|peer: Option<&SocketAddr>, error| {
                // What has a peer was logged where it was refused.
                if peer.is_none() {
                    tracing::warn!(%error, "No connection can be accepted");
                }
            });
        server.http_builder().http1().header_read_timeout(patience.head).max_buf_size(MAX_HEAD);
        let app = http::router(store, plan, metrics, patience);
        let task = tokio::spawn(server.serve(app.into_make_service()));
        Ok(Running { address, handle, tls, task })
    }
}

/// A Storage Service that is running.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    tls: RustlsConfig,
    task: JoinHandle<io::Result<()>>,
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
        move |config| tls.reload_from_config(config)
    }

    /// Takes no more connections, lets requests end within `grace`, and ends.
    ///
    /// # Errors
    /// When serving had failed.
    pub async fn shutdown(self, grace: Duration) -> io::Result<()> {
        self.handle.graceful_shutdown(Some(grace));
        self.task.await.map_err(io::Error::other)?
    }

    /// Waits until serving fails.
    ///
    /// # Errors
    /// Why it failed.
    pub async fn failed(&mut self) -> io::Result<()> {
        (&mut self.task).await.map_err(io::Error::other)?
    }
}
