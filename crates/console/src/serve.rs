use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderValue, Method, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use mp_monitor::{Monitor, TRACES};
use tokio::task::JoinHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::{Console, api, domain::Refusal, linger, machine_api, ops::Core, pages};

/// Longest time for a request; a machine may wait for a change of its plan for a minute of it.
const MAX_TIME: Duration = Duration::from_secs(90);
/// How often the console gives itself a new certificate, which lives much longer.
const RENEWAL: Duration = Duration::from_secs(24 * 60 * 60);
/// How long requests may go on after the end was asked for.
const GRACE: Duration = Duration::from_secs(5);
/// How often sessions that are too old are looked for.
const TRIMMING: Duration = Duration::from_secs(60 * 60);
/// How often names of new users are looked up in the directory.
const NAMING: Duration = Duration::from_secs(60);
/// How often it is looked for changes that other consoles made. Agents learn of them that much later.
const FOLLOWING: Duration = Duration::from_millis(500);
/// How often it is looked for what webhooks are to be told, and for machines that are away.
const TELLING: Duration = Duration::from_secs(1);
const WATCHING: Duration = Duration::from_secs(5);
/// How often it is looked whether a move can go on.
const MOVING: Duration = Duration::from_secs(2);

/// A console that serves. When this is dropped it stops at once; see [`ConsoleHandle::stop`].
#[derive(Debug)]
pub struct ConsoleHandle {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    server: JoinHandle<io::Result<()>>,
    /// What goes on beside requests: certificates, old sessions, other consoles, names, moves, webhooks, machines.
    chores: [JoinHandle<()>; 7],
    console: Arc<Console>,
    monitor: Option<Monitor>,
}

impl ConsoleHandle {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The console that serves.
    #[must_use]
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Answers those who watch the console on another listener, without TLS, until the handle is dropped: `/healthz`, `/readyz`
    /// and `/metrics`.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn watch(&mut self, listener: TcpListener) -> io::Result<SocketAddr> {
        let monitor = Monitor::serve(listener, Arc::clone(self.console.core()))?;
        let address = monitor.address();
        self.monitor = Some(monitor);
        Ok(address)
    }

    /// Serves until the listener fails.
    ///
    /// # Errors
    /// What the system says.
    pub async fn wait(&mut self) -> io::Result<()> {
        (&mut self.server).await.map_err(io::Error::other)?
    }

    /// Takes no more requests, lets those under way finish for a few seconds, and closes the database.
    ///
    /// # Errors
    /// What the system says.
    pub async fn stop(mut self) -> io::Result<()> {
        self.monitor = None;
        self.handle.graceful_shutdown(Some(GRACE));
        self.chores.iter().for_each(JoinHandle::abort);
        let result = self.wait().await;
        for chore in &mut self.chores {
            // It holds the console, and so the state folder, until it has ended.
            let _ = chore.await;
        }
        self.console.close().await;
        result
    }
}

impl Drop for ConsoleHandle {
    fn drop(&mut self) {
        self.chores.iter().for_each(JoinHandle::abort);
        self.handle.shutdown();
        self.server.abort();
    }
}

/// Serves people and machines on one port.
///
/// # Errors
/// When the listener cannot be used, or the console cannot give itself a certificate.
pub async fn serve(listener: TcpListener, console: Arc<Console>) -> io::Result<ConsoleHandle> {
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let tls = RustlsConfig::from_config(console.server_config().map_err(io::Error::other)?);
    let handle = Handle::new();
    let service = router(&console).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum_server::from_tcp_rustls(listener, tls.clone())?.handle(handle.clone()).serve(service);
    let chores = [
        tokio::spawn(renew(Arc::clone(&console), tls)),
        tokio::spawn(trim(Arc::clone(&console))),
        tokio::spawn(follow(Arc::clone(&console))),
        tokio::spawn(name_users(Arc::clone(&console))),
        tokio::spawn(advance_moves(Arc::clone(&console))),
        tokio::spawn(tell_webhooks(Arc::clone(&console))),
        tokio::spawn(watch_machines(Arc::clone(&console))),
    ];
    tracing::info!(%address, "Console listens");
    let server = tokio::spawn(server);
    Ok(ConsoleHandle { address, handle, server, chores, console, monitor: None })
}

/// Keeps the console's own certificate young.
async fn renew(console: Arc<Console>, tls: RustlsConfig) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        match console.server_config() {
            Ok(config) => tls.reload_from_config(config),
            Err(error) => tracing::error!(%error, "Cannot renew the console's certificate"),
        }
    }
}

