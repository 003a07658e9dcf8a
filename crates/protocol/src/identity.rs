//! The identity of an enrolled machine: a key that never leaves it, and the certificate that the console's authority gave.
//!
//! It is kept in a folder of four files: `key.pem`, `certificate.pem`, `authority.pem` and `console.json`. The last one is
//! written last and makes the folder an identity. On Unix the key has mode 0600; on Windows the folder's access list must
//! keep all but SYSTEM and administrators out, which the installer sets.

mod folder;

use std::{
    fmt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject};

use crate::{
    CertificateError, Enrolled, JoinToken, MachineCertificate, MachineName, certificate, digest::sha256, tls,
};

/// A machine's private key: ECDSA on P-256. Printing shows nothing of it.
pub struct MachineKey(KeyPair);

impl MachineKey {
    /// Makes a new key with the system's random numbers.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn generate() -> Result<Self, IdentityError> {
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
            .map(Self)
            .map_err(|error| IdentityError::Key(error.to_string()))
    }

    /// A certificate signing request (PEM) for the key. It names nobody: the console decides what the certificate says.
    ///
    /// # Errors
    /// When signing fails.
    pub fn signing_request(&self) -> Result<String, IdentityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "MetaProfiles");
        let failed = |error: rcgen::Error| IdentityError::Key(error.to_string());
        params.serialize_request(&self.0).and_then(|request| request.pem()).map_err(failed)
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.0.serialize_der()).into()
    }
}

impl fmt::Debug for MachineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MachineKey(***)")
    }
}

/// The identity of an enrolled machine.
#[derive(Debug)]
pub struct Identity {
    folder: PathBuf,
    key: MachineKey,
    certificate: CertificateDer<'static>,
    authority: CertificateDer<'static>,
    console: String,
    machine: MachineCertificate,
}

impl Identity {
    /// Takes what the console answered to an enrolment and saves it in `folder`, which is made if it is missing. An
    /// identity that was there is replaced.
    ///
    /// `console` is the console's URL, such as `https://console.example:8443`.
    ///
    /// # Errors
    /// When the answer does not fit the key or the token, or cannot be saved.
    pub fn create(
        folder: impl Into<PathBuf>,
        key: MachineKey,
        token: &JoinToken,
        console: &str,
        enrolled: &Enrolled,
        now: SystemTime,
    ) -> Result<Self, IdentityError> {
        let authority =
            parse_certificate(enrolled.authority.as_bytes(), "the authority's certificate in the answer")?;
        if sha256(&authority) != token.authority() {
            return Err(IdentityError::OtherAuthority);
        }
        let identity =
            Self::assemble(folder.into(), key, &enrolled.certificate, authority, console.to_owned())?;
        identity.verify(&identity.certificate, now)?;
        if identity.machine.machine.id != enrolled.machine {
            return Err(IdentityError::OtherMachine);
        }
        identity.save()?;
        Ok(identity)
    }

    /// Reads the identity in a folder. An expired certificate is no error here: see [`MachineCertificate::is_valid_at`].
    ///
    /// # Errors
    /// [`IdentityError::NotEnrolled`] when there is none; others when it is damaged.
    pub fn load(folder: impl Into<PathBuf>) -> Result<Self, IdentityError> {
        Self::read(folder.into())
    }

    /// Replaces the certificate by a renewed one for the same key and machine. Only one file changes, at once.
    ///
    /// # Errors
    /// When the answer does not fit this identity, or cannot be saved; then the identity is as before.
    pub fn renew(&mut self, enrolled: &Enrolled, now: SystemTime) -> Result<(), IdentityError> {
        let authority =
            parse_certificate(enrolled.authority.as_bytes(), "the authority's certificate in the answer")?;
        if authority != self.authority {
            return Err(IdentityError::OtherAuthority);
        }
        let (certificate, machine) = own_certificate(&self.key, &enrolled.certificate)?;
        if machine.machine != self.machine.machine {
            return Err(IdentityError::OtherMachine);
        }
        self.verify(&certificate, now)?;
        self.save_certificate(&certificate)?;
        self.certificate = certificate;
        self.machine = machine;
        Ok(())
    }

