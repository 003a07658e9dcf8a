use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    browser,
    extract::{Body, Origin},
    problem::Problem,
};
use crate::{
    domain::Refusal,
    ops::{Administrator, Core, Credentials},
    secret::Secret,
};

/// An administrator's name and password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SignIn {
    pub(super) name: String,
    #[schema(format = Password)]
    pub(super) password: String,
    /// Of the second factor, or a recovery code; for accounts that have one.
    #[serde(default)]
    #[schema(format = Password)]
    pub(super) code: Option<String>,
}

impl From<SignIn> for Credentials {
    fn from(SignIn { name, password, code }: SignIn) -> Self {
        Self { name, password: Secret::new(password), code: code.map(Secret::new) }
    }
}

/// A session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Session {
    /// To be sent as "Authorization: Bearer TOKEN".
    token: String,
    /// RFC 3339.
    #[schema(format = DateTime)]
    expires: String,
}

/// An administrator's present and next password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ChangePassword {
    #[schema(format = Password)]
    current: String,
    /// 12 to 256 characters.
    #[schema(format = Password)]
    new: String,
}

/// Begins a session
#[utoipa::path(post, path = "/sessions", tag = "sessions", operation_id = "sign-in", security(()), request_body = SignIn, responses(
    (status = 201, body = Session),
    (status = 401, body = Problem, description = "Name or password is wrong, or the code of the second factor is missing (MP-CON-009) or wrong"),
    (status = 429, body = Problem, description = "Too many failed attempts; see Retry-After"),
))]
pub(super) async fn sign_in(
    State(core): State<Arc<Core>>,
    Origin(from): Origin,
    Body(body): Body<SignIn>,
) -> Result<(StatusCode, Json<Session>), Refusal> {
    let session = core.sign_in(&body.into(), from).await?;
    let body = Session { token: session.token.reveal().to_owned(), expires: session.expires.rfc3339() };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Ends the session whose token the request carries
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions", operation_id = "sign-out", responses(
    (status = 204),
    (status = "default", body = Problem),
))]
pub(super) async fn sign_out(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Refusal> {
    core.sign_out(&caller).await?;
    Ok((StatusCode::NO_CONTENT, browser::forget()?))
}

/// Changes the caller's password and ends his other sessions
#[utoipa::path(put, path = "/administrators/current/password", tag = "administrators",
    operation_id = "change-password", request_body = ChangePassword,
    responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn change_password(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(body): Body<ChangePassword>,
) -> Result<StatusCode, Refusal> {
    core.change_password(&caller, &Secret::new(body.current), &Secret::new(body.new)).await?;
    Ok(StatusCode::NO_CONTENT)
}
