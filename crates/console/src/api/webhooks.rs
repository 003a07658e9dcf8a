use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::WithTag,
    extract::{Body, IfMatch, Named},
    problem::Problem,
};
use crate::{
    domain::{self, Refusal, SignalKind},
    ops::{Administrator, Core, Tagged},
    repository::{LastTold, StoredWebhook},
    secret::Secret,
};

/// Where other programs are told when something fails.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Webhook {
    name: String,
    /// HTTPS address.
    url: String,
    /// What is told.
    kinds: Vec<SignalKind>,
    /// Authorities that are trusted instead of those of the system, in PEM; empty for those of the system.
    certificates: String,
    /// Whether it is told anything.
    enabled: bool,
    /// How much waits to be told.
    waiting: i64,
    /// How much was given up in the last seven days.
    given_up: i64,
    /// What came of the last request; null before the first one.
    last: Option<WebhookResult>,
}

/// What came of a request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct WebhookResult {
    /// RFC 3339.
    #[schema(format = DateTime)]
    at: String,
    /// Whether the receiver took it.
    told: bool,
    /// Status of the answer; null when there was none.
    status: Option<u16>,
    /// Why it was not taken.
    error: Option<String>,
}

/// How a webhook is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WebhookForm {
    name: String,
    url: String,
    kinds: Vec<SignalKind>,
    #[serde(default)]
    certificates: String,
    #[serde(default = "yes")]
    enabled: bool,
}

/// A webhook with its secret, which is told this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct WebhookWithSecret {
    webhook: Webhook,
    /// What requests are signed with, as the receiver's library takes it.
    secret: String,
}

fn yes() -> bool {
    true
}

impl From<StoredWebhook> for Webhook {
    fn from(stored: StoredWebhook) -> Self {
        let domain::Webhook { name, url, kinds, certificates, enabled } = stored.webhook;
        let last = stored.last.map(Into::into);
        let (waiting, given_up) = (stored.waiting, stored.given_up);
        Self { name, url, kinds, certificates, enabled, waiting, given_up, last }
    }
}

impl From<LastTold> for WebhookResult {
    fn from(last: LastTold) -> Self {
        Self { at: last.at.rfc3339(), told: last.error.is_none(), status: last.status, error: last.error }
    }
}

impl From<WebhookForm> for domain::Webhook {
    fn from(form: WebhookForm) -> Self {
        let WebhookForm { name, url, mut kinds, certificates, enabled } = form;
        let mut seen = Vec::new();
        kinds.retain(|kind| {
            !seen.contains(kind) && {
                seen.push(*kind);
                true
            }
        });
        Self { name, url, kinds, certificates, enabled }
    }
}

impl From<(StoredWebhook, Secret)> for WebhookWithSecret {
    fn from((stored, secret): (StoredWebhook, Secret)) -> Self {
        Self { webhook: stored.into(), secret: secret.reveal().to_owned() }
    }
}

fn with_secret((tagged, secret): (Tagged<StoredWebhook>, Secret)) -> Tagged<(StoredWebhook, Secret)> {
    Tagged { tag: tagged.tag, item: (tagged.item, secret) }
}

/// All webhooks, by name
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", operation_id = "list-webhooks",
    responses((status = 200, body = Vec<Webhook>), (status = "default", body = Problem)))]
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<Vec<Webhook>>, Refusal> {
    Ok(Json(core.webhooks(&caller).await?.into_iter().map(Into::into).collect()))
}

/// Sets one up, and tells its secret this once
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", operation_id = "create-webhook", request_body = WebhookForm,
    responses((status = 201, body = WebhookWithSecret), (status = "default", body = Problem)))]
pub(super) async fn create(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(form): Body<WebhookForm>,
) -> Result<WithTag<WebhookWithSecret>, Refusal> {
    core.create_webhook(&caller, form.into()).await.map(with_secret).map(WithTag::created)
}

/// One of them
#[utoipa::path(get, path = "/webhooks/{name}", tag = "webhooks", operation_id = "get-webhook",
    params(("name" = String, Path)), responses((status = 200, body = Webhook), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
) -> Result<WithTag<Webhook>, Refusal> {
    core.webhook(&caller, &name).await.map(WithTag::found)
}

/// Sets it up otherwise; its secret stays
#[utoipa::path(put, path = "/webhooks/{name}", tag = "webhooks", operation_id = "replace-webhook", request_body = WebhookForm,
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = Webhook),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn replace(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
    Body(form): Body<WebhookForm>,
) -> Result<WithTag<Webhook>, Refusal> {
    core.replace_webhook(&caller, &expected, &name, form.into()).await.map(WithTag::found)
}

/// Removes it, and what waits to be told
#[utoipa::path(delete, path = "/webhooks/{name}", tag = "webhooks", operation_id = "remove-webhook",
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 204),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn remove(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Refusal> {
    core.remove_webhook(&caller, &expected, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives it a new secret, which is told this once; the former one counts no more
#[utoipa::path(post, path = "/webhooks/{name}/secret", tag = "webhooks", operation_id = "renew-webhook-secret",
    params(("name" = String, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = WebhookWithSecret),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn renew_secret(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
    IfMatch(expected): IfMatch,
) -> Result<WithTag<WebhookWithSecret>, Refusal> {
    core.renew_webhook_secret(&caller, &expected, &name).await.map(with_secret).map(WithTag::found)
}

/// Tells it something of no meaning, now, and says what came of it
#[utoipa::path(post, path = "/webhooks/{name}/test", tag = "webhooks", operation_id = "test-webhook",
    params(("name" = String, Path)), responses((status = 200, body = WebhookResult), (status = "default", body = Problem)))]
pub(super) async fn test(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Named(name): Named,
) -> Result<Json<WebhookResult>, Refusal> {
    Ok(Json(core.try_webhook(&caller, &name).await?.into()))
}
