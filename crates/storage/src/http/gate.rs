use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use axum::{
    body::HttpBody,
    extract::{MatchedPath, Request, State},
    http::{
        HeaderMap, HeaderValue, Method, Version,
        header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use mp_monitor::TRACES;
use mp_profile::{Scope, Sid};
use tracing::Instrument;

use super::Shared;
use crate::{Access, Code, Refusal, metrics, protection::Connection};

/// What a request was about, left by its handler in the response for the log.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) scope: Option<Scope>,
    pub(super) sid: Sid,
    /// What the method does not say.
    pub(super) action: Option<&'static str>,
}

/// Lets in what the current plan lets in, and logs every request: who, what, how much, how long; never contents.
pub(super) async fn gate(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let received = content_length(request.headers());
    let closes = request.version() <= Version::HTTP_11 && brings_a_body(request.headers());
    let operation = operation(&request);
    let peer = request.extensions().get::<Arc<Connection>>().and_then(|connection| connection.address());
    let access = admit(&shared, &request);
    let agent = access.as_ref().map_or_else(|_| "-".to_owned(), |access| access.name().to_owned());
    let mut response = match access {
        Ok(access) => {
            let share = shared.shares.of(access.holder());
            request.extensions_mut().insert(access);
            // The semaphore is never closed.
            let _turn = share.requests.acquire().await;
            let span = tracing::trace_span!(
                target: TRACES, "request", otel.name = operation, otel.kind = "server",
                http.response.status_code = tracing::field::Empty,
            );
            let response = next.run(request).instrument(span.clone()).await;
            span.record("http.response.status_code", i64::from(response.status().as_u16()));
            response
        }
        Err(refusal) => refusal.into_response(),
    };
    let code = response.extensions().get::<Code>().copied();
    let closes = closes || code == Some(Code::TooManyConnections);
    if closes && (response.status().is_client_error() || response.status().is_server_error()) {
        // The body may not have been read, and then the connection ends here; who does not know sends the next request into it.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let about = response.extensions().get::<About>();
    let (status, sent, took) =
        (response.status().as_u16(), response.body().size_hint().exact(), begun.elapsed());
    shared.metrics.answered(&metrics::Answer { operation: &operation, status, code, received, sent, took });
    tracing::info!(
        target: "mp_storage::access",
        agent,
        peer = peer.map(tracing::field::display),
        %method,
        scope = about.and_then(|about| about.scope.as_ref()).map(tracing::field::display),
        sid = about.map(|about| tracing::field::display(&about.sid)),
        action = about.and_then(|about| about.action),
        received,
        sent,
        status,
        code = code.map(Code::text),
        ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "Request"
    );
    response
}

fn admit(shared: &Shared, request: &Request) -> Result<Access, Refusal> {
    let none = || Refusal::new(Code::NotAnAgent, "the connection has no client certificate");
    let connection = request.extensions().get::<Arc<Connection>>().ok_or_else(none)?;
    let peer = connection.peer.get().ok_or_else(none)?;
    let plan = shared.plan.borrow();
    let access = Access::admit(&plan, peer, SystemTime::now())?;
    shared.shares.of(access.holder()).admit(connection, &plan.limits)?;
    Ok(access)
}

/// Method and path template: few in number, whatever clients send.
fn operation(request: &Request) -> String {
    let known = [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::DELETE];
    let method = if known.contains(request.method()) { request.method().as_str() } else { "OTHER" };
    let path = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    format!("{method} {path}")
}

fn brings_a_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|len| len != "0")
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
