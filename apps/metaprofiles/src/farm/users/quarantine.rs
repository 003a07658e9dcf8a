//! Uploads that storage keeps beside a user's versions.

use mp_protocol::client::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{Of, shown};
use crate::farm::{
    api::{self, Api},
    show::{Column, field},
};

const COLUMNS: &[Column] = &[
    field!("ID", "id"),
    field!("CAME", "at"),
    field!("FROM", "agent"),
    field!("BYTES", "bytes"),
    field!("WHY", "reason"),
];

#[derive(clap::Subcommand)]
pub(crate) enum Quarantine {
    /// List the uploads, oldest first
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Show what differs between the current version and an upload; the audit log says so
    Diff {
        #[command(flatten)]
        of: OfUpload,
    },
    /// Make an upload the current version; what is current now stays as a former one
    Adopt {
        #[command(flatten)]
        of: OfUpload,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Delete an upload for good
    Delete {
        #[command(flatten)]
        of: OfUpload,
        /// Why, for the record
        #[arg(long)]
        reason: String,
    },
}

/// Which upload.
#[derive(clap::Args)]
pub(crate) struct OfUpload {
    #[command(flatten)]
    of: Of,
    /// Its identity
    id: String,
}

impl OfUpload {
    fn address(&self, rest: &str, query: &[(&str, Option<String>)]) -> String {
        let id = utf8_percent_encode(&self.id, NON_ALPHANUMERIC);
        self.of.address(&format!("/quarantine/{id}{rest}"), query)
    }
}

impl Quarantine {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List { of } => api.list(&api.get(&of.address("/quarantine", &[]))?, COLUMNS),
            Self::Diff { of } => {
                let difference = api.get(&of.address("/difference", &[]))?;
                api.tell(&difference, &shown::upload(&difference))
            }
            Self::Adopt { of, reason } => {
                let etag = api.get_tagged(&of.of.address("/quarantine", &[]))?.etag;
                let body = serde_json::to_vec(&json!({ "reason": reason }))?;
                let body = Some(("application/json", &body[..]));
                let path = of.address("/adoption", &[]);
                let adopted = api::json(&api.send(Method::POST, &path, Some(&etag), body)?.body)?;
                api.tell(&adopted, &format!("adopted as version {}\n", adopted["number"]))
            }
            Self::Delete { of, reason } => {
                let path = of.address("", &[("reason", Some(reason.clone()))]);
                api.send(Method::DELETE, &path, None, None)?;
                api.done("deleted");
                Ok(())
            }
        }
    }
}
