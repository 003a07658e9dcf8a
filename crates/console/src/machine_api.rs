//! What machines ask the console: to join, to renew their certificate, and what to do. They are known by their certificates
//! alone; a session of an administrator counts for nothing here.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRequestParts, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use axum_server::tls::TlsInfo;
use mp_protocol::{
    EnrolRequest, Enrolled, MachineCertificate, RenewRequest, paths,
    peers::PeerReport,
    session_report::{BatchAnswer, MAX_BATCH_BYTES, ReportBatch},
    storage_status::StorageStatus,
};
use serde::Deserialize;

use crate::{
    api::{Body, Origin, Params, SMALL_BODY, etag},
    domain::{Peer, Refusal},
    ops::{Answer, Core},
};

/// The routes for machines.
pub(crate) fn routes() -> Router<Arc<Core>> {
    let reports = Router::new()
        .route(paths::SESSION_REPORTS, post(session_reports))
        .route(paths::DAMAGE_REPORTS, post(damage_reports))
        .route_layer(DefaultBodyLimit::max(MAX_BATCH_BYTES));
    Router::new()
        .route(paths::ENROL, post(enrol))
        .route(paths::RENEW, post(renew))
        .route(paths::PLAN, get(plan))
        .route(paths::PEER_REPORT, post(peer_report))
        .route(paths::STORAGE_STATUS, post(storage_status))
        .route_layer(DefaultBodyLimit::max(SMALL_BODY))
        .merge(reports)
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let tls = parts.extensions.get::<Arc<TlsInfo>>().ok_or(Refusal::NoCertificate)?;
        let certificate = tls.peer_certificates.first().ok_or(Refusal::NoCertificate)?;
        let certificate = MachineCertificate::from_der(certificate)
            .map_err(|error| Refusal::UnknownCertificate(error.to_string()))?;
        Ok(Self { role: certificate.machine.role, id: certificate.machine.id, serial: certificate.serial })
    }
}

async fn enrol(
    State(core): State<Arc<Core>>,
    Origin(from): Origin,
    Body(request): Body<EnrolRequest>,
) -> Result<(StatusCode, Json<Enrolled>), Refusal> {
    Ok((StatusCode::CREATED, Json(core.enrol(&request, from).await?)))
}

async fn renew(
    State(core): State<Arc<Core>>,
    peer: Peer,
    Origin(from): Origin,
    Body(request): Body<RenewRequest>,
) -> Result<Json<Enrolled>, Refusal> {
    Ok(Json(core.renew(&peer, &request.csr, from).await?))
}

async fn session_reports(
    State(core): State<Arc<Core>>,
    peer: Peer,
    Body(batch): Body<ReportBatch<serde_json::Value>>,
) -> Result<Json<BatchAnswer>, Refusal> {
    Ok(Json(core.take_reports(&peer, batch).await?))
}

async fn damage_reports(
    State(core): State<Arc<Core>>,
    peer: Peer,
    Body(batch): Body<ReportBatch<serde_json::Value>>,
) -> Result<Json<BatchAnswer>, Refusal> {
    Ok(Json(core.take_damage_reports(&peer, batch).await?))
}

async fn peer_report(
    State(core): State<Arc<Core>>,
    peer: Peer,
    Body(report): Body<PeerReport>,
) -> Result<StatusCode, Refusal> {
    core.take_peer_report(&peer, &report).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn storage_status(
    State(core): State<Arc<Core>>,
    peer: Peer,
    Body(status): Body<StorageStatus>,
) -> Result<StatusCode, Refusal> {
    core.take_storage_status(&peer, status).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How long to wait for a change.
#[derive(Deserialize)]
struct Wait {
    /// Seconds.
    #[serde(default)]
    wait: u64,
}

async fn plan(
    State(core): State<Arc<Core>>,
    peer: Peer,
    Params(Wait { wait }): Params<Wait>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let known: Vec<&str> = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(opaque)
        .collect();
    let knows = |tag: &str| known.contains(&tag);
    let _waiting = (wait > 0).then(|| Waiting::begin(&core));
    match core.plan(&peer, knows, Duration::from_secs(wait)).await? {
        Answer::Plan(plan, tag) => Ok(([etag(&tag)?], Json(plan)).into_response()),
        Answer::Same(tag) => Ok((StatusCode::NOT_MODIFIED, [etag(&tag)?]).into_response()),
    }
}

/// Counts a machine that waits, for as long as this lives.
struct Waiting<'c>(&'c Core);

impl<'c> Waiting<'c> {
    fn begin(core: &'c Core) -> Self {
        core.metrics.long_polls.inc();
        Self(core)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.metrics.long_polls.dec();
    }
}

/// What is between the quotes of a tag, weak or not: here both compare alike (RFC 9110, 13.1.2).
fn opaque(tag: &str) -> Option<&str> {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')
}
