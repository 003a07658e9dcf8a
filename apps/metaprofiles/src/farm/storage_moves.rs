use serde_json::{Value, json};

use super::{
    api::{Api, below},
    show::{Column, field, text},
};

const PATH: &str = "/api/v1/storage-moves";
const COLUMNS: &[Column] = &[
    field!("ID", "id"),
    field!("SCOPE", "scope"),
    field!("FROM", "from"),
    field!("TO", "to"),
    field!("PHASE", "phase"),
    ("USERS", |moved| {
        format!("{} of {}", text(&moved["progress"]["users"]), text(&moved["progress"]["listed"]))
    }),
    ("FAILED", |moved| text(&moved["progress"]["failed"])),
];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List the newest ones
    List,
    /// Show one, and how far it is
    Show {
        /// Its identity
        id: String,
    },
    /// Begin to move the data sets of a scope to another Storage Server
    Start {
        /// `global`, or `group:` and the name of a group
        scope: String,
        /// The Storage Server that takes the place of the other one
        #[arg(long, value_name = "NAME")]
        to: String,
        /// The Storage Server that is to be left; the first one of the scope if not given
        #[arg(long, value_name = "NAME")]
        from: Option<String>,
    },
    /// Give up one of which Agents were not told yet
    Cancel {
        /// Its identity
        id: String,
    },
    /// End one without the Agents that have not asked for their new plan
    Finish {
        /// Its identity
        id: String,
    },
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List => api.list(&api.get(PATH)?, COLUMNS),
            Self::Show { id } => api.show(&api.get(&below(PATH, id))?),
            Self::Start { scope, to, from } => {
                let body = json!({ "scope": scope, "to": to, "from": from });
                api.show(&api.post(PATH, &body)?)
            }
            Self::Cancel { id } => {
                api.post(&format!("{}/cancel", below(PATH, id)), &Value::Null)?;
                api.done(&format!("cancelled move {id}"));
                Ok(())
            }
            Self::Finish { id } => api.show(&api.post(&format!("{}/finish", below(PATH, id)), &Value::Null)?),
        }
    }
}
