use std::{error::Error, io};

use axum::{
    Json,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use mp_protocol::{ApiError, paths};

use crate::backend::BackendError;

/// Seconds after which it is worth asking again for a store that was away.
const AWAY: &str = "10";

/// Stable codes of what the Storage Service refuses; `docs/reference/codes.md` says what to do about each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Code {
    /// MP-STO-001: the scope or the SID in the path is not one.
    BadPath,
    /// MP-STO-002: there is nothing at this path.
    NoSuchPath,
    /// MP-STO-003: the method is not for this path.
    BadMethod,
    /// MP-STO-004: the certificate is not that of an Agent.
    NotAnAgent,
    /// MP-STO-005: the Agent is not one that this server serves.
    AgentNotListed,
    /// MP-STO-006: the Agent's certificate was revoked or replaced, or is not valid now.
    CertificateNotListed,
    /// MP-STO-007: the scope is that of another group.
    OtherGroup,
    /// MP-STO-008: there is no such data set; said with authority.
    NoDataSet,
    /// MP-STO-009: the request does not say which version it is based on.
    NoPrecondition,
    /// MP-STO-010: a header is not well formed.
    BadHeader,
    /// MP-STO-011: another version is current.
    Conflict,
    /// MP-STO-012: the request does not say how long its body is.
    NoLength,
    /// MP-STO-013: the body is longer than allowed.
    TooLarge,
    /// MP-STO-014: the body did not arrive as it was sent.
    DigestMismatch,
    /// MP-STO-015: the body is not an intact data set file.
    NotADataSet,
    /// MP-STO-016: the data set is that of another user.
    OtherUser,
    /// MP-STO-017: the body came too slowly, or not wholly.
    BodyIncomplete,
    /// MP-STO-018: too much is being received at the same time.
    Busy,
    /// MP-STO-019: the store cannot be read or written.
    StoreFailed,
    /// MP-STO-020: the stored data set is damaged.
    Damaged,
    /// MP-STO-021: there is no space left, or the quarantine is full.
    NoSpace,
    /// MP-STO-022: the group has the name of the global folder.
    GroupIsGlobalFolder,
    /// MP-STO-023: an administrator alone may do this.
    NotAdministrator,
    /// MP-STO-024: there is no such version, or no such file in quarantine.
    NoSuchVersion,
    /// MP-STO-031: the Agent has too many connections.
    TooManyConnections = 30,
    /// MP-STO-032: the Agent sends too many requests.
    TooManyRequests,
    /// MP-STO-033: the data set is longer than the user's quota.
    OverQuota,
    /// MP-STO-034: the stored data set is another user's.
    Swapped,
    /// MP-STO-035: the stored data set is encrypted, and the key for it is not there.
    KeyUnavailable,
    /// MP-STO-036: the object store or its catalogue does not answer.
    StoreAway,
    /// MP-STO-041: what other Storage Servers have stored meanwhile is not known yet.
    CatchingUp = 40,
    /// MP-STO-042: another Storage Server may have what is not here.
    NotAllHere,
}

impl Code {
    /// The code as text.
    #[must_use]
    pub fn text(self) -> String {
        format!("MP-STO-{:03}", self as u16 + 1)
    }

    fn status(self) -> StatusCode {
        match self {
            Self::BadPath | Self::BadHeader | Self::DigestMismatch => StatusCode::BAD_REQUEST,
            Self::NoSuchPath | Self::NoDataSet | Self::NoSuchVersion => StatusCode::NOT_FOUND,
            Self::BadMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAnAgent
            | Self::AgentNotListed
            | Self::CertificateNotListed
            | Self::OtherGroup
            | Self::NotAdministrator => StatusCode::FORBIDDEN,
            Self::NoPrecondition => StatusCode::PRECONDITION_REQUIRED,
            Self::Conflict => StatusCode::PRECONDITION_FAILED,
            Self::NoLength => StatusCode::LENGTH_REQUIRED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotADataSet | Self::OtherUser => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BodyIncomplete => StatusCode::REQUEST_TIMEOUT,
            Self::Busy | Self::CatchingUp | Self::NotAllHere | Self::KeyUnavailable | Self::StoreAway => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::StoreFailed | Self::Damaged | Self::Swapped | Self::GroupIsGlobalFolder => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::NoSpace | Self::OverQuota => StatusCode::INSUFFICIENT_STORAGE,
            Self::TooManyConnections | Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// A request that is not done, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}: {message}", code.text())]
pub struct Refusal {
    /// What is wrong.
    pub code: Code,
    /// What is wrong in words, and what to do next.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<BackendError> for Refusal {
    fn from(error: BackendError) -> Self {
        let code = match &error {
            BackendError::File { source, .. } if is_full(source) => Code::NoSpace,
            BackendError::QuarantineFull(_) => Code::NoSpace,
            BackendError::Damaged { .. } => Code::Damaged,
            BackendError::Key { .. } => Code::KeyUnavailable,
            BackendError::GroupIsGlobalFolder(_) => Code::GroupIsGlobalFolder,
            BackendError::Remote { .. } => Code::StoreAway,
            BackendError::File { .. } | BackendError::BaseLost(_) => Code::StoreFailed,
        };
        // Paths of this server are for its log; an Agent learns what kind of failure it is.
        tracing::error!(code = code.text(), error = chain(&error), "The store failed");
        Self::new(code, "the storage server cannot do that now; its log says why")
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// An error with all its sources.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let body = Json(ApiError { code: self.code.text(), message: self.message });
        let mut response = match self.code {
            Code::NoDataSet => (status, [(paths::NO_DATA_SET, "1")], body).into_response(),
            Code::TooManyRequests => (status, [(RETRY_AFTER, "1")], body).into_response(),
            Code::KeyUnavailable | Code::StoreAway => (status, [(RETRY_AFTER, AWAY)], body).into_response(),
            _ => (status, body).into_response(),
        };
        // For the log and the counters.
        response.extensions_mut().insert(self.code);
        response
    }
}
