//! How long the console keeps what it was told.

use serde_json::{Value, json};

use super::api::Api;

const PATH: &str = "/api/v1/retention";

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Show it
    Show,
    /// Say it; what is not given stays. What is too old goes at once
    Set {
        /// Days after the last report of a user's session, and after damage was acknowledged; 1 to 3650
        #[arg(long, value_name = "DAYS")]
        session_days: Option<u32>,
        /// Days of lines of the audit log and of former configurations, 1 to 36500
        #[arg(long, value_name = "DAYS")]
        audit_days: Option<u32>,
        /// Keep the audit log and former configurations for ever
        #[arg(long, conflicts_with = "audit_days")]
        audit_forever: bool,
    },
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::Show => api.show(&api.get(PATH)?),
            Self::Set { session_days, audit_days, audit_forever } => {
                let mut found = api.get_tagged(PATH)?;
                if let Some(days) = session_days {
                    found.item["session-days"] = json!(days);
                }
                match (audit_days, audit_forever) {
                    (Some(days), _) => found.item["audit-days"] = json!(days),
                    (None, true) => found.item["audit-days"] = Value::Null,
                    (None, false) => {}
                }
                api.show(&api.put(PATH, &found)?)
            }
        }
    }
}
