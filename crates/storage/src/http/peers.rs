//! What another Storage Server asks for, to take it over.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    response::IntoResponse,
};
use mp_profile::Sid;
use serde::Deserialize;

use super::{
    Shared,
    administration::{PAGE, Page},
    handlers::{Answer, parse_scope},
};
use crate::{Access, Code, Refusal};

/// Longest wait for a change.
const MAX_WAIT: Duration = Duration::from_secs(30);

pub(super) async fn heads(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(scope): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Answer {
    let bad = |text: String| Refusal::new(Code::BadPath, text);
    let Query(Page { after, limit }) = page.map_err(|error| bad(error.to_string()))?;
    let scope = parse_scope(&scope)?;
    let after: Option<Sid> =
        after.map(|sid| sid.parse()).transpose().map_err(|error| bad(format!("{error}")))?;
    let limit = limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let store = shared.store.of(access);
    let heads = shared.blocking(move || store.heads(&scope, after.as_ref(), limit)).await?;
    Ok(Json(heads).into_response())
}

/// Since when, and how long to wait for something.
#[derive(Deserialize)]
pub(super) struct Since {
    since: Option<String>,
    /// Seconds.
    #[serde(default)]
    wait: u64,
}

pub(super) async fn changes(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    since: Result<Query<Since>, QueryRejection>,
) -> Answer {
    let Query(Since { since, wait }) =
        since.map_err(|error| Refusal::new(Code::BadPath, error.to_string()))?;
    let scopes = access.scopes();
    for scope in &scopes {
        access.check_looks(scope)?;
    }
    let journal = shared.store.journal();
    let mut news = journal.watch();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(wait).min(MAX_WAIT);
    loop {
        news.mark_unchanged();
        let changes = journal.since(since.as_deref(), |scope| scopes.contains(scope));
        let told = changes.missed || !changes.changed.is_empty();
        if told || tokio::time::timeout_at(deadline, news.changed()).await.is_err() {
            return Ok(Json(changes).into_response());
        }
    }
}
