use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::WithTag,
    extract::{Body, IfMatch},
    problem::Problem,
};
use crate::{
    domain::{self, Refusal},
    ops::{self, Administrator, Core},
    secret::Secret,
};

/// What the caller has of a second factor.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SecondFactor {
    enrolled: bool,
    /// How many recovery codes are left.
    recovery_codes: i64,
    /// Whether the farm wants one of him.
    required: bool,
}

/// What an authenticator has to be told. It is told here and never again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SecondFactorEnrolment {
    /// Base32, for typing in.
    secret: String,
    /// `otpauth://totp/…`, with codes of six digits for 30 seconds (RFC 6238, SHA-1).
    uri: String,
    /// The URI as a QR code, SVG.
    picture: String,
}

/// A code of the second factor.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SecondFactorCode {
    /// Six digits; where there is a second factor already, also a recovery code.
    #[schema(format = Password)]
    code: String,
}

/// Codes for when the authenticator is lost, each good once. They are told here and never again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// What the farm wants of those who sign in.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SignInPolicy {
    /// Whoever has no second factor is let in for nothing but to enrol one.
    second_factor_required: bool,
}

impl From<domain::SignInPolicy> for SignInPolicy {
    fn from(policy: domain::SignInPolicy) -> Self {
        Self { second_factor_required: policy.second_factor_required }
    }
}

fn told(codes: &[Secret]) -> Json<RecoveryCodes> {
    Json(RecoveryCodes { recovery_codes: codes.iter().map(|code| code.reveal().to_owned()).collect() })
}

/// The caller's second factor
#[utoipa::path(get, path = "/administrators/current/second-factor", tag = "administrators",
    operation_id = "get-second-factor", responses((status = 200, body = SecondFactor), (status = "default", body = Problem)))]
pub(super) async fn get(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<SecondFactor>, Refusal> {
    let ops::SecondFactorState { enrolled, recovery_codes, required } = core.second_factor(&caller).await?;
    Ok(Json(SecondFactor { enrolled, recovery_codes, required }))
}

/// Begins to enrol a second factor; it counts after its first code
#[utoipa::path(post, path = "/administrators/current/second-factor", tag = "administrators",
    operation_id = "begin-second-factor", responses(
    (status = 200, body = SecondFactorEnrolment),
    (status = 409, body = Problem, description = "There is one already"),
    (status = "default", body = Problem),
))]
pub(super) async fn begin(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<Json<SecondFactorEnrolment>, Refusal> {
    let ops::Enrolment { secret, uri, picture } = core.begin_second_factor(&caller).await?;
    let [secret, uri, picture] = [secret, uri, picture].map(|text| text.reveal().to_owned());
    Ok(Json(SecondFactorEnrolment { secret, uri, picture }))
}

/// Makes the second factor count by its first code; other sessions end
#[utoipa::path(post, path = "/administrators/current/second-factor/confirmation", tag = "administrators",
    operation_id = "confirm-second-factor", request_body = SecondFactorCode,
    responses((status = 200, body = RecoveryCodes), (status = "default", body = Problem)))]
pub(super) async fn confirm(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(SecondFactorCode { code }): Body<SecondFactorCode>,
) -> Result<Json<RecoveryCodes>, Refusal> {
    Ok(told(&core.confirm_second_factor(&caller, &Secret::new(code)).await?))
}

/// Takes the caller's second factor away, for a code
#[utoipa::path(post, path = "/administrators/current/second-factor/removal", tag = "administrators",
    operation_id = "remove-second-factor", request_body = SecondFactorCode,
    responses((status = 204), (status = "default", body = Problem)))]
pub(super) async fn remove(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(SecondFactorCode { code }): Body<SecondFactorCode>,
) -> Result<StatusCode, Refusal> {
    core.remove_second_factor(&caller, &Secret::new(code)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the caller other recovery codes, for a code
#[utoipa::path(post, path = "/administrators/current/second-factor/recovery-codes", tag = "administrators",
    operation_id = "renew-recovery-codes", request_body = SecondFactorCode,
    responses((status = 200, body = RecoveryCodes), (status = "default", body = Problem)))]
pub(super) async fn renew_recovery_codes(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    Body(SecondFactorCode { code }): Body<SecondFactorCode>,
) -> Result<Json<RecoveryCodes>, Refusal> {
    Ok(told(&core.renew_recovery_codes(&caller, &Secret::new(code)).await?))
}

/// What the farm wants of those who sign in
#[utoipa::path(get, path = "/sign-in-policy", tag = "administrators", operation_id = "get-sign-in-policy",
    responses((status = 200, body = SignInPolicy), (status = "default", body = Problem)))]
pub(super) async fn policy(
    State(core): State<Arc<Core>>,
    caller: Administrator,
) -> Result<WithTag<SignInPolicy>, Refusal> {
    core.sign_in_policy(&caller).await.map(WithTag::found)
}

/// Says what the farm wants of those who sign in
#[utoipa::path(put, path = "/sign-in-policy", tag = "administrators", operation_id = "replace-sign-in-policy",
    request_body = SignInPolicy, params(("If-Match" = String, Header)), responses(
    (status = 200, body = SignInPolicy),
    (status = 412, body = Problem, description = "Somebody changed it since it was read"),
    (status = "default", body = Problem),
))]
pub(super) async fn set_policy(
    State(core): State<Arc<Core>>,
    caller: Administrator,
    IfMatch(expected): IfMatch,
    Body(SignInPolicy { second_factor_required }): Body<SignInPolicy>,
) -> Result<WithTag<SignInPolicy>, Refusal> {
    let policy = domain::SignInPolicy { second_factor_required };
    core.set_sign_in_policy(&caller, &expected, policy).await.map(WithTag::found)
}
