use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use ureq::{
    Agent,
    http::Request,
    tls::{Certificate, RootCerts, TlsConfig},
};

/// A signed-in administrator's way to a console, by the public REST API.
pub struct Administrator {
    url: String,
    http: Agent,
    token: String,
}

impl Administrator {
    /// Signs in as `admin`. `authority` is the certificate (PEM) of the console's authority.
    ///
    /// # Errors
    /// When the console cannot be reached, or refuses.
    pub fn sign_in(url: &str, authority: &str, password: &str) -> Result<Self> {
        let authority = Certificate::from_pem(authority.as_bytes())
            .context("the authority's certificate cannot be read")?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[authority]))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let http = Agent::config_builder().tls_config(tls).http_status_as_error(false).build().into();
        let mut administrator = Self { url: url.to_owned(), http, token: String::new() };
        let session =
            administrator.post("/api/v1/sessions", &json!({ "name": "admin", "password": password }))?;
        administrator.token = session["token"].as_str().context("the console gave no token")?.to_owned();
        Ok(administrator)
    }

    /// Address of the console.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes this the whole configuration of the farm.
    ///
    /// # Errors
    /// When the console refuses it.
    pub fn configure(&self, text: &str) -> Result<Value> {
        self.call("PUT", "/api/v1/configuration", "application/toml", text)
    }

    /// A `GET` of the API.
    ///
    /// # Errors
    /// When the console refuses.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.call("GET", path, "application/json", "")
    }

    /// A `POST` of JSON.
    ///
    /// # Errors
    /// When the console refuses.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call("POST", path, "application/json", &body.to_string())
    }

    fn call(&self, method: &str, path: &str, content_type: &str, body: &str) -> Result<Value> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        // Nobody else changes a small farm: whatever is there may be replaced.
        let request = request.header("content-type", content_type).header("if-match", "*");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let answer = self.http.run(request.body(body.to_owned())?);
        let mut answer = answer.with_context(|| format!("{method} {path} failed"))?;
        let text = answer.body_mut().read_to_string()?;
        if !answer.status().is_success() {
            bail!("{method} {path}: {} {text}", answer.status());
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}
