use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{domain::Refusal, ops::Tagged};

/// A body with the tag of its state.
#[derive(Debug)]
pub(super) struct WithTag<T> {
    status: StatusCode,
    tag: String,
    body: T,
}

impl<T> WithTag<T> {
    pub(super) fn found<I: Into<T>>(tagged: Tagged<I>) -> Self {
        Self { status: StatusCode::OK, tag: tagged.tag, body: tagged.item.into() }
    }

    pub(super) fn created<I: Into<T>>(tagged: Tagged<I>) -> Self {
        Self { status: StatusCode::CREATED, ..Self::found(tagged) }
    }
}

impl<T: Serialize> IntoResponse for WithTag<T> {
    fn into_response(self) -> Response {
        match etag(&self.tag) {
            Ok(tag) => (self.status, [tag], Json(self.body)).into_response(),
            Err(refusal) => refusal.into_response(),
        }
    }
}

/// The header of a tag, which gets its quotes here.
pub(crate) fn etag(tag: &str) -> Result<(HeaderName, HeaderValue), Refusal> {
    Ok((header::ETAG, HeaderValue::from_str(&format!("\"{tag}\"")).map_err(Refusal::internal)?))
}
