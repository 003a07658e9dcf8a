use std::{
    fmt::Display,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::http::Request;
use axum_server::{
    accept::{Accept, TcpConfigAcceptor},
    tls::TlsService,
    tls_rustls::RustlsAcceptor,
};
use mp_protocol::StoragePlan;
use tokio::{net::TcpStream, sync::watch};
use tokio_rustls::server::TlsStream;
use tower_service::Service;

use super::{AgentShare, Ended, Patience, patience::Patient};
use crate::{Metrics, access::Peer};

/// One connection: counted while it is there, and the first Agent that uses it is charged for it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) peer: OnceLock<Peer>,
    address: Option<SocketAddr>,
    charged: Mutex<Option<Arc<AgentShare>>>,
    /// Whether its end needs no more words: it served a request, or why it ends was said already.
    explained: AtomicBool,
    metrics: Arc<Metrics>,
}

impl Connection {
    pub(super) fn new(address: Option<SocketAddr>, metrics: Arc<Metrics>) -> Arc<Self> {
        metrics.connections.inc();
        let (charged, explained) = (Mutex::new(None), AtomicBool::new(false));
        Arc::new(Self { peer: OnceLock::new(), address, charged, explained, metrics })
    }

    /// Whether the connection is one of those that an Agent may have; from then on it is the Agent's.
    pub(super) fn belongs_to(&self, share: &Arc<AgentShare>, most: u32) -> bool {
        let mut charged = self.charged.lock().unwrap_or_else(PoisonError::into_inner);
        if charged.is_none() && share.take_connection(most) {
            *charged = Some(Arc::clone(share));
        }
        charged.is_some()
    }

    /// Where it comes from.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Counts and logs why it ends.
    pub(super) fn end(&self, why: Ended, error: impl Display) {
        self.explained.store(true, Ordering::Relaxed);
        self.metrics.ended(why);
        let peer = self.address.map(tracing::field::display);
        tracing::info!(target: "mp_storage::access", peer, code = why.code(), %error, "Connection ended");
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.metrics.connections.dec();
        let charged = self.charged.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = charged.take() {
            share.give_connection_back();
        }
        if !self.explained.load(Ordering::Relaxed) {
            self.end(Ended::NoRequest, "no whole request came");
        }
    }
}

/// Takes connections as long as there are not too many, and gives each its [`Connection`], its patience, and TLS.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    pub(crate) sockets: TcpConfigAcceptor,
    pub(crate) tls: RustlsAcceptor,
    pub(crate) plan: watch::Receiver<StoragePlan>,
    pub(crate) patience: Patience,
    pub(crate) metrics: Arc<Metrics>,
}

impl<S: Send + 'static> Accept<TcpStream, S> for Connections {
    type Stream = TlsStream<Patient<TcpStream>>;
    type Service = TlsService<WithConnection<S>>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let connection = Connection::new(stream.peer_addr().ok(), Arc::clone(&self.metrics));
        let this = self.clone();
        Box::pin(async move {
            if this.metrics.connections.get() > i64::from(this.plan.borrow().limits.connections) {
                let error = io::Error::other("there are too many connections");
                connection.end(Ended::TooMany, &error);
                return Err(error);
            }
            let (stream, service) = this.sockets.accept(stream, service).await?;
            let stream = Patient::new(stream, this.patience.reading, Arc::clone(&connection));
            let service = WithConnection { service, connection: Arc::clone(&connection) };
            let accepted = this.tls.accept(stream, service).await;
            if let Err(error) = &accepted {
                connection.end(Ended::of_handshake(error), error);
            }
            accepted
        })
    }
}

/// A service that adds its [`Connection`] to every request.
#[derive(Clone, Debug)]
pub(crate) struct WithConnection<S> {
    service: S,
    connection: Arc<Connection>,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for WithConnection<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.connection.explained.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(Arc::clone(&self.connection));
        self.service.call(request)
    }
}