/// Forgets what is too old now and then, first at the start, and when somebody says how long something is kept.
async fn trim(console: Arc<Console>) {
    loop {
        let work = console.core().trim();
        did(&console, "trim", "forget what is too old", work).await;
        let changed = console.core().retention_changed();
        let _ = tokio::time::timeout(TRIMMING, changed).await;
    }
}

/// Does something that goes on beside requests: traces and counts it, and says in the log when it failed.
async fn did(
    console: &Console,
    chore: &'static str,
    what: &str,
    work: impl Future<Output = Result<(), Refusal>>,
) {
    let begun = Instant::now();
    let span = tracing::trace_span!(target: TRACES, "chore", otel.name = format!("chore {chore}"));
    let result = work.instrument(span).await;
    console.core().metrics.chore(chore, result.is_ok(), begun.elapsed());
    if let Err(error) = result {
        tracing::error!(error = %error, "Cannot {what}");
    }
}

/// Brings moves of scopes further: Agents ask for their plans without saying so.
async fn advance_moves(console: Arc<Console>) {
    loop {
        tokio::time::sleep(MOVING).await;
        let work = console.core().advance_moves();
        did(&console, "moves", "bring a move further", work).await;
    }
}

/// Tells webhooks what waits for them.
async fn tell_webhooks(console: Arc<Console>) {
    loop {
        tokio::time::sleep(TELLING).await;
        let work = async { console.core().tell_webhooks().await.map(drop) };
        did(&console, "webhooks", "look for what webhooks are to be told", work).await;
    }
}

/// Looks which machines are away.
async fn watch_machines(console: Arc<Console>) {
    loop {
        tokio::time::sleep(WATCHING).await;
        let work = console.core().watch_machines();
        did(&console, "machines", "look which machines are away", work).await;
    }
}

/// Looks for what other consoles of the farm have changed.
async fn follow(console: Arc<Console>) {
    loop {
        tokio::time::sleep(FOLLOWING).await;
        let work = console.core().follow_others();
        did(&console, "follow", "look for changes by other consoles", work).await;
    }
}

/// Looks up names of users in the directory, now and then and after changes, such as those of its settings.
async fn name_users(console: Arc<Console>) {
    let mut changes = console.core().changes();
    loop {
        match console.core().look_up_names().await {
            Ok(_) => {}
            // It was told when the directory was asked.
            Err(Refusal::Directory(_)) => {}
            Err(error) => tracing::error!(error = %error, "Cannot look up names of users"),
        }
        let _ = tokio::time::timeout(NAMING, changes.changed()).await;
        // Changes come in crowds.
        tokio::time::sleep(FOLLOWING).await;
    }
}

fn router(console: &Console) -> Router {
    let core = console.core();
    Router::new()
        .merge(api::routes(core))
        .merge(machine_api::routes())
        .fallback(pages::serve)
        .method_not_allowed_fallback(|| async { Refusal::NoMethod })
        .with_state(Arc::clone(core))
        .layer(from_fn(bounded))
        .layer(CatchPanicLayer::custom(|_| Refusal::internal("a handler panicked").into_response()))
        .layer(from_fn_with_state(Arc::clone(core), access_log))
        .layer(from_fn(linger::read_on))
}

/// Ends what takes too long, and lets nobody keep an answer that does not say it may be kept.
async fn bounded(request: Request, next: Next) -> Response {
    let mut response = match tokio::time::timeout(MAX_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::Timeout(MAX_TIME.as_secs()).into_response(),
    };
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Counts and logs the route, not the address: names and whatever else a request carries stay out of the log.
async fn access_log(State(core): State<Arc<Core>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let from =
        request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.to_string());
    let operation = format!("{} {route}", counted(&method));
    let span = tracing::trace_span!(
        target: TRACES, "request", otel.name = operation, otel.kind = "server", http.request.method = counted(&method),
        http.route = route, http.response.status_code = tracing::field::Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", i64::from(response.status().as_u16()));
    let took = start.elapsed();
    core.metrics.answered(operation, response.status().as_u16(), took);
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%method, route, from, status = response.status().as_u16(), milliseconds, "Request");
    response
}

/// A method as it is counted: anybody may make up others.
fn counted(method: &Method) -> &str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH];
    if known.contains(method) { method.as_str() } else { "-" }
}
