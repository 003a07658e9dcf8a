//! Certificates of authorities, as people paste them into settings.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

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
