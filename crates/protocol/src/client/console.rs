use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use mp_profile::VersionTag;
use rustls::ClientConfig;
use serde::{Serialize, de::DeserializeOwned};
use ureq::http::Method;

use super::{
    ClientError,
    https::{Call, Https},
};
use crate::{
    EnrolRequest, Enrolled, Identity, IdentityError, JoinToken, MachineKey, MachineRole, RenewRequest, etag,
    paths,
    tls::{self, ServerKind, TlsError},
};

/// For a connection to the console, TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// For an answer of the console, connection included, and what it was asked to wait not included.
const ANSWER: Duration = Duration::from_secs(30);

/// Longest wait for a changed plan in one request.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(60);

/// No answer of the console is longer, in bytes.
const MAX_ANSWER: u64 = 16 * 1024 * 1024;

/// An enrolled machine's way to the console.
#[derive(Clone, Debug)]
pub struct ConsoleClient {
    https: Https,
}

/// Answer to [`ConsoleClient::plan`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PlanAnswer<P> {
    /// The plan that the machine holds is the current one.
    NotModified,
    /// The current plan and its version.
    Plan(P, VersionTag),
}

impl ConsoleClient {
    /// A client for the console that gave the machine its identity.
    ///
    /// # Errors
    /// When the identity is refused by TLS, or its console's URL is no `https` URL.
    pub fn new(identity: &Identity) -> Result<Self, TlsError> {
        let tls = tls::machine_client(identity, ServerKind::Console)?;
        Self::to(tls, identity.console())
    }

    fn to(tls: Arc<ClientConfig>, console: &str) -> Result<Self, TlsError> {
        Ok(Self { https: Https::new(tls, authority_of(console)?, CONNECT) })
    }

    /// The machine's plan, if it is not `held`. With `held` and `wait` (at most 60 seconds) the console answers when the
    /// plan changes, or when the time is over.
    ///
    /// # Errors
    /// When the console does not say what the plan is.
    pub fn plan<P: DeserializeOwned>(
        &self,
        held: Option<&VersionTag>,
        wait: Duration,
    ) -> Result<PlanAnswer<P>, ClientError> {
        let wait = wait.min(MAX_WAIT);
        let path = format!("{}?wait={}", paths::PLAN, wait.as_secs());
        let headers = held.map(|tag| ("if-none-match", tag.0.clone())).into_iter().collect();
        let answer = self.https.send(Call {
            method: Method::GET,
            path: &path,
            headers,
            body: None,
            within: ANSWER + wait,
            limit: MAX_ANSWER,
        })?;
        match answer.status {
            304 if held.is_some() => Ok(PlanAnswer::NotModified),
            200 => {
                let tag = answer.header("etag").filter(|tag| etag::is_strong(tag));
                let tag = tag.ok_or_else(|| self.https.bad_answer("the plan has no version"))?;
                let plan = serde_json::from_slice(&answer.body)
                    .map_err(|error| self.https.bad_answer(format!("the plan cannot be read: {error}")))?;
                Ok(PlanAnswer::Plan(plan, VersionTag(tag.to_owned())))
            }
            _ => Err(self.https.unexpected(&answer)),
        }
    }

    /// Asks for a new certificate for the machine's key. The answer goes to [`Identity::renew`].
    ///
    /// # Errors
    /// When the console gives none.
    pub fn renew(&self, signing_request: String) -> Result<Enrolled, ClientError> {
        self.post(paths::RENEW, &RenewRequest { csr: signing_request })
    }

    /// Sends JSON and reads JSON: for what the rooms above this one tell the console. An answer without body is `null`.
    ///
    /// # Errors
    /// When the console refuses, or its answer cannot be read.
    pub fn post<Q: Serialize, A: DeserializeOwned>(&self, path: &str, body: &Q) -> Result<A, ClientError> {
        let body = serde_json::to_vec(body)
            .map_err(|error| self.https.bad_answer(format!("the request cannot be written: {error}")))?;
        let answer = self.https.send(Call {
            method: Method::POST,
            path,
            headers: vec![("content-type", "application/json".to_owned())],
            body: Some(&body),
            within: ANSWER,
            limit: MAX_ANSWER,
        })?;
        if !(200..300).contains(&answer.status) {
            return Err(self.https.unexpected(&answer));
        }
        let text = if answer.body.is_empty() { b"null".as_slice() } else { &answer.body };
        serde_json::from_slice(text)
            .map_err(|error| self.https.bad_answer(format!("it cannot be read: {error}")))
    }
}

/// Host and port of a console's URL.
pub(super) fn authority_of(console: &str) -> Result<&str, TlsError> {
    let authority = console.trim_end_matches('/').strip_prefix("https://");
    let authority =
        authority.filter(|authority| !authority.is_empty() && !authority.contains(['/', '?', '#', '@']));
    authority.ok_or_else(|| {
        TlsError::new(format!("\"{console}\" is not the URL of a console: expected https://HOST:PORT"))
    })
}

/// Enrols this machine: makes a key, sends the request to the console that the token belongs to, and saves the identity in
/// `folder`. `console` is its URL, `name` what the machine is called there, `addresses` are those by which Agents reach a
/// Storage Server (empty for an Agent).
///
/// # Errors
/// When the console cannot be reached or trusted, refuses the token, or the identity cannot be saved. The token is used up
/// only if the console answered.
pub fn enrol(
    folder: &Path,
    console: &str,
    token: &JoinToken,
    role: MachineRole,
    name: &str,
    addresses: Vec<String>,
    now: SystemTime,
) -> Result<Identity, EnrolError> {
    let client = ConsoleClient::to(tls::enrolment_client(token)?, console)?;
    let key = MachineKey::generate()?;
    let request = EnrolRequest {
        secret: token.secret().reveal(),
        role,
        name: name.to_owned(),
        addresses,
        csr: key.signing_request()?,
    };
    let enrolled: Enrolled = client.post(paths::ENROL, &request)?;
    Ok(Identity::create(folder, key, token, console, &enrolled, now)?)
}

/// Why a machine could not be enrolled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// TLS cannot be prepared.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The console did not enrol the machine.
    #[error(transparent)]
    Console(#[from] ClientError),
    /// The answer cannot be used or saved.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}
