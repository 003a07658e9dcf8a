//! One's own second factor, and whether everybody needs one.

use serde_json::json;

use super::{api::Api, password::password, show};

const PATH: &str = "/api/v1/administrators/current/second-factor";
const POLICY: &str = "/api/v1/sign-in-policy";
/// Stands for the code that would be asked for.
pub(super) const CODE: &str = "METAPROFILES_CODE";

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Whether you have one, and how many recovery codes are left
    Show,
    /// Enrol an authenticator: its secret is printed, and its first code asked for; prints recovery codes, once
    Enrol,
    /// Print new recovery codes, for a code; the old ones are good for nothing then
    RecoveryCodes,
    /// Sign in without one from now on, for a code
    Remove,
}

#[derive(clap::Subcommand)]
pub(crate) enum PolicyCommand {
    /// Show it
    Show,
    /// Change it
    Set {
        /// Whether everybody who signs in needs a second factor
        #[arg(long, value_name = "WHAT", value_parser = ["required", "optional"])]
        second_factor: String,
    },
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        let code = |prompt: &str| Ok::<_, anyhow::Error>(json!({ "code": password(None, CODE, prompt)? }));
        match self {
            Self::Show => api.show(&api.get(PATH)?),
            Self::Enrol => {
                let begun = api.post(PATH, &json!({}))?;
                api.done(&format!(
                    "let an authenticator know this secret, or this address:\n\n    {}\n    {}\n",
                    show::text(&begun["secret"]),
                    show::text(&begun["uri"])
                ));
                let body = code("Code that it shows now")?;
                codes(api, &api.post(&format!("{PATH}/confirmation"), &body)?)
            }
            Self::RecoveryCodes => codes(api, &api.post(&format!("{PATH}/recovery-codes"), &code("Code")?)?),
            Self::Remove => {
                api.post(&format!("{PATH}/removal"), &code("Code")?)?;
                api.done("you sign in without a second factor from now on");
                Ok(())
            }
        }
    }
}

impl PolicyCommand {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::Show => api.show(&api.get(POLICY)?),
            Self::Set { second_factor } => {
                let mut found = api.get_tagged(POLICY)?;
                found.item["second-factor-required"] = json!(second_factor == "required");
                api.show(&api.put(POLICY, &found)?)
            }
        }
    }
}

/// Prints recovery codes, alone on standard output.
fn codes(api: &Api, answer: &serde_json::Value) -> anyhow::Result<()> {
    api.done("each of these recovery codes is good once, and they are told only now:");
    let lines = answer["recovery-codes"].as_array().into_iter().flatten();
    let text: String = lines.map(|code| format!("{}\n", show::text(code))).collect();
    api.tell(answer, &text)
}
