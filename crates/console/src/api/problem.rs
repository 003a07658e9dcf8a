use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{Refusal, RefusalKind},
    error::chain,
};

/// Content type of a refusal (RFC 9457, 6.1).
const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not done (RFC 9457).
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Names the sort of problem; made of the code.
    #[schema(example = "urn:metaprofiles:problem:MP-CON-022")]
    r#type: String,
    /// The sort of answer, in short.
    #[schema(example = "Not found")]
    title: &'static str,
    /// HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What happened, and what to do next.
    detail: String,
    /// Stable; docs/reference/codes.md says what it means and what to do.
    #[schema(example = "MP-CON-022")]
    code: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, kind) = self.code();
        let (status, title) = match kind {
            RefusalKind::Invalid => (StatusCode::BAD_REQUEST, "Invalid request"),
            RefusalKind::Unauthenticated => (StatusCode::UNAUTHORIZED, "Not signed in"),
            RefusalKind::Forbidden => (StatusCode::FORBIDDEN, "Not allowed"),
            RefusalKind::NotFound => (StatusCode::NOT_FOUND, "Not found"),
            RefusalKind::NoMethod => (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
            RefusalKind::Conflict => (StatusCode::CONFLICT, "Conflict"),
            RefusalKind::Stale => (StatusCode::PRECONDITION_FAILED, "Changed meanwhile"),
            RefusalKind::NoPrecondition => (StatusCode::PRECONDITION_REQUIRED, "If-Match is missing"),
            RefusalKind::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too many"),
            RefusalKind::Timeout => (StatusCode::SERVICE_UNAVAILABLE, "Took too long"),
            RefusalKind::Away => (StatusCode::SERVICE_UNAVAILABLE, "Not reachable"),
            RefusalKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Too large"),
            RefusalKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Console failed"),
        };
        if let Self::Internal(error) = &self {
            tracing::error!(error = %chain(error.as_ref()), "Request failed");
        }
        let body = Problem {
            r#type: format!("urn:metaprofiles:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            code,
        };
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooManyAttempts { seconds } = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
