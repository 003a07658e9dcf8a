//! OpenID Connect: how the provider is reached, and what its groups may do.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use super::{api::Api, show};
use crate::input;

const PATH: &str = "/api/v1/openid-connect";
/// Most bytes of a file with the settings.
const MAX_FILE: u64 = 512 * 1024;
/// Stands for the secret of the provider's client.
const SECRET: &str = "METAPROFILES_OPENID_CLIENT_SECRET";

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Show how the provider is reached, and what its groups may do; with --json as `set` takes it
    Show,
    /// Set it up by a file of JSON, as `show --json` writes it
    ///
    /// The secret of the provider's client comes from METAPROFILES_OPENID_CLIENT_SECRET; without it the present one stays.
    Set {
        /// The file
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Ask the provider whether it answers
    Check,
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::Show => api.show(&api.get(PATH)?),
            Self::Set { file } => {
                let mut settings: Value = serde_json::from_slice(&input::read(file, MAX_FILE)?)
                    .with_context(|| format!("{} is not JSON", file.display()))?;
                if let Some(fields) = settings.as_object_mut() {
                    // They are told, and not asked for.
                    fields.remove("has-client-secret");
                    fields.remove("return-address");
                    if let Ok(secret) = std::env::var(SECRET) {
                        fields.insert("client-secret".to_owned(), json!(secret));
                    }
                }
                let mut found = api.get_tagged(PATH)?;
                found.item = settings;
                api.show(&api.put(PATH, &found)?)
            }
            Self::Check => {
                let answer = api.post(&format!("{PATH}/check"), &json!({}))?;
                let of = |field: &str| show::text(&answer[field]);
                let told = format!(
                    "{} answers, with {} keys; it must be allowed to send people back to {}\n",
                    of("issuer"),
                    of("keys"),
                    of("return-address")
                );
                api.tell(&answer, &told)
            }
        }
    }
}
