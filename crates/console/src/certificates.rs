//! Certificates of authorities, as people paste them into settings.

use std::sync::Arc;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Most bytes of the certificates of a setting.
pub(crate) const MAX_CERTIFICATES: usize = 256 * 1024;

/// The certificates of a text in PEM; none of an empty one. `None`: something is no certificate of an authority.
pub(crate) fn authorities(text: &str) -> Option<Vec<CertificateDer<'static>>> {
    let mut roots = RootCertStore::empty();
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let certificate = certificate.ok()?;
        roots.add(certificate.clone()).ok()?;
        found.push(certificate);
    }
    (text.trim().is_empty() || !found.is_empty()).then_some(found)
}

/// Whether a text can be the certificates of a setting.
pub(crate) fn are_authorities(text: &str) -> bool {
    text.len() <= MAX_CERTIFICATES && authorities(text).is_some()
}

/// How a server is trusted whose certificate these authorities have signed; those of the system if the text is empty. `None`:
/// something is no certificate of an authority.
pub(crate) fn trusting(text: &str) -> Option<TlsConfig> {
    let named = authorities(text)?;
    let trusted = if named.is_empty() { rustls_native_certs::load_native_certs().certs } else { named };
    let trusted: Vec<_> =
        trusted.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&trusted))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Some(tls)
}
