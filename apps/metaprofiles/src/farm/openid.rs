//! OpenID Connect: how the provider is reached, and what its groups may do.

use std::path::PathBuf;

use serde_json::json;

use super::{api::Api, settings_file, show};

const PATH: &str = "/api/v1/openid-connect";
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
            Self::Set { file } => settings_file::replace(
                api,
                PATH,
                file,
                &["has-client-secret", "return-address"],
                ("client-secret", SECRET),
            ),
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
