//! Health and metrics for those who watch a service, on an address of their own and without TLS: nothing there is about a
//! user, and nothing can be changed.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use axum_server::Handle;

/// For the head of a request, and between two requests.
const HEAD: Duration = Duration::from_secs(30);
/// Bytes of the head of a request.
const MAX_HEAD: usize = 16 * 1024;
/// Content type of OpenMetrics text.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Target of the spans that are traces of requests and chores. They are at the level TRACE, so that they cost nothing as long as
/// nobody asks for them.
pub const TRACES: &str = "metaprofiles::traces";

/// Bounds of histograms of times, in seconds.
pub const BOUNDS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// A service that can be watched.
pub trait Watched: Send + Sync + 'static {
    /// Whether it can do its work, and what was looked at.
    fn ready(&self) -> impl Future<Output = (bool, serde_json::Value)> + Send;

    /// Everything that it counts, as OpenMetrics text.
    fn metrics(&self) -> impl Future<Output = String> + Send;
}

/// The server of `/healthz`, `/readyz` and `/metrics`. It ends when this is dropped.
#[derive(Debug)]
pub struct Monitor {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
}

impl Monitor {
    /// Serves on a listener, in the current tokio runtime.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn serve<W: Watched>(listener: TcpListener, watched: Arc<W>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let handle = Handle::new();
        let app = Router::new()
            .route("/healthz", get(async || "alive\n"))
            .route("/readyz", get(ready::<W>))
            .route("/metrics", get(metrics::<W>))
            .with_state(watched);
        let mut server =
            axum_server::from_tcp(listener)?.handle(handle.clone()).http1_only().first_request_timeout(HEAD);
        server.http_builder().http1().header_read_timeout(HEAD).max_buf_size(MAX_HEAD);
        tokio::spawn(server.serve(app.into_make_service()));
        Ok(Self { address, handle })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

async fn ready<W: Watched>(State(watched): State<Arc<W>>) -> Response {
    let (ready, report) = watched.ready().await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn metrics<W: Watched>(State(watched): State<Arc<W>>) -> Response {
    ([(CONTENT_TYPE, METRICS_TYPE)], watched.metrics().await).into_response()
}
