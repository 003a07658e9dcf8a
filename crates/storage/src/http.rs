//! The requests of `docs/reference/wire.md`, section 3.

mod administration;
mod body;
mod delta;
mod dictionary;
mod gate;
mod handlers;
mod peers;
mod room;

use std::{
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::available_parallelism,
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use mp_protocol::StoragePlan;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::{Semaphore, watch},
    task::{block_in_place, spawn_blocking},
};

use crate::{
    Code, Metrics, Patience, Refusal, Store,
    protection::{PERMIT, Shares},
};

/// Bytes of bodies that are in memory at the same time, in all requests.
const BODY_MEMORY: usize = 512 * 1024 * 1024;
/// Calls of the backend at the same time; more wait.
const BACKEND_CALLS: usize = 64;

/// What all requests share.
#[derive(Clone, Debug)]
struct Shared {
    store: Store,
    plan: watch::Receiver<StoragePlan>,
    metrics: Arc<Metrics>,
    patience: Patience,
    shares: Arc<Shares>,
    body_memory: Arc<Semaphore>,
    backend_calls: Arc<Semaphore>,
    /// Calls that read, on threads that serve connections: see [`Shared::reading`].
    short_calls: Arc<Semaphore>,
    /// Answers that are being made as deltas: as many as there are processors.
    delta_turns: Arc<Semaphore>,
}

impl Shared {
    /// Runs a blocking call without holding up other connections. Where the runtime has other threads to serve these, the
    /// call stays on the thread of its request: a hand-over to another one and back takes longer than most calls.
    async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let permit = self.backend_calls.acquire().await.map_err(|error| failed(&error.to_string()))?;
        let answer = match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread => {
                catch_unwind(AssertUnwindSafe(|| block_in_place(call))).map_err(|_| panicked())
            }
            _ => spawn_blocking(call).await.map_err(|error| failed(&error.to_string())),
        };
        drop(permit);
        answer?
    }

    /// Runs a call that reads. Where the backend seldom waits, it runs as if it did not block, on half of the threads at
    /// most: when its disk is slow after all, the other half serves the connections, and further calls are blocking ones.
    /// What is not `short`, because more than hashes is calculated, is a blocking call in any case.
    async fn reading<T: Send + 'static>(
        &self,
        short: bool,
        call: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let short = short && self.store.reads_at_once();
        match short.then(|| self.short_calls.try_acquire().ok()).flatten() {
            Some(_permit) => catch_unwind(AssertUnwindSafe(call)).map_err(|_| panicked())?,
            None => self.blocking(call).await,
        }
    }
}

/// Half of the threads that serve connections, where there are several.
fn short_calls() -> usize {
    let runtime = Handle::try_current().ok();
    runtime.map_or(0, |runtime| runtime.metrics().num_workers() / 2)
}

fn failed(error: &str) -> Refusal {
    tracing::error!(error, "A call of the store did not finish");
    Refusal::new(Code::StoreFailed, "the storage server cannot do that now; its log says why")
}

fn panicked() -> Refusal {
    failed("it panicked")
}

pub(crate) fn router(
    store: Store,
    plan: watch::Receiver<StoragePlan>,
    metrics: Arc<Metrics>,
    patience: Patience,
) -> Router {
    let shared = Shared {
        store,
        plan,
        metrics,
        patience,
        shares: Arc::default(),
        body_memory: Arc::new(Semaphore::new(BODY_MEMORY / PERMIT)),
        backend_calls: Arc::new(Semaphore::new(BACKEND_CALLS)),
        short_calls: Arc::new(Semaphore::new(short_calls())),
        delta_turns: Arc::new(Semaphore::new(available_parallelism().map_or(1, NonZero::get))),
    };
    let data_set = get(handlers::get).head(handlers::head).put(handlers::put).delete(handlers::delete);
    let quarantine = post(handlers::quarantine).get(administration::quarantined);
    let quarantined = get(administration::read_quarantined).delete(administration::delete_quarantined);
    Router::new()
        .route("/v1/data-sets/{scope}/{sid}", data_set)
        .route("/v1/data-sets/{scope}/{sid}/versions", get(administration::versions))
        .route("/v1/data-sets/{scope}/{sid}/versions/{tag}", get(administration::version))
        .route("/v1/data-sets/{scope}/{sid}/versions/{tag}/restore", post(administration::restore))
        .route("/v1/data-sets/{scope}/{sid}/versions/{tag}/pin", post(administration::pin))
        .route("/v1/data-sets/{scope}/{sid}/versions/{tag}/unpin", post(administration::unpin))
        .route("/v1/data-sets/{scope}/{sid}/quarantine", quarantine)
        .route("/v1/data-sets/{scope}/{sid}/quarantine/{id}", quarantined)
        .route("/v1/data-sets/{scope}/{sid}/quarantine/{id}/accept", post(administration::accept))
        .route("/v1/scopes", get(administration::scopes))
        .route("/v1/scopes/{scope}/users", get(administration::users))
        .route("/v1/scopes/{scope}/heads", get(peers::heads))
        .route("/v1/changes", get(peers::changes))
        .route("/v1/users/{sid}/data-sets", get(handlers::user))
        .fallback(async || Refusal::new(Code::NoSuchPath, "there is nothing at this path"))
        .method_not_allowed_fallback(async || {
            Refusal::new(Code::BadMethod, "this method is not for this path")
        })
        // Bodies are bounded where they are read, with the code that says so.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(shared.clone(), gate::gate))
        .with_state(shared)
}
