//! Webhooks: where other programs are told when something fails.

use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;
use mp_protocol::client::Method;
use serde_json::{Value, json};

use super::{
    api::{self, Api, below},
    show::{Column, field, text},
};

const PATH: &str = "/api/v1/webhooks";
const COLUMNS: &[Column] = &[
    field!("NAME", "name"),
    field!("URL", "url"),
    field!("ENABLED", "enabled"),
    field!("WAITING", "waiting"),
    field!("GIVEN UP", "given-up"),
    ("LAST", |webhook| result(&webhook["last"])),
];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List them
    List,
    /// Show one, with what came of the last request
    Show {
        /// Its name
        name: String,
    },
    /// Make one, and print its secret, which is told this once
    Create {
        /// Its name
        name: String,
        /// HTTPS address
        #[arg(long)]
        url: String,
        /// What is told; may be repeated
        #[arg(long = "kind", value_enum, required = true)]
        kinds: Vec<Kind>,
        #[command(flatten)]
        trust: Trust,
    },
    /// Change one; what is not given stays
    Set {
        /// Its name
        name: String,
        /// HTTPS address
        #[arg(long)]
        url: Option<String>,
        /// What is told; may be repeated
        #[arg(long = "kind", value_enum)]
        kinds: Vec<Kind>,
        /// Whether it is told anything
        #[arg(long)]
        enabled: Option<bool>,
        #[command(flatten)]
        trust: Trust,
    },
    /// Give one a new secret, and print it; the former one counts no more
    NewSecret {
        /// Its name
        name: String,
    },
    /// Tell one something of no meaning, now; fails when it is not taken
    Test {
        /// Its name
        name: String,
    },
    /// Remove one, and what waits to be told
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct Trust {
    /// File with certificates (PEM) of authorities that are trusted instead of those of the system
    #[arg(long, value_name = "FILE")]
    certificates: Option<PathBuf>,
}

/// What can be told.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    SessionFailed,
    SessionNotMerged,
    SessionQuarantined,
    QuotaRefused,
    QuotaNear,
    StorageSpaceLow,
    StorageFailing,
    StorageDamaged,
    StorageAway,
    StorageBack,
    AgentAway,
    AgentBack,
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List => api.list(&api.get(PATH)?, COLUMNS),
            Self::Show { name } => api.show(&api.get(&below(PATH, name))?),
            Self::Create { name, url, kinds, trust } => {
                let certificates = trust.read()?.unwrap_or_default();
                let body =
                    json!({ "name": name, "url": url, "kinds": words(kinds), "certificates": certificates });
                with_secret(api, &api.post(PATH, &body)?)
            }
            Self::Set { name, url, kinds, enabled, trust } => {
                let path = below(PATH, name);
                let mut found = api.get_tagged(&path)?;
                let item = &found.item;
                let kinds = if kinds.is_empty() { item["kinds"].clone() } else { words(kinds) };
                let changed = json!({
                    "name": item["name"], "kinds": kinds,
                    "url": url.clone().map_or_else(|| item["url"].clone(), Value::String),
                    "enabled": enabled.map_or_else(|| item["enabled"].clone(), Value::Bool),
                    "certificates": trust.read()?.map_or_else(|| item["certificates"].clone(), Value::String),
                });
                found.item = changed;
                api.show(&api.put(&path, &found)?)
            }
            Self::NewSecret { name } => {
                let path = below(PATH, name);
                let etag = api.get_tagged(&path)?.etag;
                let answer = api.send(Method::POST, &format!("{path}/secret"), Some(&etag), None)?;
                with_secret(api, &api::json(&answer.body)?)
            }
            Self::Test { name } => {
                let told = api.post(&format!("{}/test", below(PATH, name)), &Value::Null)?;
                api.tell(&told, &format!("{}\n", result(&told)))?;
                match told["told"] == true {
                    true => Ok(()),
                    false => anyhow::bail!("the webhook was not told"),
                }
            }
            Self::Delete { name } => {
                api.delete_as_it_is(&below(PATH, name))?;
                api.done(&format!("deleted webhook \"{name}\""));
                Ok(())
            }
        }
    }
}

impl Trust {
    fn read(&self) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.certificates else { return Ok(None) };
        let read = std::fs::read_to_string(path);
        read.map(Some).with_context(|| format!("cannot read the certificates in \"{}\"", path.display()))
    }
}

fn words(kinds: &[Kind]) -> Value {
    let word = |kind: &Kind| kind.to_possible_value().map(|value| value.get_name().to_owned());
    Value::from(kinds.iter().filter_map(word).collect::<Vec<_>>())
}

fn with_secret(api: &Api, answer: &Value) -> anyhow::Result<()> {
    api.tell(answer, &format!("{}\n", text(&answer["secret"])))?;
    api.done("this secret is told this once; requests are signed with it");
    Ok(())
}

/// What came of a request, in words.
fn result(last: &Value) -> String {
    match (last.is_null(), last["error"].is_null()) {
        (true, _) => String::new(),
        (false, true) => format!("told {}, status {}", text(&last["at"]), text(&last["status"])),
        (false, false) => format!("not told {}: {}", text(&last["at"]), text(&last["error"])),
    }
}
