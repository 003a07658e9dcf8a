use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use axum::{
    body::HttpBody,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Version,
        header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_server::tls::TlsInfo;
use mp_profile::{Scope, Sid};

use super::Shared;
use crate::{Access, Code, Refusal};

/// What a request was about, left by its handler in the response for the log.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) scope: Option<Scope>,
    pub(super) sid: Sid,
}

/// Lets in what the current plan lets in, and logs every request: who, what, how much, how long; never contents.
pub(super) async fn gate(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let received = content_length(request.headers());
    let closes = request.version() <= Version::HTTP_11 && brings_a_body(request.headers());
    let access = admit(&shared, &request);
    let agent = access.as_ref().map_or_else(|_| "-".to_owned(), |access| access.name().to_owned());
    let mut response = match access {
        Ok(access) => {
            request.extensions_mut().insert(access);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    if closes && (response.status().is_client_error() || response.status().is_server_error()) {
        // The body may not have been read, and then the connection ends here; who does not know sends the next request into it.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let about = response.extensions().get::<About>();
    tracing::info!(
        target: "mp_storage::access",
        agent,
        %method,
        scope = about.and_then(|about| about.scope.as_ref()).map(tracing::field::display),
        sid = about.map(|about| tracing::field::display(&about.sid)),
        received,
        sent = response.body().size_hint().exact(),
        status = response.status().as_u16(),
        ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        "Request"
    );
    response
}

fn admit(shared: &Shared, request: &Request) -> Result<Access, Refusal> {
    let tls = request.extensions().get::<Arc<TlsInfo>>();
    let certificate = tls.and_then(|tls| tls.peer_certificates.first());
    let certificate = certificate
        .ok_or_else(|| Refusal::new(Code::NotAnAgent, "the connection has no client certificate"))?;
    Access::admit(&shared.plan.borrow(), certificate, SystemTime::now())
}

fn brings_a_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|len| len != "0")
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
