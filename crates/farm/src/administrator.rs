use anyhow::{Context, Result};
use mp_protocol::{
    client::{AdministratorClient, ApiRequest, Method},
    digest::sha256,
};
use serde_json::{Value, json};

/// A signed-in administrator's way to a console, by the public REST API.
pub struct Administrator {
    url: String,
    client: AdministratorClient,
    token: Option<String>,
}

impl Administrator {
    /// Signs in as `admin`. `authority` is the certificate (DER) of the console's authority.
    ///
    /// # Errors
    /// When the console cannot be reached, or refuses.
    pub fn sign_in(url: &str, authority: &[u8], password: &str) -> Result<Self> {
        let client = AdministratorClient::new(url, sha256(authority))?;
        let mut administrator = Self { url: url.to_owned(), client, token: None };
        let session =
            administrator.post("/api/v1/sessions", &json!({ "name": "admin", "password": password }))?;
        let token = session["token"].as_str().context("the console gave no token")?;
        administrator.token = Some(token.to_owned());
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
        self.call(Method::PUT, "/api/v1/configuration", Some(("application/toml", text.as_bytes())))
    }

    /// A `GET` of the API.
    ///
    /// # Errors
    /// When the console refuses.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None)
    }

    /// A `POST` of JSON.
    ///
    /// # Errors
    /// When the console refuses.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(("application/json", body.to_string().as_bytes())))
    }

    /// A `PUT` of JSON over whatever is there.
    ///
    /// # Errors
    /// When the console refuses.
    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::PUT, path, Some(("application/json", body.to_string().as_bytes())))
    }

    /// A `DELETE`, whatever is there.
    ///
    /// # Errors
    /// When the console refuses.
    pub fn delete(&self, path: &str) -> Result<Value> {
        self.call(Method::DELETE, path, None)
    }

    fn call(&self, method: Method, path: &str, body: Option<(&'static str, &[u8])>) -> Result<Value> {
        // Nobody else changes a small farm: whatever is there may be replaced.
        let if_match = (method == Method::PUT || method == Method::DELETE).then_some("*");
        let request =
            ApiRequest { method: method.clone(), path, token: self.token.as_deref(), if_match, body };
        let answer = self.client.send(&request).with_context(|| format!("{method} {path}"))?;
        Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }
}
