//! Requests to the provider. Whatever it answers, and however slowly, costs the console little.

use std::{future::Future, pin::Pin, time::Duration};

use openidconnect::{
    AsyncHttpClient, HttpRequest, HttpResponse,
    http::{self, Method},
};
use tokio::sync::Semaphore;
use ureq::Agent;

use super::OpenidError;
use crate::certificates::trusting;

/// Longest wait for a connection, and for a whole answer.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(10);
/// Most bytes of an answer: what providers say of themselves, keys and tokens has some kilobytes.
const MAX_ANSWER: u64 = 512 * 1024;
/// Requests at a time; who comes while so many wait is told that the provider is away.
const AT_A_TIME: usize = 16;

static REQUESTS: Semaphore = Semaphore::const_new(AT_A_TIME);

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error("{0}")]
    Request(#[from] ureq::Error),
    #[error("too many people are signing in at this moment")]
    Busy,
    #[error("the console stops")]
    Stopping,
}

/// A client that speaks HTTPS alone and goes where it was sent, and no further.
#[derive(Clone, Debug)]
pub(super) struct Http(Agent);

impl Http {
    /// One that trusts these authorities, or those of the system.
    pub(super) fn new(certificates: &str) -> Result<Self, OpenidError> {
        let tls = trusting(certificates).ok_or(OpenidError::Certificates)?;
        let config = Agent::config_builder()
            .tls_config(tls)
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(ANSWER))
            .build();
        Ok(Self(config.into()))
    }

    fn run(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let response = if request.method() == Method::GET {
            self.0.run(request.map(|_| ()))?
        } else {
            self.0.run(request)?
        };
        let (parts, mut body) = response.into_parts();
        let bytes = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(http::Response::from_parts(parts, bytes))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let permit = REQUESTS.try_acquire().map_err(|_| HttpError::Busy)?;
            let client = self.clone();
            let answer = tokio::task::spawn_blocking(move || {
                // Whoever asked may have gone; the thread is busy until it is done.
                let _permit = permit;
                client.run(request)
            });
            Ok(answer.await.map_err(|_| HttpError::Stopping)??)
        })
    }
}
