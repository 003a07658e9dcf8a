use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Refusal, RefusalKind};

/// Why a request was not done: [`mp_protocol::ApiError`] with a schema.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Stable code.
    #[schema(example = "MP-CON-022")]
    code: String,
    /// What happened, and what to do next.
    message: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, kind) = self.code();
        let status = match kind {
            RefusalKind::Invalid => StatusCode::BAD_REQUEST,
            RefusalKind::Unauthenticated => StatusCode::UNAUTHORIZED,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::NoMethod => StatusCode::METHOD_NOT_ALLOWED,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Stale => StatusCode::PRECONDITION_FAILED,
            RefusalKind::NoPrecondition => StatusCode::PRECONDITION_REQUIRED,
            RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            RefusalKind::Timeout => StatusCode::SERVICE_UNAVAILABLE,
            RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let Self::Internal(error) = &self {
            tracing::error!(error = %chain(error.as_ref()), "Request failed");
        }
        let body = Json(Problem { code: code.to_owned(), message: self.to_string() });
        let mut response = (status, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooManyAttempts { seconds } = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An error and all that caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
