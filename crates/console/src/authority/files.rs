use std::{fs, io, path::Path};

use mp_durable::Readers;
use rcgen::{Issuer, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};

use super::{Authority, authority};
use crate::{OpenError, domain::UnixMillis, sealing::Sealer};

/// Where the certificate begins, which goes to whoever asks; the key before it never does.
const CERTIFICATE_BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Opens the authority whose key and certificate are in a file, or makes them when there is none and the farm is new: a new
/// authority would shut out every machine of an old one.
///
/// Both are in one file, so that neither is ever there without the other. Only the owner may read it.
pub(crate) fn open(path: &Path, new_farm: bool, now: UnixMillis) -> Result<Authority, OpenError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && new_farm => create(path, now)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::AuthorityMissing(path.to_owned()));
        }
        Err(source) => return Err(OpenError::File { path: path.to_owned(), source }),
    };
    let damaged = |error: String| OpenError::Authority { path: path.to_owned(), error };
    let key =
        PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|error| damaged(error.to_string()))?;
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256)
        .map_err(|error| damaged(error.to_string()))?;
    let certificate =
        CertificateDer::from_pem_slice(text.as_bytes()).map_err(|error| damaged(error.to_string()))?;
    let (_, parsed) =
        x509_parser::parse_x509_certificate(&certificate).map_err(|error| damaged(error.to_string()))?;
    if parsed.public_key().subject_public_key.data != key.public_key_raw() {
        return Err(damaged("key and certificate do not belong together".to_owned()));
    }
    let sealer = Sealer::of_authority(&key.serialize_der());
    let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|error| damaged(error.to_string()))?;
    let pem = text.find(CERTIFICATE_BEGIN).and_then(|begin| text.get(begin..)).unwrap_or_default().to_owned();
    Ok(Authority { issuer, sealer, certificate, pem })
}

fn create(path: &Path, now: UnixMillis) -> Result<String, OpenError> {
    let failed = |error: String| OpenError::Authority { path: path.to_owned(), error };
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| failed(error.to_string()))?;
    let params = authority(now).map_err(|error| failed(error.to_string()))?;
    let certificate = params.self_signed(&key).map_err(|error| failed(error.to_string()))?;
    let text = format!("{}{}", key.serialize_pem(), certificate.pem());
    mp_durable::replace(path, text.as_bytes(), Readers::OwnerOnly)
        .map_err(|source| OpenError::File { path: path.to_owned(), source })?;
    Ok(text)
}
