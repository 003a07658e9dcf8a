//! Signing in by way of an OpenID Connect provider, for browsers. What ends a sign-in has to come from the browser that began
//! it: that keeps it, sealed, in a cookie that scripts cannot read and that lives for minutes.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    browser::{self, Cookie, CurrentSession},
    extract::{Body, Origin},
    problem::Problem,
};
use crate::{
    domain::Refusal,
    ops::{Answered, Core, SIGN_IN_SECONDS, SentBack},
    secret::Secret,
};

/// How somebody can sign in beside name and password.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SignInOptions {
    /// null: no provider.
    openid_connect: Option<OpenidOption>,
}

/// An OpenID Connect provider by way of which people sign in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct OpenidOption {
    /// What people call it.
    name: String,
    /// The console's address to which it sends people back; a sign-in has to be begun there.
    address: String,
}

/// Where somebody proves who he is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OpenidSignIn {
    /// The provider's.
    address: String,
}

/// What the provider has sent somebody back with: the parameters of the address.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OpenidReturn {
    state: String,
    #[serde(default)]
    #[schema(format = Password)]
    code: Option<String>,
    /// Why the provider did not let him in.
    #[serde(default)]
    error: Option<String>,
    /// Parameter iss.
    #[serde(default)]
    issuer: Option<String>,
}

/// The code of a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OpenidCode {
    /// Of the authenticator, or a recovery code.
    #[schema(format = Password)]
    code: String,
}

/// How one can sign in beside name and password
#[utoipa::path(get, path = "/sign-in-options", tag = "sessions", operation_id = "get-sign-in-options", security(()),
    responses((status = 200, body = SignInOptions), (status = "default", body = Problem)))]
pub(super) async fn options(State(core): State<Arc<Core>>) -> Result<Json<SignInOptions>, Refusal> {
    let offer = core.openid_offer().await?;
    Ok(Json(SignInOptions { openid_connect: offer.map(|(name, address)| OpenidOption { name, address }) }))
}

/// Begins a sign-in by way of the OpenID Connect provider; needs the header X-MetaProfiles-Pages
#[utoipa::path(post, path = "/sessions/openid-connect", tag = "sessions", operation_id = "begin-openid-sign-in", security(()), responses(
    (status = 201, body = OpenidSignIn),
    (status = 409, body = Problem, description = "No provider is set up"),
    (status = 429, body = Problem, description = "Too many were begun; see Retry-After"),
    (status = 503, body = Problem, description = "The provider cannot be asked"),
))]
pub(super) async fn begin(
    State(core): State<Arc<Core>>,
    Origin(from): Origin,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    browser::require_pages(&headers)?;
    let (address, kept) = core.begin_openid(from).await?;
    let cookie = Cookie::SignIn.set(kept.reveal(), SIGN_IN_SECONDS)?;
    Ok((StatusCode::CREATED, [cookie], Json(OpenidSignIn { address })).into_response())
}

/// Ends a sign-in with what the provider has sent somebody back with; needs the header X-MetaProfiles-Pages
#[utoipa::path(post, path = "/sessions/openid-connect/return", tag = "sessions", operation_id = "end-openid-sign-in", security(()), request_body = OpenidReturn, responses(
    (status = 201, body = CurrentSession),
    (status = 401, body = Problem, description = "This browser began no such sign-in, or nothing is proved by it; or the code of the second factor is missing (MP-CON-009)"),
    (status = 403, body = Problem, description = "Whoever it is may not come in"),
    (status = 429, body = Problem, description = "Too many failed attempts; see Retry-After"),
    (status = 503, body = Problem, description = "The provider cannot be asked"),
))]
pub(super) async fn end(
    State(core): State<Arc<Core>>,
    Origin(from): Origin,
    headers: HeaderMap,
    Body(body): Body<OpenidReturn>,
) -> Result<Response, Refusal> {
    browser::require_pages(&headers)?;
    let OpenidReturn { state, code, error, issuer } = body;
    let sent = SentBack { state, code: code.map(Secret::new), error, issuer };
    match core.answer_openid(Cookie::SignIn.of(&headers), sent, from).await {
        Ok(Answered::Session(session)) => browser::signed_in(&core, &session, from).await,
        Ok(Answered::CodeNeeded(kept)) => {
            let cookie = Cookie::SignIn.set(kept.reveal(), SIGN_IN_SECONDS)?;
            Ok(([cookie], Refusal::CodeNeeded).into_response())
        }
        Err(refusal) => Err(refusal),
    }
}

/// Ends such a sign-in with the code of a second factor; needs the header X-MetaProfiles-Pages
#[utoipa::path(post, path = "/sessions/openid-connect/code", tag = "sessions", operation_id = "send-openid-code", security(()), request_body = OpenidCode, responses(
    (status = 201, body = CurrentSession),
    (status = 401, body = Problem, description = "This browser has no proof of the provider's, or the code is wrong"),
    (status = 403, body = Problem, description = "Whoever it is may not come in"),
    (status = 429, body = Problem, description = "Too many failed attempts; see Retry-After"),
))]
pub(super) async fn code(
    State(core): State<Arc<Core>>,
    Origin(from): Origin,
    headers: HeaderMap,
    Body(body): Body<OpenidCode>,
) -> Result<Response, Refusal> {
    browser::require_pages(&headers)?;
    let (kept, code) = (Cookie::SignIn.of(&headers), Secret::new(body.code));
    let session = core.code_after_openid(kept, &code, from).await?;
    browser::signed_in(&core, &session, from).await
}
