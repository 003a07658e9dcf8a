use std::{sync::Arc, time::Duration};

use rustls::ClientConfig;
use ureq::{
    Agent,
    config::Config,
    http::{HeaderMap, Method, Request},
    unversioned::{
        resolver::DefaultResolver,
        transport::{Connector, TcpConnector},
    },
};

use super::{ClientError, NetCode, tls_connector::TlsConnector};
use crate::{
    ApiError,
    digest::{CONTENT_DIGEST, digest_matches},
};

/// A kept connection that was idle for longer is not used again; servers keep it longer than that.
const MAX_IDLE: Duration = Duration::from_secs(90);

/// No error answer is longer, in bytes.
const MAX_ERROR: usize = 64 * 1024;

/// One server, reached over TLS.
#[derive(Clone, Debug)]
pub(super) struct Https {
    agent: Agent,
    base: String,
    pub(super) server: String,
}

/// One request.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<&'a [u8]>,
    /// For all of it, connection included.
    pub(super) within: Duration,
    /// Largest body of an answer, in bytes.
    pub(super) limit: u64,
}

/// An answer with a status below 400, or 412.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Https {
    /// `authority` is host and port, with brackets around an IPv6 address.
    pub(super) fn new(tls: Arc<ClientConfig>, authority: &str, connect: Duration) -> Self {
        let config = Config::builder()
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Machines of a farm talk directly; a proxy variable of some shell must not reroute them.
            .proxy(None)
            .no_delay(true)
            .user_agent(concat!("MetaProfiles/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(connect))
            .max_idle_age(MAX_IDLE)
            .build();
        let connector = ().chain(TcpConnector::default()).chain(TlsConnector(tls));
        let agent = Agent::with_parts(config, connector, DefaultResolver::default());
        Self { agent, base: format!("https://{authority}"), server: authority.to_owned() }
    }

    /// Sends a request and reads the whole answer. A `Content-Digest` that comes with the body is checked.
    pub(super) fn send(&self, call: Call<'_>) -> Result<Answer, ClientError> {
        let failed = |error: ureq::Error| ClientError::from_ureq(&self.server, error);
        let mut request = Request::builder().method(call.method).uri(format!("{}{}", self.base, call.path));
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let answer = match call.body {
            Some(body) => {
                let request = request.body(body).map_err(|error| failed(error.into()))?;
                let request = self.agent.configure_request(request).timeout_global(Some(call.within)).build();
                self.agent.run(request)
            }
            None => {
                let request = request.body(()).map_err(|error| failed(error.into()))?;
                let request = self.agent.configure_request(request).timeout_global(Some(call.within)).build();
                self.agent.run(request)
            }
        };
        let (parts, body) = answer.map_err(failed)?.into_parts();
        let body = body.into_with_config().limit(call.limit).read_to_vec().map_err(failed)?;
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        match answer.status {
            200..=299 | 304 | 404 | 412 => self.intact(answer),
            status => Err(ClientError::Answer {
                server: self.server.clone(),
                status,
                error: api_error(&answer.body),
            }),
        }
    }

    /// The error of an answer with a status that the caller did not expect.
    pub(super) fn unexpected(&self, answer: &Answer) -> ClientError {
        ClientError::Answer {
            server: self.server.clone(),
            status: answer.status,
            error: api_error(&answer.body),
        }
    }

    /// An answer that is not of this protocol.
    pub(super) fn bad_answer(&self, text: impl Into<String>) -> ClientError {
        ClientError::Network {
            server: self.server.clone(),
            code: NetCode::BadAnswer,
            text: text.into(),
            arrived: true,
        }
    }

    fn intact(&self, answer: Answer) -> Result<Answer, ClientError> {
        match answer.header(CONTENT_DIGEST) {
            Some(digest) if !answer.body.is_empty() && !digest_matches(digest, &answer.body) => {
                Err(ClientError::Network {
                    server: self.server.clone(),
                    code: NetCode::DigestMismatch,
                    text: format!("{} bytes do not have the digest they were sent with", answer.body.len()),
                    arrived: true,
                })
            }
            _ => Ok(answer),
        }
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Code and message of an error body; what some other server may say instead is not repeated.
fn api_error(body: &[u8]) -> ApiError {
    let known = body.get(..body.len().min(MAX_ERROR)).and_then(|body| serde_json::from_slice(body).ok());
    known.unwrap_or_else(|| ApiError {
        code: NetCode::BadAnswer.to_string(),
        message: "the answer does not say why; is this the right server and port?".to_owned(),
    })
}