    /// The folder that holds it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Role and identity of the machine.
    #[must_use]
    pub fn machine(&self) -> &MachineName {
        &self.machine.machine
    }

    /// What the certificate says: serial number, validity, whether it is due for renewal.
    #[must_use]
    pub fn certificate(&self) -> &MachineCertificate {
        &self.machine
    }

    /// The DNS names and IP addresses that its certificate is made out to: where a Storage Server is reached.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        certificate::hosts_of_certificate(&self.certificate)
    }

    /// The console's URL, without a slash at its end.
    #[must_use]
    pub fn console(&self) -> &str {
        self.console.trim_end_matches('/')
    }

    /// A certificate signing request (PEM) for the machine's key, to renew its certificate.
    ///
    /// # Errors
    /// When signing fails.
    pub fn signing_request(&self) -> Result<String, IdentityError> {
        self.key.signing_request()
    }

    pub(crate) fn authority(&self) -> &CertificateDer<'static> {
        &self.authority
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.clone(), self.authority.clone()]
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        self.key.private_key()
    }

    fn assemble(
        folder: PathBuf,
        key: MachineKey,
        certificate: &str,
        authority: CertificateDer<'static>,
        console: String,
    ) -> Result<Self, IdentityError> {
        let (certificate, machine) = own_certificate(&key, certificate)?;
        Ok(Self { folder, key, certificate, authority, console, machine })
    }

    fn verify(&self, certificate: &CertificateDer<'_>, now: SystemTime) -> Result<(), IdentityError> {
        tls::verify_machine(&self.authority, certificate, now)
            .map_err(|error| IdentityError::NotTrusted(error.to_string()))
    }
}

fn own_certificate(
    key: &MachineKey,
    pem: &str,
) -> Result<(CertificateDer<'static>, MachineCertificate), IdentityError> {
    let certificate = parse_certificate(pem.as_bytes(), "the machine's certificate")?;
    let machine = MachineCertificate::from_der(&certificate)?;
    if certificate::public_key_of(&certificate)? != key.0.subject_public_key_info() {
        return Err(IdentityError::OtherKey);
    }
    Ok((certificate, machine))
}

fn parse_certificate(pem: &[u8], what: &'static str) -> Result<CertificateDer<'static>, IdentityError> {
    CertificateDer::from_pem_slice(pem).map_err(|error| IdentityError::Pem { what, text: error.to_string() })
}

/// Why a machine has no usable identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The folder holds no identity.
    #[error("this machine is not enrolled: no identity in \"{}\"; enrol it with a join token of the console", .0.display())]
    NotEnrolled(PathBuf),
    /// A file of the identity cannot be read or written.
    #[error("cannot {doing} \"{}\"", path.display())]
    File {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file that names the console is damaged.
    #[error("\"{}\" does not name a console; enrol the machine again", path.display())]
    Console {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A text is not what it should be in PEM.
    #[error("{what} is not valid PEM: {text}")]
    Pem {
        /// What was read.
        what: &'static str,
        /// Why.
        text: String,
    },
    /// The key cannot be made or used.
    #[error("the machine's key cannot be made or used: {0}")]
    Key(String),
    /// The certificate is not that of a machine.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate was made for another key.
    #[error("the certificate does not belong to the machine's key; enrol the machine again")]
    OtherKey,
    /// The certificate is that of another machine.
    #[error("the console answered with the certificate of another machine")]
    OtherMachine,
    /// The authority is not the one that the machine knows.
    #[error("the console answered with another authority than the one that this machine was told to trust")]
    OtherAuthority,
    /// The authority did not sign the certificate, or it is not valid now.
    #[error("the certificate is not valid now, or not from the authority: {0}; check this machine's clock")]
    NotTrusted(String),
}
