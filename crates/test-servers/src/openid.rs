use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
};

use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;
use ureq::{
    Agent,
    http::{Request, Response},
    tls::{Certificate, RootCerts, TlsConfig},
};

use crate::certificates;

/// Set where a missing provider is a failure, as in CI.
const REQUIRED: &str = "METAPROFILES_OPENID_REQUIRED";
/// Where npm has put what the pages are made and tested with, the provider's library among it.
const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web");

/// An OpenID Connect provider of the certified library `oidc-provider`, on a free port of the loopback interface, with a
/// certificate of an authority of its own.
///
/// Its people are `ada` (groups `helpdesk` and `all`), `bob` (`others`), `eve`, whose user name is `admin` (`helpdesk`), and
/// `twin`, who has Ada's user name (`helpdesk`).
#[derive(Debug)]
pub struct OpenidProvider {
    issuer: String,
    ca: String,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    child: Child,
    _folder: TempDir,
}

impl OpenidProvider {
    /// As which it knows the console: identifier and secret.
    pub const CLIENT: (&str, &str) = ("console", "secret of the console, for tests");

    /// Starts one; `None` where the library is not installed and that is no failure. What is then left out is said on standard
    /// output.
    pub fn start(left_out: &str) -> Option<Self> {
        let program = PathBuf::from(WEB).join("browser/provider.mjs");
        if !PathBuf::from(WEB).join("node_modules/oidc-provider").exists() {
            assert!(std::env::var_os(REQUIRED).is_none(), "there is no OpenID Connect provider");
            println!(
                "SKIPPED {left_out}: there is no OpenID Connect provider; `cargo xtask test` installs it with npm"
            );
            return None;
        }
        let folder = TempDir::new().unwrap();
        let ca = certificates::write(folder.path(), "localhost");
        let mut child = Command::new("node")
            .arg(program)
            .args([folder.path().join("key.pem"), folder.path().join("cert.pem")])
            .arg("localhost")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut pipes = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut issuer = String::new();
        pipes.1.read_line(&mut issuer).unwrap();
        let log = || fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        assert!(issuer.starts_with("https://"), "the provider does not start: {}", log());
        let issuer = issuer.trim().to_owned();
        Some(Self { issuer, ca, pipes: Mutex::new(pipes), child, _folder: folder })
    }

    /// What it calls itself.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The authority that signed its certificate, PEM.
    #[must_use]
    pub fn ca(&self) -> &str {
        &self.ca
    }

    /// Lets it send people back to this address alone.
    pub fn allow(&self, return_address: &str) {
        self.order(&format!("{{\"returns\": [{return_address:?}]}}"));
    }

    /// Makes it tell names and groups in tokens, or only to those who ask with one.
    pub fn tell_in_tokens(&self, in_tokens: bool) {
        self.order(&format!("{{\"inToken\": {in_tokens}}}"));
    }

    /// Gives it another key. It shows the former one no more.
    pub fn rotate(&self) {
        self.order("{\"rotate\": true}");
    }

    /// Puts Ada into these groups and no others.
    pub fn put_ada_into(&self, groups: &[&str]) {
        self.order(&format!("{{\"ada\": {groups:?}}}"));
    }

    fn order(&self, line: &str) {
        let mut pipes = self.pipes.lock().unwrap();
        writeln!(pipes.0, "{line}").unwrap();
        let mut answer = String::new();
        pipes.1.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), "done", "{line}");
    }

    /// What the browser of somebody does whom the console sends to this address: he says who he is (nobody: he gives up), and is
    /// sent back. Gives the address to which.
    #[must_use]
    pub fn visit(&self, address: &str, user: &str) -> String {
        let ca = Certificate::from_der(
            &rustls::pki_types::CertificateDer::from_pem_slice(self.ca.as_bytes()).unwrap(),
        )
        .to_owned();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[ca]))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent: Agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        let mut cookies: Vec<(String, String)> = Vec::new();
        let mut send = |request: ureq::http::request::Builder, body: Option<String>| {
            let jar: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let request = request.header("cookie", jar.join("; "));
            let form = "application/x-www-form-urlencoded";
            let response: Response<ureq::Body> = match body {
                Some(body) => agent.run(request.header("content-type", form).body(body).unwrap()).unwrap(),
                None => agent.run(request.body(()).unwrap()).unwrap(),
            };
            for cookie in response.headers().get_all("set-cookie") {
                let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                cookies.retain(|(known, _)| known != name);
                cookies.push((name.to_owned(), value.to_owned()));
            }
            let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
            location.map(|to| if to.starts_with('/') { format!("{}{to}", self.issuer) } else { to })
        };
        let mut at = send(Request::get(address), None).expect("the provider sends people on");
        while at.starts_with(&self.issuer) {
            let asked = at.contains("/interaction/");
            let next = if asked {
                send(Request::post(&at), Some(format!("user={user}&do=enter")))
            } else {
                send(Request::get(&at), None)
            };
            at = next.expect("the provider sends people on");
        }
        at
    }

    /// Ends it, as when its machine goes down.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for OpenidProvider {
    fn drop(&mut self) {
        self.stop();
    }
}
