//! The enrolment authority: it gives machines their certificates, and the console its own.
//!
//! Machines are believed nothing but that they hold the key of their request: subject, names, usages and lifetime are ours.

mod files;

use std::{net::IpAddr, sync::Arc};

use mp_protocol::{
    ClientCertificates, MachineName, MachineRole, serial_text,
    tls::{self, ServerKind},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData,
    SanType, SerialNumber, string::Ia5String,
};
use rustls::{
    ClientConfig, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::{
    domain::{Refusal, UnixMillis},
    repository::NewCertificate,
    sealing::Sealer,
    secret::random,
};

pub(crate) use files::open;

/// Life of a machine's certificate, and of the console's own.
const LIFETIME: i64 = 90 * UnixMillis::DAY;
/// Life of the authority's certificate.
const AUTHORITY_LIFETIME: i64 = 20 * 365 * UnixMillis::DAY;
/// How far a machine's clock may be behind.
const CLOCK_SKEW: i64 = UnixMillis::HOUR;
/// The one URI name of the console's own certificates, by which machines tell it from Storage Servers.
const CONSOLE_NAME: &str = "urn:metaprofiles:console";
/// Bytes of a point on P-256, uncompressed: 4, x, y.
const P256_POINT: usize = 65;

/// The farm's certificate authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Made of its key, for what must be read again.
    pub(crate) sealer: Sealer,
    certificate: CertificateDer<'static>,
    pem: String,
}

/// A certificate just issued.
pub(crate) struct Issued {
    pub(crate) pem: String,
    pub(crate) known: NewCertificate,
}

impl Authority {
    /// The authority's certificate, DER.
    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The authority's certificate, PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// Issues a machine's certificate. Agents may be clients only; a Storage Server also serves, at `host`.
    ///
    /// # Errors
    /// When the request is damaged, is not signed with its own key, or its key is not on P-256.
    pub(crate) fn issue_machine(
        &self,
        machine: &MachineName,
        csr: &str,
        host: Option<&str>,
        now: UnixMillis,
    ) -> Result<Issued, Refusal> {
        let request = CertificateSigningRequestParams::from_pem(csr)
            .map_err(|error| Refusal::Csr(error.to_string()))?;
        let key = request.public_key;
        // A request names its signature's algorithm; that the key fits it is seen by the length alone.
        let point = key.der_bytes();
        if key.algorithm() != &PKCS_ECDSA_P256_SHA256
            || point.len() != P256_POINT
            || point.first() != Some(&4)
        {
            return Err(Refusal::Csr("its key is not an ECDSA key on the curve P-256".to_owned()));
        }
        let mut params = leaf(machine.id.as_str(), now)?;
        params.subject_alt_names.push(SanType::URI(ascii(machine.to_string())?));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if machine.role == MachineRole::Storage {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
            params.subject_alt_names.extend(host.map(address).transpose()?);
        }
        let serial = params.serial_number.as_ref().map(SerialNumber::to_bytes).unwrap_or_default();
        let certificate = params.signed_by(&key, &self.issuer).map_err(Refusal::internal)?;
        Ok(Issued {
            pem: certificate.pem(),
            known: NewCertificate {
                serial: serial_text(&serial),
                not_before: now.plus(-CLOCK_SKEW),
                not_after: now.plus(LIFETIME),
            },
        })
    }

    /// TLS of the console itself, with a new key and certificate for these names and the loopback ones.
    pub(crate) fn server_config(
        &self,
        names: &[String],
        now: UnixMillis,
    ) -> Result<Arc<ServerConfig>, Refusal> {
        let mut params = console(ExtendedKeyUsagePurpose::ServerAuth, now)?;
        for name in ["localhost", "127.0.0.1", "::1"].into_iter().chain(names.iter().map(String::as_str)) {
            let name = address(name)?;
            if !params.subject_alt_names.contains(&name) {
                params.subject_alt_names.push(name);
            }
        }
        let (certificate, key) = self.sign(params)?;
        let chain = vec![certificate, self.certificate.clone()];
        tls::server(chain, key, &self.certificate, ClientCertificates::Optional).map_err(Refusal::internal)
    }

    /// TLS of the console as a client of Storage Servers, which know it for an administrator by its name; with a new key and
    /// certificate.
    pub(crate) fn storage_client_config(&self, now: UnixMillis) -> Result<Arc<ClientConfig>, Refusal> {
        let (certificate, key) = self.sign(console(ExtendedKeyUsagePurpose::ClientAuth, now)?)?;
        tls::client(certificate, key, &self.certificate, ServerKind::Storage).map_err(Refusal::internal)
    }

    /// A certificate of the console's own, and its new key.
    fn sign(
        &self,
        params: CertificateParams,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), Refusal> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(Refusal::internal)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(Refusal::internal)?;
        Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }
}

/// A certificate of the console itself, for one use.
fn console(usage: ExtendedKeyUsagePurpose, now: UnixMillis) -> Result<CertificateParams, Refusal> {
    let mut params = leaf("MetaProfiles console", now)?;
    params.extended_key_usages = vec![usage];
    params.subject_alt_names.push(SanType::URI(ascii(CONSOLE_NAME.to_owned())?));
    Ok(params)
}

/// What all certificates but the authority's have in common.
fn leaf(name: &str, now: UnixMillis) -> Result<CertificateParams, Refusal> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(serial()?);
    params.not_before = now.plus(-CLOCK_SKEW).date_time();
    params.not_after = now.plus(LIFETIME).date_time();
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// The authority's own parameters.
fn authority(now: UnixMillis) -> Result<CertificateParams, Refusal> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "MetaProfiles authority");
    params.serial_number = Some(serial()?);
    params.not_before = now.plus(-CLOCK_SKEW).date_time();
    params.not_after = now.plus(AUTHORITY_LIFETIME).date_time();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// 128 bits, 126 of them random: the number is positive and has no leading zero byte.
fn serial() -> Result<SerialNumber, Refusal> {
    let mut bytes = random::<16>()?;
    bytes[0] = bytes[0] & 0x3f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

/// A host as a certificate's name.
fn address(host: &str) -> Result<SanType, Refusal> {
    match host.parse::<IpAddr>() {
        Ok(ip) => Ok(SanType::IpAddress(ip)),
        Err(_) => Ok(SanType::DnsName(ascii(host.to_ascii_lowercase())?)),
    }
}

fn ascii(text: String) -> Result<Ia5String, Refusal> {
    Ia5String::try_from(text).map_err(Refusal::internal)
}
