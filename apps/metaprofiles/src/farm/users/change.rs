//! What changes a user's data sets.

use anyhow::bail;
use mp_protocol::client::Method;
use serde_json::{Value, json};

use super::{Api, OfVersion, shown};
use crate::farm::api;

/// What of a version is restored.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Part {
    /// All of it
    #[arg(long, conflicts_with_all = ["data_subset", "key", "file", "folder"])]
    everything: bool,
    /// What this data subset keeps
    #[arg(long, value_name = "NAME", conflicts_with_all = ["key", "file", "folder"])]
    data_subset: Option<String>,
    /// A key with its values, such as Software\Contoso
    #[arg(long, conflicts_with_all = ["file", "folder"])]
    key: Option<String>,
    /// All sub-keys of the key, too
    #[arg(long, requires = "key", conflicts_with = "value")]
    below: bool,
    /// Of the key this value alone; an empty name for its default value
    #[arg(long, value_name = "NAME", requires = "key")]
    value: Option<String>,
    /// A file, such as Desktop:notes.txt
    #[arg(long, value_name = "PLACE", conflicts_with = "folder")]
    file: Option<String>,
    /// All files of a folder, such as Desktop or Desktop:notes
    #[arg(long, value_name = "PLACE")]
    folder: Option<String>,
}

/// Which version is pinned, and why.
#[derive(clap::Args)]
pub(crate) struct Pin {
    #[command(flatten)]
    of: OfVersion,
    /// Why, for the record
    #[arg(long, default_value = "")]
    reason: String,
}

impl Part {
    fn form(&self) -> anyhow::Result<Value> {
        Ok(match self {
            Self { everything: true, .. } => json!({ "kind": "everything" }),
            Self { data_subset: Some(name), .. } => json!({ "kind": "data-subset", "name": name }),
            Self { key: Some(key), value: Some(value), .. } => {
                json!({ "kind": "value", "key": key, "value": value })
            }
            Self { key: Some(key), below, .. } => json!({ "kind": "key", "key": key, "below": below }),
            Self { file: Some(file), .. } => json!({ "kind": "file", "file": file }),
            Self { folder: Some(folder), .. } => json!({ "kind": "folder", "folder": folder }),
            _ => bail!("say what is to be restored: --everything, --data-subset, --key, --file or --folder"),
        })
    }
}

impl Pin {
    pub(super) fn run(&self, api: &Api, pinned: bool) -> anyhow::Result<()> {
        let path = self.of.address("", &[]);
        let mut found = api.get_tagged(&path)?;
        found.item = json!({ "pinned": pinned, "reason": self.reason });
        let changed = api.put(&path, &found)?;
        let done = if pinned { "pinned" } else { "left to retention again" };
        api.tell(&changed, &format!("version {} is {done}\n", self.of.version))
    }
}

/// Restores, or shows what that would change.
pub(super) fn restore(
    api: &Api,
    of: &OfVersion,
    part: &Part,
    reason: &str,
    dry_run: bool,
) -> anyhow::Result<()> {
    let body = json!({ "version": of.version, "part": part.form()?, "reason": reason });
    let body = serde_json::to_vec(&body)?;
    let body = Some(("application/json", &body[..]));
    // Whoever stores something between these two requests is not overwritten unseen.
    let etag = match dry_run {
        true => None,
        false => Some(api.get_tagged(&of.of.address("/versions", &[]))?.etag),
    };
    let path = of.of.address("/restore", &[("dry-run", dry_run.then(|| "true".to_owned()))]);
    let result = api::json(&api.send(Method::POST, &path, etag.as_deref(), body)?.body)?;
    api.tell(&result, &shown::restored(&result, dry_run))
}
