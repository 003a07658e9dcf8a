use std::{fs, path::Path, process::Command};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// Writes key and certificate of a server, and gives the certificate of the authority that signed it.
pub(crate) fn write(folder: &Path, address: &str) -> String {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec![address.to_owned()]).unwrap();
    let certificate = server.signed_by(&server_key, &issuer).unwrap().pem();
    for (name, text) in
        [("ca.pem", &ca), ("cert.pem", &certificate), ("key.pem", &server_key.serialize_pem())]
    {
        fs::write(folder.join(name), text).unwrap();
    }
    // GnuTLS, as Samba calls it, refuses a key that others may read.
    let changed = Command::new("chmod").arg("600").arg(folder.join("key.pem")).status().unwrap();
    assert!(changed.success());
    ca
}
