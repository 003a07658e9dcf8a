use std::{
    fs,
    io::{self, BufRead, IsTerminal},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use mp_protocol::{
    client::{self, AdministratorClient, ApiRequest, ClientError, Method},
    digest::sha256,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::json;

use super::{
    Options,
    api::{self, Api},
    password::password,
    second_factor::CODE,
    session::{Fingerprint, Session},
};
use crate::{input, output};

/// The longest file of a certificate that is read.
const MAX_CERTIFICATE: u64 = 64 * 1024;
/// Code of the refusal that asks for the code of the second factor.
const CODE_NEEDED: &str = "MP-CON-009";
const PASSWORD: &str = "METAPROFILES_PASSWORD";
const NEW_PASSWORD: &str = "METAPROFILES_NEW_PASSWORD";

/// Sign in to a console; the other commands then use this session
///
/// The console is trusted by the certificate of its authority: give its file, or its SHA-256 as the console showed it at its
/// start, or compare the one that this command shows and say yes. The password comes from --password-file, the environment
/// variable METAPROFILES_PASSWORD, the terminal, or the first line of standard input. The code of a second factor, which is
/// asked for where the account has one, comes from METAPROFILES_CODE, the terminal, or the next line of standard input.
#[derive(clap::Args)]
pub(crate) struct Login {
    /// Address of the console, such as https://console.example.com:8443
    #[arg(long, value_name = "URL", env = "METAPROFILES_CONSOLE")]
    console: String,
    /// Name of the administrator
    #[arg(long, default_value = "admin")]
    name: String,
    /// File with the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// File with the authority's certificate (PEM)
    #[arg(long, value_name = "FILE", conflicts_with = "authority_sha256")]
    authority: Option<PathBuf>,
    /// SHA-256 of the authority's certificate
    #[arg(long, value_name = "HEX", env = "METAPROFILES_AUTHORITY_SHA256")]
    authority_sha256: Option<Fingerprint>,
    #[command(flatten)]
    options: Options,
}

impl Login {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let console = self.console.trim_end_matches('/').to_owned();
        let authority_sha256 = self.authority(&console)?;
        let client = AdministratorClient::new(&console, authority_sha256.0)?;
        let password =
            password(self.password_file.as_deref(), PASSWORD, &format!("Password of {}", self.name))?;
        let ask = |code: Option<&str>| {
            let body = json!({ "name": self.name, "password": password, "code": code }).to_string();
            client.send(&ApiRequest {
                method: Method::POST,
                path: "/api/v1/sessions",
                token: None,
                if_match: None,
                body: Some(("application/json", body.as_bytes())),
            })
        };
        let answer = match ask(None) {
            Err(ClientError::Answer { error, .. }) if error.code == CODE_NEEDED => {
                ask(Some(&self::password(None, CODE, "Code of your authenticator")?))
            }
            answer => answer,
        }?;
        let answer = api::json(&answer.body)?;
        let field = |name: &str| {
            answer[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("the console's answer has no {name}"))
        };
        let session = Session {
            console,
            authority_sha256,
            name: self.name.clone(),
            token: field("token")?,
            expires: field("expires")?,
        };
        session.save(&self.options.session)?;
        if self.options.json {
            return output::print_json(&json!({
                "console": session.console, "name": session.name, "expires": session.expires,
            }));
        }
        output::note(&format!(
            "signed in as {} at {} until {}",
            session.name, session.console, session.expires
        ));
        Ok(())
    }

    /// Whom to trust. What was trusted at the last login to the same console is trusted again.
    fn authority(&self, console: &str) -> anyhow::Result<Fingerprint> {
        if let Some(file) = &self.authority {
            return from_file(file);
        }
        if let Some(fingerprint) = self.authority_sha256 {
            return Ok(fingerprint);
        }
        // A damaged session is no reason not to sign in anew.
        let before = Session::find(&self.options.session).ok().flatten();
        match before.filter(|session| session.console == console) {
            Some(session) => Ok(session.authority_sha256),
            None => ask(console),
        }
    }
}

fn from_file(file: &Path) -> anyhow::Result<Fingerprint> {
    let pem = input::read(file, MAX_CERTIFICATE)?;
    let certificate = CertificateDer::from_pem_slice(&pem);
    let certificate = certificate.with_context(|| format!("{} is no certificate in PEM", file.display()))?;
    Ok(Fingerprint(sha256(&certificate)))
}

fn ask(console: &str) -> anyhow::Result<Fingerprint> {
    ensure!(
        io::stdin().is_terminal(),
        "the authority of {console} is not known here; give --authority FILE or --authority-sha256 HEX"
    );
    let shown = Fingerprint(sha256(&client::shown_authority(console)?));
    output::note(&format!(
        "{console} shows an authority that is not known here. SHA-256 of its certificate:\n\n    {shown}\n\n\
         Compare it with the one that the console told at its start. Type yes if they are the same:"
    ));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() != "yes" {
        bail!("not trusted, not signed in");
    }
    Ok(shown)
}

/// End the session
#[derive(clap::Args)]
pub(crate) struct Logout {
    #[command(flatten)]
    options: Options,
}

impl Logout {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let path = &self.options.session;
        let api = Api::new(&Session::load(path)?, self.options.json)?;
        let ended = api.send(Method::DELETE, "/api/v1/sessions/current", None, None);
        // The token is forgotten here also if the console no longer knows it or is away.
        fs::remove_file(path).with_context(|| format!("cannot delete {}", path.display()))?;
        ended.map(drop).context("the session is forgotten here, but the console did not end it")
    }
}

/// Change your password; your other sessions end
///
/// The passwords come from the environment variables METAPROFILES_PASSWORD and METAPROFILES_NEW_PASSWORD, or are asked for.
#[derive(clap::Args)]
pub(crate) struct ChangePassword {
    #[command(flatten)]
    options: Options,
}

impl ChangePassword {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let api = self.options.api()?;
        let current = password(None, PASSWORD, "Present password")?;
        let new = password(None, NEW_PASSWORD, "New password")?;
        let body = serde_json::to_vec(&json!({ "current": current, "new": new }))?;
        let path = "/api/v1/administrators/current/password";
        api.send(Method::PUT, path, None, Some(("application/json", &body)))?;
        api.done("the password is changed");
        Ok(())
    }
}
