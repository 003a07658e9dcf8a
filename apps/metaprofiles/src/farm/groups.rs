use mp_profile::GroupName;
use serde_json::{Value, json};

use super::{
    agent_settings::AgentSettings,
    api::{Api, below},
    retention::Retention,
    show::{Column, field},
};

const PATH: &str = "/api/v1/agent-server-groups";
const COLUMNS: &[Column] =
    &[field!("NAME", "name"), ("STORAGE SERVERS", storage_servers), field!("DESCRIPTION", "description")];

/// In the order in which Agents try them.
fn storage_servers(group: &Value) -> String {
    let first = group["storage-server"].as_str().unwrap_or("(the first)");
    let others = group["other-storage-servers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    std::iter::once(first).chain(others).collect::<Vec<_>>().join(", ")
}

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List them
    List,
    /// Show one
    Show {
        /// Its name
        name: String,
    },
    /// Describe a new one
    Create {
        /// Its name; it cannot be changed, for it is a folder on storage
        name: GroupName,
        #[command(flatten)]
        more: More,
    },
    /// Change one
    Set {
        /// Its name
        name: String,
        #[command(flatten)]
        more: More,
        /// Let the first Storage Server keep its data sets
        #[arg(long, conflicts_with = "storage_server")]
        no_storage_server: bool,
        /// Keep the former versions that its Storage Server keeps of other groups
        #[arg(long, conflicts_with_all = ["keep_versions", "keep_days", "keep_bytes"])]
        no_retention: bool,
        /// Let no other Storage Server keep its data sets
        #[arg(long, conflicts_with = "other_storage_server")]
        no_other_storage_server: bool,
    },
    /// Delete one that nothing uses
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct More {
    /// For administrators
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The Storage Server that keeps its data sets; the first one if not given
    #[arg(long, value_name = "NAME")]
    storage_server: Option<String>,
    /// A Storage Server that keeps its data sets as well, and that Agents try when the first one is away; may be repeated, in
    /// the order in which they are tried
    #[arg(long, value_name = "NAME")]
    other_storage_server: Vec<String>,
    #[command(flatten)]
    retention: Retention,
    #[command(flatten)]
    settings: AgentSettings,
}

impl More {
    fn put_into(&self, group: &mut Value) {
        for (field, value) in [("description", &self.description), ("storage-server", &self.storage_server)] {
            if let Some(value) = value {
                group[field] = json!(value);
            }
        }
        let mut retention = group["retention"].take();
        self.retention.put_into(&mut retention);
        group["retention"] = retention;
        if !self.other_storage_server.is_empty() {
            group["other-storage-servers"] = json!(self.other_storage_server);
        }
        self.settings.put_into(group);
    }
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List => api.list(&api.get(PATH)?, COLUMNS),
            Self::Show { name } => api.show(&api.get(&below(PATH, name))?),
            Self::Create { name, more } => {
                let mut group = json!({ "name": name });
                more.put_into(&mut group);
                api.show(&api.post(PATH, &group)?)
            }
            Self::Set { name, more, no_storage_server, no_other_storage_server, no_retention } => {
                let path = below(PATH, name);
                let mut found = api.get_tagged(&path)?;
                more.put_into(&mut found.item);
                if *no_storage_server {
                    found.item["storage-server"] = Value::Null;
                }
                if *no_other_storage_server {
                    found.item["other-storage-servers"] = json!([]);
                }
                if *no_retention {
                    found.item["retention"] = Value::Null;
                }
                api.show(&api.put(&path, &found)?)
            }
            Self::Delete { name } => {
                api.delete_as_it_is(&below(PATH, name))?;
                api.done(&format!("deleted group \"{name}\""));
                Ok(())
            }
        }
    }
}
