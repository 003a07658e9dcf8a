use anyhow::Context;
use mp_protocol::client::{AdministratorClient, ApiAnswer, ApiRequest, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    session::Session,
    show::{self, Column},
};
use crate::output;

/// The characters of a name that a path holds as they are (RFC 3986, "unreserved").
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const JSON: &str = "application/json";

/// The REST API, as a signed-in administrator.
pub(super) struct Api {
    client: AdministratorClient,
    token: String,
    json: bool,
}

/// Something the console keeps, and its state's ETag, without which it is not changed.
pub(super) struct Tagged {
    pub(super) item: Value,
    pub(super) etag: String,
}

impl Api {
    pub(super) fn new(session: &Session, json: bool) -> anyhow::Result<Self> {
        let client = AdministratorClient::new(&session.console, session.authority_sha256.0)?;
        Ok(Self { client, token: session.token.clone(), json })
    }

    pub(super) fn get(&self, path: &str) -> anyhow::Result<Value> {
        json(&self.send(Method::GET, path, None, None)?.body)
    }

    /// All items of a list that comes page by page, at an [`address`].
    pub(super) fn get_all(&self, path: &str) -> anyhow::Result<Value> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}limit=200{after}"))?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    /// One page, as a table of these fields, and how to get the next one.
    pub(super) fn page(&self, page: &Value, columns: &[Column]) -> anyhow::Result<()> {
        if self.json {
            return output::print_json(page);
        }
        let mut text = show::table(&page["items"], columns);
        if let Some(next) = page["next"].as_str() {
            text.push_str(&format!("more follow: --after {next}\n"));
        }
        output::print(&text)
    }

    pub(super) fn get_tagged(&self, path: &str) -> anyhow::Result<Tagged> {
        let answer = self.send(Method::GET, path, None, None)?;
        let etag = answer.etag.context("the console's answer has no ETag")?;
        Ok(Tagged { item: json(&answer.body)?, etag })
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = serde_json::to_vec(body)?;
        json(&self.send(Method::POST, path, None, Some((JSON, &body)))?.body)
    }

    pub(super) fn put(&self, path: &str, changed: &Tagged) -> anyhow::Result<Value> {
        let body = serde_json::to_vec(&changed.item)?;
        json(&self.send(Method::PUT, path, Some(&changed.etag), Some((JSON, &body)))?.body)
    }

    /// Deletes what is there now, if nobody changes it meanwhile.
    pub(super) fn delete_as_it_is(&self, path: &str) -> anyhow::Result<()> {
        let etag = self.get_tagged(path)?.etag;
        self.send(Method::DELETE, path, Some(&etag), None)?;
        Ok(())
    }

    /// Deletes a part of what is there now, if nobody changes it meanwhile.
    pub(super) fn delete_part(&self, path: &str, part: &str) -> anyhow::Result<()> {
        let etag = self.get_tagged(path)?.etag;
        self.send(Method::DELETE, &format!("{path}/{part}"), Some(&etag), None)?;
        Ok(())
    }

    /// Any request.
    pub(super) fn send(
        &self,
        method: Method,
        path: &str,
        if_match: Option<&str>,
        body: Option<(&'static str, &[u8])>,
    ) -> anyhow::Result<ApiAnswer> {
        let request = ApiRequest { method, path, token: Some(&self.token), if_match, body };
        Ok(self.client.send(&request)?)
    }

    /// Prints one thing.
    pub(super) fn show(&self, item: &Value) -> anyhow::Result<()> {
        if self.json { output::print_json(item) } else { output::print(&show::item(item)) }
    }

    /// Prints many, as a table of these fields.
    pub(super) fn list(&self, items: &Value, columns: &[Column]) -> anyhow::Result<()> {
        if self.json { output::print_json(items) } else { output::print(&show::table(items, columns)) }
    }

    /// Prints a text, or its JSON.
    pub(super) fn tell(&self, json: &Value, text: &str) -> anyhow::Result<()> {
        if self.json { output::print_json(json) } else { output::print(text) }
    }

    /// Whether a program reads what is printed.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Says that it is done, to people.
    pub(super) fn done(&self, text: &str) {
        if !self.json {
            output::note(text);
        }
    }
}

/// Path of a list with its query, to which more can be added.
pub(super) fn address(path: &str, query: &[(&str, &Option<String>)]) -> String {
    query.iter().fold(format!("{path}?"), |mut address, (name, value)| {
        if let Some(value) = value {
            address.push_str(&format!("{name}={}&", utf8_percent_encode(value, IN_PATH)));
        }
        address
    })
}

/// Path of one thing below the path of its kind.
pub(super) fn below(path: &str, name: &str) -> String {
    format!("{path}/{}", utf8_percent_encode(name, IN_PATH))
}

pub(super) fn json(body: &[u8]) -> anyhow::Result<Value> {
    let text = if body.is_empty() { b"null".as_slice() } else { body };
    serde_json::from_slice(text).context("the console's answer is not JSON")
}
