//! Health and metrics for those who watch the service, on an address of their own and without TLS: nothing there is about a
//! user, and nothing can be changed.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use axum_server::Handle;

use crate::Health;

/// For the head of a request, and between two requests.
const HEAD: Duration = Duration::from_secs(30);
/// Bytes of the head of a request.
const MAX_HEAD: usize = 16 * 1024;
/// Content type of OpenMetrics text.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

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
    pub fn serve(listener: TcpListener, health: Arc<Health>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let handle = Handle::new();
        let app = Router::new()
            .route("/healthz", get(async || "alive\n"))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(health);
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

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let report = health.report(SystemTime::now());
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn metrics(State(health): State<Arc<Health>>) -> Response {
    // What depends on the time alone, such as an expired certificate, is looked at now.
    let _ = health.report(SystemTime::now());
    ([(CONTENT_TYPE, METRICS_TYPE)], health.metrics().text()).into_response()
}
