//! An authority for tests: certificates of machines and servers without a console. Never part of a product build.

use std::{
    net::IpAddr,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DistinguishedName,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::{
    ClientConfig, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::sync::Arc;

use crate::{
    ClientCertificates, Enrolled, Identity, JoinToken, MachineId, MachineKey, MachineName, MachineRole,
    certificate::CONSOLE_URN, tls,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Signs certificates, each with the next serial number from 0x10 on.
#[derive(Debug)]
pub struct TestAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    next_serial: AtomicU64,
}

impl TestAuthority {
    /// A new authority with a key of its own.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
        let key = KeyPair::generate().expect("the test machine has random numbers");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("the parameters are valid");
        Self { issuer, next_serial: AtomicU64::new(0x10) }
    }

    /// The authority's certificate (DER).
    #[must_use]
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A join token for this authority.
    #[must_use]
    pub fn token(&self, secret: [u8; 32]) -> JoinToken {
        JoinToken::new(secret, &self.certificate())
    }

    /// Signs a machine's request, as the console does: valid for 30 days around `now`, one of them past.
    #[must_use]
    pub fn sign(
        &self,
        machine: &MachineName,
        request: &str,
        addresses: &[&str],
        now: SystemTime,
    ) -> Enrolled {
        let mut request = CertificateSigningRequestParams::from_pem(request).expect("the request is valid");
        request.params = self.params(addresses, now);
        let name = machine.to_string().try_into().expect("a machine name is ASCII");
        request.params.subject_alt_names.push(SanType::URI(name));
        let certificate = request.signed_by(&self.issuer).expect("signing works");
        Enrolled {
            machine: machine.id.clone(),
            certificate: certificate.pem(),
            authority: self.issuer.pem(),
            expires: String::new(),
        }
    }

    /// Enrols a machine without a console and saves its identity in `folder`.
    #[must_use]
    pub fn enrol(&self, folder: &Path, role: MachineRole, id: u8, addresses: &[&str]) -> Identity {
        let now = SystemTime::now();
        let machine = MachineName { role, id: MachineId::from_random([id; 16]) };
        let key = MachineKey::generate().expect("the test machine has random numbers");
        let request = key.signing_request().expect("signing works");
        let enrolled = self.sign(&machine, &request, addresses, now);
        Identity::create(folder, key, &self.token([7; 32]), "https://localhost:1", &enrolled, now)
            .expect("the answer fits")
    }

    /// TLS of a console at these addresses.
    #[must_use]
    pub fn console_server(&self, addresses: &[&str]) -> Arc<ServerConfig> {
        let (chain, key) = self.server_certificate(addresses);
        tls::server(chain, key, &self.certificate(), ClientCertificates::Optional)
            .expect("the chain is valid")
    }

    /// A certificate that names no machine, with the authority's, and its key.
    #[must_use]
    pub fn server_certificate(
        &self,
        addresses: &[&str],
    ) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().expect("the test machine has random numbers");
        let params = self.params(addresses, SystemTime::now());
        let certificate = params.signed_by(&key, &self.issuer).expect("signing works");
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        (vec![certificate.der().clone(), self.certificate()], key)
    }

    /// TLS with which a console reaches Storage Servers.
    #[must_use]
    pub fn console_client(&self) -> Arc<ClientConfig> {
        let key = KeyPair::generate().expect("the test machine has random numbers");
        let mut params = self.params(&[], SystemTime::now());
        params.subject_alt_names.push(SanType::URI(CONSOLE_URN.try_into().expect("the name is ASCII")));
        let certificate = params.signed_by(&key, &self.issuer).expect("signing works");
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        tls::client(certificate.der().clone(), key, &self.certificate(), tls::ServerKind::Storage)
            .expect("the certificate is valid")
    }

    fn params(&self, addresses: &[&str], now: SystemTime) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.serial_number = Some(self.next_serial.fetch_add(1, Ordering::Relaxed).into());
        params.not_before = (now - DAY).into();
        params.not_after = (now + 29 * DAY).into();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let names = addresses.iter().map(|address| match address.parse::<IpAddr>() {
            Ok(ip) => SanType::IpAddress(ip),
            Err(_) => SanType::DnsName((*address).try_into().expect("a DNS name is ASCII")),
        });
        params.subject_alt_names = names.collect();
        params
    }
}

impl Default for TestAuthority {
    fn default() -> Self {
        Self::new()
    }
}
