//! TLS between the parts: who may be at the other end of a connection. The provider (ring) is always passed, so that
//! nothing depends on a default of the process.
//!
//! Machines speak TLS 1.3 to each other. Sessions are resumed, which saves a server the check of a certificate, not the
//! authorisation of a request: that is done for every request.

mod look;
mod verify;

use std::{sync::Arc, time::SystemTime};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

use crate::{Identity, JoinToken};
use look::{Look, Seen};
use verify::{PinnedAuthority, ServerIs};

const MACHINES: &[&SupportedProtocolVersion] = &[&TLS13];
const MACHINES_AND_BROWSERS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// What kind of server a client means to reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerKind {
    /// The console: its certificate names no machine.
    Console,
    /// A Storage Server: its certificate names a machine of that role, so that no Agent can pose as one.
    Storage,
}

/// Whether a server insists on a client certificate in the handshake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientCertificates {
    /// No connection without one; TLS 1.3 only (Storage Service).
    Required,
    /// Checked if there is one; TLS 1.2 and 1.3, for browsers and machines that enrol (console).
    Optional,
}

/// A TLS configuration cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot prepare TLS: {0}")]
pub struct TlsError(String);

impl TlsError {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

/// Client configuration to enrol: no client certificate, and the server must show the authority's certificate whose
/// SHA-256 the token carries, and a certificate for its host name that this authority signed.
///
/// # Errors
/// When rustls refuses the configuration.
pub fn enrolment_client(token: &JoinToken) -> Result<Arc<ClientConfig>, TlsError> {
    pinned_client(token.authority())
}

/// Client configuration without a client certificate, for a console that shows the authority's certificate with this SHA-256
/// (of the DER form), and a certificate for its host name that this authority signed.
///
/// # Errors
/// When rustls refuses the configuration.
pub fn pinned_client(authority_sha256: [u8; 32]) -> Result<Arc<ClientConfig>, TlsError> {
    let verifier = Arc::new(PinnedAuthority::new(authority_sha256, provider()));
    let config =
        client_builder()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(finish(config))
}

/// Client configuration that trusts no server, and the place where the authority's certificate will be that one showed.
pub(crate) fn looking_client() -> Result<(Arc<ClientConfig>, Seen), TlsError> {
    let (verifier, seen) = Look::new(provider());
    let config = client_builder()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok((finish(config), seen))
}

/// Client configuration of an enrolled machine: its certificate, the authority as only root, and a server of this kind.
///
/// # Errors
/// When rustls refuses the identity.
pub fn machine_client(identity: &Identity, server: ServerKind) -> Result<Arc<ClientConfig>, TlsError> {
    let certificate = identity.chain().swap_remove(0);
    client(certificate, identity.private_key(), identity.authority(), server)
}

/// Client configuration of whoever has a certificate of the authority, as the console has: the authority as only root, and a
/// server of this kind.
///
/// # Errors
/// When rustls refuses the certificate or the key.
pub fn client(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    authority: &CertificateDer<'_>,
    server: ServerKind,
) -> Result<Arc<ClientConfig>, TlsError> {
    let verifier = Arc::new(ServerIs::new(server, authority, provider())?);
    let config = client_builder()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_auth_cert(vec![certificate], key)
        .map_err(refused)?;
    Ok(finish(config))
}

/// Server configuration: `chain` is the server's certificate and then the authority's, which enrolling machines need.
///
/// # Errors
/// When rustls refuses the certificates or the key.
pub fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    authority: &CertificateDer<'_>,
    clients: ClientCertificates,
) -> Result<Arc<ServerConfig>, TlsError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(authority)?), provider());
    let (verifier, versions) = match clients {
        ClientCertificates::Required => (verifier, MACHINES),
        ClientCertificates::Optional => (verifier.allow_unauthenticated(), MACHINES_AND_BROWSERS),
    };
    let verifier = verifier.build().map_err(|error| TlsError(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .map_err(refused)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(refused)?;
    config.alpn_protocols = match clients {
        // The machines' own client speaks nothing else, and a second way in is one more to defend.
        ClientCertificates::Required => vec![b"http/1.1".to_vec()],
        ClientCertificates::Optional => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    config.ticketer = ring::Ticketer::new().map_err(refused)?;
    Ok(Arc::new(config))
}

/// Server configuration of an enrolled Storage Server: only machines of the farm may connect.
///
/// # Errors
/// When rustls refuses the identity.
pub fn storage_server(identity: &Identity) -> Result<Arc<ServerConfig>, TlsError> {
    server(identity.chain(), identity.private_key(), identity.authority(), ClientCertificates::Required)
}

/// Whether the authority signed a machine's certificate and it is valid now.
pub(crate) fn verify_machine(
    authority: &CertificateDer<'_>,
    certificate: &CertificateDer<'_>,
    now: SystemTime,
) -> Result<(), TlsError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(authority)?), provider())
        .build()
        .map_err(|error| TlsError(error.to_string()))?;
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    verifier
        .verify_client_cert(certificate, &[], UnixTime::since_unix_epoch(since))
        .map_err(refused)
        .map(drop)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn roots(authority: &CertificateDer<'_>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone().into_owned()).map_err(refused)?;
    Ok(roots)
}

fn client_builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, TlsError> {
    ClientConfig::builder_with_provider(provider()).with_protocol_versions(MACHINES).map_err(refused)
}

fn finish(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

fn refused(error: rustls::Error) -> TlsError {
    TlsError(error.to_string())
}
