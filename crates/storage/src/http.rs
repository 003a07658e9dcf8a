//! The requests of `docs/reference/wire.md`, section 3.

mod administration;
mod body;
mod delta;
mod dictionary;
mod gate;
mod handlers;
mod peers;
mod room;

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use mp_protocol::StoragePlan;
use tokio::sync::{Semaphore, watch};

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
    /// Answers that are being made as deltas: as many as there are processors.
    delta_turns: Arc<Semaphore>,
}

impl Shared {
    /// Runs a blocking call outside the threads that serve connections.
    async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let failed = |text: String| {
            tracing::error!(error = text, "A call of the store did not finish");
            Refusal::new(Code::StoreFailed, "the storage server cannot do that now; its log says why")
        };
        let permit = self.backend_calls.acquire().await.map_err(|error| failed(error.to_string()))?;
        let answer = tokio::task::spawn_blocking(call).await.map_err(|error| failed(error.to_string()))?;
        drop(permit);
        answer
    }
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
