use std::sync::{Arc, OnceLock};

use rustls::{
    DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// Where the authority's certificate is put that a server showed.
pub(crate) type Seen = Arc<OnceLock<CertificateDer<'static>>>;

/// Keeps the last certificate of the chain that a server shows, and trusts none.
#[derive(Debug)]
pub(super) struct Look {
    seen: Seen,
    provider: Arc<CryptoProvider>,
}

impl Look {
    pub(super) fn new(provider: Arc<CryptoProvider>) -> (Self, Seen) {
        let seen = Seen::default();
        (Self { seen: Arc::clone(&seen), provider }, seen)
    }
}

impl ServerCertVerifier for Look {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(authority) = intermediates.last() {
            self.seen.get_or_init(|| authority.clone().into_owned());
        }
        Err(nothing_is_trusted())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(nothing_is_trusted())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(nothing_is_trusted())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn nothing_is_trusted() -> Error {
    Error::General("the server shows no certificate of an authority".to_owned())
}
