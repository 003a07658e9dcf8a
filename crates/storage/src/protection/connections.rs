use std::{
    fmt::Display,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::http::Request;
use mp_protocol::StoragePlan;
use rustls::ServerConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, sync::watch, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower_service::Service;

use super::{AgentShare, Ended, Patience, patience::Patient};
use crate::{Metrics, access::Peer};

/// Between signs of life of a silent TCP connection.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// One connection: counted while it is there, and the first Agent that uses it is charged for it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Whose certificate TLS has verified.
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
    pub(crate) tls: watch::Receiver<Arc<ServerConfig>>,
    pub(crate) plan: watch::Receiver<StoragePlan>,
    pub(crate) patience: Patience,
    pub(crate) metrics: Arc<Metrics>,
}

impl Connections {
    /// Makes a connection of a stream; why there is none is logged.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<(TlsStream<Patient<TcpStream>>, Arc<Connection>)> {
        let connection = Connection::new(stream.peer_addr().ok(), Arc::clone(&self.metrics));
        if self.metrics.connections.get() > i64::from(self.plan.borrow().limits.connections) {
            let error = io::Error::other("there are too many connections");
            connection.end(Ended::TooMany, &error);
            return Err(error);
        }
        stream.set_nodelay(true)?;
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
        SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
        let stream = Patient::new(stream, self.patience.reading, Arc::clone(&connection));
        let tls = TlsAcceptor::from(Arc::clone(&self.tls.borrow()));
        let accepted = timeout(self.patience.handshake, tls.accept(stream)).await;
        let accepted = accepted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        match accepted {
            Ok(stream) => {
                let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                if let Some(certificate) = shown {
                    // Nobody else has the connection yet.
                    let _ = connection.peer.set(Peer::new(certificate));
                }
                Ok((stream, connection))
            }
            Err(error) => {
                connection.end(Ended::of_handshake(&error), &error);
                Err(error)
            }
        }
    }
}

/// A service that adds its [`Connection`] to every request.
#[derive(Clone, Debug)]
pub(crate) struct WithConnection<S> {
    pub(crate) service: S,
    pub(crate) connection: Arc<Connection>,
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
