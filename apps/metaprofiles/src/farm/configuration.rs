use std::{fmt::Write as _, path::PathBuf};

use anyhow::Context;
use mp_protocol::client::Method;
use serde_json::Value;
use similar::TextDiff;

use super::{
    api::{self, Api},
    show::{self, Column, field},
};
use crate::input;

const PATH: &str = "/api/v1/configuration";
const HISTORY: &str = "/api/v1/configuration/history";
const COLUMNS: &[Column] = &[
    field!("REVISION", "revision"),
    field!("TIME", "at"),
    field!("WHO", "who"),
    field!("ACTION", "action"),
    field!("SUBJECT", "subject"),
];
const TOML: &str = "application/toml";
/// The longest configuration that a console takes.
const MAX_FILE: u64 = 2 << 20;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Write the configuration to standard output: Storage Servers, groups, data subsets; no machines, no secrets
    Export,
    /// Make a file the whole configuration, all at once or not at all: what is not in it is removed
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
        /// Only tell what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// List the changes of the configuration, newest first
    History,
    /// Write the configuration as it was after a change
    Former {
        /// The revision, as `history` shows it
        revision: i64,
    },
    /// Go back to what the configuration was after a change
    Restore {
        /// The revision, as `history` shows it
        revision: i64,
        /// Only tell what would change
        #[arg(long)]
        dry_run: bool,
    },
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::Export => {
                let text = api.send(Method::GET, PATH, None, None)?.body;
                let text = String::from_utf8(text).context("the console's answer is no text")?;
                api.tell(&Value::String(text.clone()), &text)
            }
            Self::Import { file, dry_run: true } => {
                let text = input::read(file, MAX_FILE)?;
                let path = format!("{PATH}?dry-run=true");
                let answer = api.send(Method::PUT, &path, None, Some((TOML, &text)))?;
                tell(api, &api::json(&answer.body)?, "nothing would change")
            }
            Self::Import { file, dry_run: false } => {
                let text = input::read(file, MAX_FILE)?;
                let etag = api.send(Method::GET, PATH, None, None)?.etag;
                let answer = api.send(Method::PUT, PATH, etag.as_deref(), Some((TOML, &text)))?;
                tell(api, &api::json(&answer.body)?, "nothing had to change")
            }
            Self::History => api.list(&api.get_all(&format!("{HISTORY}?"))?, COLUMNS),
            Self::Former { revision } => {
                let text = former(api, *revision)?;
                api.tell(&Value::String(text.clone()), &text)
            }
            Self::Restore { revision, dry_run: true } => {
                let found = api.get(&format!("{HISTORY}/{revision}/difference"))?;
                tell(api, &found, "nothing would change")
            }
            Self::Restore { revision, dry_run: false } => {
                let text = former(api, *revision)?;
                let etag = api.send(Method::GET, PATH, None, None)?.etag;
                let body = Some((TOML, text.as_bytes()));
                let answer = api.send(Method::PUT, PATH, etag.as_deref(), body)?;
                tell(api, &api::json(&answer.body)?, "nothing had to change")
            }
        }
    }
}

fn former(api: &Api, revision: i64) -> anyhow::Result<String> {
    let text = api.send(Method::GET, &format!("{HISTORY}/{revision}"), None, None)?.body;
    String::from_utf8(text).context("the console's answer is no text")
}

/// Prints the differences, each item before and after.
fn tell(api: &Api, imported: &Value, nothing: &str) -> anyhow::Result<()> {
    let differences = imported["differences"].as_array().map(Vec::as_slice).unwrap_or_default();
    if differences.is_empty() {
        api.done(nothing);
    }
    let text = differences.iter().fold(String::new(), |mut text, difference| {
        let [action, kind, name] = ["action", "kind", "name"].map(|field| show::text(&difference[field]));
        let _ = writeln!(text, "{action} {kind} \"{name}\"");
        let [before, after] = ["before", "after"].map(|side| difference[side].as_str().unwrap_or_default());
        // Order matters in the file, so a moved item is worth a line, though it says the same as before.
        for line in TextDiff::from_lines(before, after).unified_diff().context_radius(1).to_string().lines() {
            let _ = writeln!(text, "    {line}");
        }
        text
    });
    if text.is_empty() && !api.is_json() { Ok(()) } else { api.tell(imported, &text) }
}
