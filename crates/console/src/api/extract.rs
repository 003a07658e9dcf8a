use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    Json,
    extract::{ConnectInfo, FromRequest, FromRequestParts, MatchedPath, Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use serde::de::DeserializeOwned;

use super::{browser, permissions::permission};
use crate::{
    domain::{Permission, Refusal},
    ops::{Administrator, Core, Expected},
};

/// Most bytes that are read of whoever is not known yet.
pub(crate) const SMALL_BODY: usize = 64 * 1024;

/// Lets only those through who are signed in and may do what they ask for. A certificate of a machine counts for nothing here.
pub(super) async fn authenticate(
    State(core): State<Arc<Core>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let permission = permission(request.method(), path);
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
    let token = bearer(request.headers()).or_else(|| browser::token(request.headers())).map(str::to_owned);
    let caller = match (token, from) {
        (Some(token), Some(from)) => allowed(&core, &token, from, permission).await,
        (_, None) => Err(Refusal::internal("a request comes from nowhere")),
        (None, _) => Err(Refusal::NotSignedIn),
    };
    request.extensions_mut().insert(caller?);
    Ok(next.run(request).await)
}

/// Who holds a token, if that is enough for what he asks for. What nobody is said to be allowed, nobody is.
async fn allowed(
    core: &Core,
    token: &str,
    from: IpAddr,
    permission: Option<Permission>,
) -> Result<Administrator, Refusal> {
    let caller = core.administrator(token, from).await?;
    match permission {
        Some(permission) => caller.require(permission)?,
        None => return Err(Refusal::NotAllowed(caller.role())),
    }
    Ok(caller)
}

/// The one bearer token of a request (RFC 6750, 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl<S: Send + Sync> FromRequestParts<S> for Administrator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or(Refusal::NotSignedIn)
    }
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(body_refused(rejection.status(), rejection.body_text())),
        }
    }
}

fn body_refused(status: StatusCode, text: String) -> Refusal {
    if status == StatusCode::PAYLOAD_TOO_LARGE { Refusal::TooLarge } else { Refusal::Body(text) }
}

/// The query of an address.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(params) = Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Refusal::Request(rejection.body_text()))?;
        Ok(Self(params))
    }
}

/// The one variable part of an address.
pub(super) struct Named<T = String>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(name) = Path::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Refusal::Request(rejection.body_text()))?;
        Ok(Self(name))
    }
}

/// `If-Match`, without which nothing that exists is changed.
pub(super) struct IfMatch(pub(super) Expected);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Err(Refusal::NoPrecondition);
        }
        let mut tags = Vec::new();
        for tag in
            values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim)
        {
            if tag == "*" {
                return Ok(Self(Expected::Any));
            }
            // A weak tag never matches here (RFC 9110, 13.1.1), nor does what is no tag.
            tags.extend(tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).map(str::to_owned));
        }
        Ok(Self(Expected::Tags(tags)))
    }
}

/// Where a request came from.
pub(crate) struct Origin(pub(crate) IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let ConnectInfo(address) =
            ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await.map_err(Refusal::internal)?;
        Ok(Self(address.ip()))
    }
}

/// A body of text, whatever its type is called.
pub(super) struct Text(pub(super) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        match String::from_request(request, state).await {
            Ok(text) => Ok(Self(text)),
            Err(rejection) => Err(body_refused(rejection.status(), rejection.body_text())),
        }
    }
}
