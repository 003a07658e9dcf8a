use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::{Duration, SystemTime},
};

use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer, time::ASN1Time};

use crate::MachineName;

/// Beginning of the URI name by which a certificate says which machine it belongs to.
const MACHINE_URN: &str = "urn:metaprofiles:";

/// What a machine's certificate says of it. Trust only what a TLS handshake has verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MachineCertificate {
    /// Role and identity.
    pub machine: MachineName,
    /// Serial number as [`serial_text`] writes it.
    pub serial: String,
    /// Begin of its validity.
    pub not_before: SystemTime,
    /// End of its validity.
    pub not_after: SystemTime,
}

/// A certificate is not that of a machine.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// It is not an X.509 certificate.
    #[error("the certificate cannot be read: {0}")]
    Unreadable(String),
    /// It has not exactly one machine name.
    #[error("the certificate has {0} names of the form urn:metaprofiles:ROLE:ID, expected one")]
    MachineNames(usize),
    /// Its machine name is not well formed.
    #[error("the certificate's machine name is not valid: {0}")]
    MachineName(#[from] crate::InvalidMachineId),
}

impl MachineCertificate {
    /// Reads a certificate (DER).
    ///
    /// # Errors
    /// When it cannot be read, or does not name exactly one machine.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = parse(der)?;
        let names = machine_names(&certificate)?;
        let [name] = names.as_slice() else {
            return Err(CertificateError::MachineNames(names.len()));
        };
        Ok(Self {
            machine: name.parse()?,
            serial: serial_text(certificate.raw_serial()),
            not_before: system_time(certificate.validity().not_before),
            not_after: system_time(certificate.validity().not_after),
        })
    }

    /// Whether it is valid at a time.
    #[must_use]
    pub fn is_valid_at(&self, now: SystemTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Whether it is in the last third of its life, or past it, so that it should be renewed.
    #[must_use]
    pub fn is_due_for_renewal(&self, now: SystemTime) -> bool {
        let life = self.not_after.duration_since(self.not_before).unwrap_or_default();
        self.not_after.checked_sub(life / 3).is_none_or(|due| due <= now)
    }
}

/// The names of machines in a certificate (DER), not checked for their form; none in the console's.
///
/// # Errors
/// When the certificate cannot be read.
pub(crate) fn machine_names_of(der: &[u8]) -> Result<Vec<String>, CertificateError> {
    machine_names(&parse(der)?)
}

/// The one URI name that a console's certificate may carry.
pub(crate) const CONSOLE_URN: &str = "urn:metaprofiles:console";

/// Whether a certificate (DER), which TLS has verified, is the console's, and valid at a time.
#[must_use]
pub fn certificate_of_console(der: &[u8], now: SystemTime) -> bool {
    let Ok(certificate) = parse(der) else { return false };
    let (begin, end) =
        (system_time(certificate.validity().not_before), system_time(certificate.validity().not_after));
    let named = machine_names(&certificate).is_ok_and(|names| names == [CONSOLE_URN]);
    named && begin <= now && now <= end
}

/// The DNS names and IP addresses that a certificate (DER) is made out to; none when it cannot be read.
pub(crate) fn hosts_of_certificate(der: &[u8]) -> Vec<String> {
    let Ok(certificate) = parse(der) else { return Vec::new() };
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map_or(&[][..], |extension| &extension.value.general_names);
    let hosts = names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|ip| Ipv4Addr::from(ip).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|ip| Ipv6Addr::from(ip).to_string()),
        },
        _ => None,
    });
    hosts.collect()
}

/// The public key of a certificate (DER), as SubjectPublicKeyInfo (DER).
///
/// # Errors
/// When the certificate cannot be read.
pub(crate) fn public_key_of(der: &[u8]) -> Result<Vec<u8>, CertificateError> {
    Ok(parse(der)?.public_key().raw.to_vec())
}

/// A serial number as plans and logs carry it: lower-case hexadecimal, two digits a byte, without leading zero bytes.
#[must_use]
pub fn serial_text(serial: &[u8]) -> String {
    let significant = serial.iter().skip_while(|byte| **byte == 0);
    significant.map(|byte| format!("{byte:02x}")).collect()
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok((rest, _)) => Err(CertificateError::Unreadable(format!("{} bytes follow it", rest.len()))),
        Err(error) => Err(CertificateError::Unreadable(error.to_string())),
    }
}

fn machine_names(certificate: &X509Certificate<'_>) -> Result<Vec<String>, CertificateError> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|error| CertificateError::Unreadable(error.to_string()))?
        .map_or(&[][..], |extension| &extension.value.general_names);
    let uris = names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) if uri.starts_with(MACHINE_URN) => Some((*uri).to_owned()),
        _ => None,
    });
    Ok(uris.collect())
}

fn system_time(time: ASN1Time) -> SystemTime {
    let seconds = Duration::from_secs(time.timestamp().unsigned_abs());
    let moved = if time.timestamp() < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(seconds)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    };
    moved.unwrap_or(SystemTime::UNIX_EPOCH)
}
