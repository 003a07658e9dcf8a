use std::{fmt, sync::Arc, time::Duration};

use rustls::pki_types::CertificateDer;
use ureq::http::Method;

use super::{
    ClientError,
    console::authority_of,
    https::{Call, Https},
};
use crate::tls::{self, TlsError};

/// For a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// For an answer, connection included; the console itself gives up a little earlier.
const ANSWER: Duration = Duration::from_secs(100);

/// No answer of the REST API is longer, in bytes.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// An administrator's way to the REST API of a console, whose authority he was told to trust.
#[derive(Clone, Debug)]
pub struct AdministratorClient {
    https: Https,
}

/// A request of an administrator. Printing shows neither token nor body, which may hold a password.
#[derive(Clone)]
pub struct ApiRequest<'a> {
    /// HTTP method.
    pub method: Method,
    /// Path and query.
    pub path: &'a str,
    /// The session's token; not needed to sign in.
    pub token: Option<&'a str>,
    /// ETag of what the request changes.
    pub if_match: Option<&'a str>,
    /// Content type and bytes of the body.
    pub body: Option<(&'static str, &'a [u8])>,
}

impl fmt::Debug for ApiRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, .. } = self;
        f.debug_struct("ApiRequest").field("method", method).field("path", path).finish_non_exhaustive()
    }
}

/// An answer with a status from 200 to 299.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiAnswer {
    /// ETag of what the answer tells of.
    pub etag: Option<String>,
    /// Bytes of the body.
    pub body: Vec<u8>,
}

impl AdministratorClient {
    /// A client for the console at a URL such as `https://console.example:8443`, which must show the authority's certificate
    /// with this SHA-256 (of the DER form) and a certificate of a console that this authority signed for the URL's host.
    ///
    /// # Errors
    /// When the URL is not that of a console, or TLS cannot be prepared.
    pub fn new(console: &str, authority_sha256: [u8; 32]) -> Result<Self, TlsError> {
        let tls = tls::pinned_client(authority_sha256)?;
        Ok(Self { https: Https::new(tls, authority_of(console)?, CONNECT) })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When the console cannot be reached or trusted, or answers with a status other than 200 to 299.
    pub fn send(&self, request: &ApiRequest<'_>) -> Result<ApiAnswer, ClientError> {
        let mut headers = Vec::new();
        headers.extend(request.token.map(|token| ("authorization", format!("Bearer {token}"))));
        headers.extend(request.if_match.map(|tag| ("if-match", tag.to_owned())));
        headers.extend(request.body.map(|(kind, _)| ("content-type", kind.to_owned())));
        let answer = self.https.send(Call {
            method: request.method.clone(),
            path: request.path,
            headers,
            body: request.body.map(|(_, bytes)| bytes),
            within: ANSWER,
            limit: MAX_ANSWER,
        })?;
        if !(200..300).contains(&answer.status) {
            return Err(self.https.unexpected(&answer));
        }
        Ok(ApiAnswer { etag: answer.header("etag").map(str::to_owned), body: answer.body })
    }
}

/// The authority's certificate that a console shows, to be compared with what is known of it. Nothing of it is checked, and
/// nothing is sent: the connection ends before it is one.
///
/// # Errors
/// When the URL is not that of a console, the console cannot be reached, or it shows no authority.
pub fn shown_authority(console: &str) -> Result<CertificateDer<'static>, ShownAuthorityError> {
    let (tls, seen) = tls::looking_client()?;
    let https = Https::new(tls, authority_of(console)?, CONNECT);
    let call =
        Call { method: Method::GET, path: "/", headers: Vec::new(), body: None, within: CONNECT, limit: 0 };
    let ended = https.send(call).err();
    let certificate = Arc::clone(&seen).get().cloned();
    let error = || ended.unwrap_or_else(|| https.bad_answer("it shows no authority's certificate"));
    certificate.ok_or_else(|| ShownAuthorityError::Connection(error()))
}

/// Why it is not known which authority a console shows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShownAuthorityError {
    /// The URL is not that of a console, or TLS cannot be prepared.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The console cannot be reached, or shows no authority.
    #[error(transparent)]
    Connection(ClientError),
}
