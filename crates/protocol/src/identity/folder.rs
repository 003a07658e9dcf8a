use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use super::{Identity, IdentityError, MachineKey, parse_certificate};
use mp_durable::Readers;

const KEY: &str = "key.pem";
const CERTIFICATE: &str = "certificate.pem";
const AUTHORITY: &str = "authority.pem";
const CONSOLE: &str = "console.json";

/// No file of an identity is longer, in bytes; a longer one is damaged.
const MAX_FILE: u64 = 64 * 1024;

/// Content of `console.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Console {
    url: String,
}

impl Identity {
    pub(super) fn save(&self) -> Result<(), IdentityError> {
        fs::create_dir_all(&self.folder).map_err(|source| failed("write", &self.folder, source))?;
        // Without this file the folder holds no identity, so a crash between the files leaves none that does not fit.
        let console = self.folder.join(CONSOLE);
        match fs::remove_file(&console) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("write", &console, error));
            }
            _ => {}
        }
        self.write(KEY, self.key.0.serialize_pem().as_bytes(), Readers::OwnerOnly)?;
        self.write(AUTHORITY, certificate_pem(&self.authority).as_bytes(), Readers::AsFolder)?;
        self.save_certificate(&self.certificate)?;
        let text = serde_json::to_vec_pretty(&Console { url: self.console.clone() })
            .map_err(|source| IdentityError::Console { path: console, source })?;
        self.write(CONSOLE, &text, Readers::AsFolder)
    }

    pub(super) fn save_certificate(&self, certificate: &CertificateDer<'_>) -> Result<(), IdentityError> {
        self.write(CERTIFICATE, certificate_pem(certificate).as_bytes(), Readers::AsFolder)
    }

    pub(super) fn read(folder: PathBuf) -> Result<Self, IdentityError> {
        let path = folder.join(CONSOLE);
        let console = match read(&path) {
            Err(IdentityError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(IdentityError::NotEnrolled(folder));
            }
            read => read?,
        };
        let console: Console =
            serde_json::from_slice(&console).map_err(|source| IdentityError::Console { path, source })?;
        let key = text(read(&folder.join(KEY))?, "key.pem")?;
        let key = KeyPair::from_pem_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256)
            .map_err(|error| IdentityError::Key(error.to_string()))?;
        let authority = parse_certificate(&read(&folder.join(AUTHORITY))?, "authority.pem")?;
        let certificate = text(read(&folder.join(CERTIFICATE))?, "certificate.pem")?;
        Self::assemble(folder, MachineKey(key), &certificate, authority, console.url)
    }

    fn write(&self, name: &str, bytes: &[u8], readers: Readers) -> Result<(), IdentityError> {
        let path = self.folder.join(name);
        mp_durable::replace(&path, bytes, readers).map_err(|source| failed("write", &path, source))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    let read = fs::metadata(path).and_then(|metadata| {
        if metadata.len() > MAX_FILE { Err(io::ErrorKind::FileTooLarge.into()) } else { fs::read(path) }
    });
    read.map_err(|source| failed("read", path, source))
}

fn text(bytes: Vec<u8>, what: &'static str) -> Result<String, IdentityError> {
    String::from_utf8(bytes).map_err(|error| IdentityError::Pem { what, text: error.to_string() })
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> IdentityError {
    IdentityError::File { doing, path: path.to_owned(), source }
}

/// A certificate in PEM (RFC 7468): base64 in lines of 64.
fn certificate_pem(der: &CertificateDer<'_>) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let body = STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = body.as_str();
    while let Some((line, more)) = rest.split_at_checked(64) {
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    if !rest.is_empty() {
        text.push_str(rest);
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}
