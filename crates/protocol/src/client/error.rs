use std::{fmt, io};

use mp_profile::StoreError;

use crate::ApiError;
use ureq::Timeout;

/// Stable codes of what goes wrong on the way to a server; `docs/reference/codes.md` says what to do about each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NetCode {
    /// MP-NET-001: no connection: unknown host, refused, no route, broken off.
    NoConnection,
    /// MP-NET-002: not in the time that there was.
    Timeout,
    /// MP-NET-003: the server's certificate is not trusted, or not that of such a server.
    ServerNotTrusted,
    /// MP-NET-004: the server does not take this machine's certificate.
    CertificateRefused,
    /// MP-NET-005: the answer is not one of this protocol.
    BadAnswer,
    /// MP-NET-006: the body did not arrive as it was sent.
    DigestMismatch,
    /// MP-NET-007: the answer is larger than allowed.
    TooLarge,
}

impl fmt::Display for NetCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConnection => "MP-NET-001",
            Self::Timeout => "MP-NET-002",
            Self::ServerNotTrusted => "MP-NET-003",
            Self::CertificateRefused => "MP-NET-004",
            Self::BadAnswer => "MP-NET-005",
            Self::DigestMismatch => "MP-NET-006",
            Self::TooLarge => "MP-NET-007",
        })
    }
}

/// Why a server did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nothing usable came back.
    #[error("{code} no usable answer from {server}: {text}")]
    Network {
        /// Host and port.
        server: String,
        /// What kind of failure.
        code: NetCode,
        /// Why, in the words of the network layer.
        text: String,
        /// Whether the request may have arrived.
        arrived: bool,
    },
    /// The server answered with an error.
    #[error("{} {server} answered {status}: {}", error.code, error.message)]
    Answer {
        /// Host and port.
        server: String,
        /// HTTP status.
        status: u16,
        /// Code and message.
        error: ApiError,
    },
}

impl ClientError {
    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Network { code, .. } => {
                !matches!(code, NetCode::ServerNotTrusted | NetCode::CertificateRefused | NetCode::TooLarge)
            }
            Self::Answer { status, .. } => matches!(status, 408 | 429 | 500..=599),
        }
    }

    pub(super) fn from_ureq(server: &str, error: ureq::Error) -> Self {
        let code = match &error {
            ureq::Error::Timeout(_) => NetCode::Timeout,
            ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => NetCode::TooLarge,
            ureq::Error::Rustls(error) => tls_code(error),
            ureq::Error::Io(error) => io_code(error),
            ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => NetCode::NoConnection,
            _ => NetCode::BadAnswer,
        };
        let text = error.to_string();
        Self::Network { server: server.to_owned(), code, text, arrived: may_have_arrived(&error) }
    }
}

/// Only what fails before there is a connection certainly never arrives.
fn may_have_arrived(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed => false,
        ureq::Error::Io(error) => !matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
        ),
        _ => true,
    }
}

fn io_code(error: &io::Error) -> NetCode {
    let inner = error.get_ref();
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls_code(error);
    }
    let timed_out = inner.and_then(|inner| inner.downcast_ref::<ureq::Error>());
    if error.kind() == io::ErrorKind::TimedOut || matches!(timed_out, Some(ureq::Error::Timeout(_))) {
        return NetCode::Timeout;
    }
    NetCode::NoConnection
}

fn tls_code(error: &rustls::Error) -> NetCode {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            NetCode::ServerNotTrusted
        }
        rustls::Error::AlertReceived(_) => NetCode::CertificateRefused,
        _ => NetCode::BadAnswer,
    }
}

impl From<ClientError> for StoreError {
    fn from(error: ClientError) -> Self {
        let may_pass = error.may_pass();
        let (server, text, may_be_done) = match error {
            ClientError::Network { server, code, text, arrived } => {
                (server, format!("{code} {text}"), arrived)
            }
            // An error on the server's side may come after the deed.
            ClientError::Answer { server, status, error } => {
                (server, format!("{} {} (status {status})", error.code, error.message), status == 500)
            }
        };
        if may_pass {
            Self::Unreachable { server, text, may_be_done }
        } else {
            Self::Refused { server, text }
        }
    }
}
