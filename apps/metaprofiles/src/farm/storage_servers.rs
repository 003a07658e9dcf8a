use serde_json::{Value, json};

use super::{
    api::{Api, below},
    retention::{Limits, Retention},
    show::{Column, field},
};

const PATH: &str = "/api/v1/storage-servers";
const COLUMNS: &[Column] = &[
    field!("NAME", "name"),
    field!("HOST", "host"),
    field!("PORT", "port"),
    field!("BASE FOLDER", "base-folder"),
    field!("GLOBAL FOLDER", "global-folder"),
    field!("VERSIONS", "keep-versions"),
    field!("GLOBAL", "keeps-global"),
];

const STATUS_PATH: &str = "/api/v1/storage-status";
const STATUS_COLUMNS: &[Column] = &[
    field!("STORAGE SERVER", "storage-server"),
    ("FREE", |status| megabytes(&status["free-bytes"])),
    ("OF", |status| megabytes(&status["total-bytes"])),
    ("KEPT", |status| megabytes(&status["kept-bytes"])),
    field!("LOW", "low"),
    ("NEAR QUOTA", |status| status["near-quota"].as_array().map_or(0, Vec::len).to_string()),
    field!("REPORTED", "reported"),
    field!("PROBLEM", "problem"),
];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List them
    List,
    /// Show one
    Show {
        /// Its name
        name: String,
    },
    /// Show how much space they have, what does not work, and how many users are near their quota
    Status,
    /// Describe a new one
    Create {
        /// Its name
        name: String,
        /// DNS name or IP address by which Agents reach it
        #[arg(long)]
        host: String,
        /// Folder on that machine below which everything is kept; absolute
        #[arg(long, value_name = "PATH")]
        base_folder: String,
        #[command(flatten)]
        more: More,
    },
    /// Change one
    Set {
        /// Its name
        name: String,
        /// DNS name or IP address by which Agents reach it
        #[arg(long)]
        host: Option<String>,
        /// Folder on that machine below which everything is kept; absolute
        #[arg(long, value_name = "PATH")]
        base_folder: Option<String>,
        #[command(flatten)]
        more: More,
    },
    /// Delete one that nothing uses
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct More {
    /// Folder of the global data sets below the base folder: one name
    #[arg(long, value_name = "NAME")]
    global_folder: Option<String>,
    /// TCP port
    #[arg(long)]
    port: Option<u16>,
    #[command(flatten)]
    retention: Retention,
    #[command(flatten)]
    limits: Limits,
    /// Whether it keeps the global data sets; when no Storage Server does, the first one of the farm
    #[arg(long, value_name = "true|false")]
    keeps_global: Option<bool>,
}

impl More {
    fn put_into(&self, server: &mut Value) {
        for (field, value) in [
            ("global-folder", self.global_folder.as_ref().map(|folder| json!(folder))),
            ("port", self.port.map(|port| json!(port))),
            ("keeps-global", self.keeps_global.map(|keeps| json!(keeps))),
        ] {
            if let Some(value) = value {
                server[field] = value;
            }
        }
        self.retention.put_into(server);
        self.limits.put_into(server);
    }
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List => api.list(&api.get(PATH)?, COLUMNS),
            Self::Show { name } => api.show(&api.get(&below(PATH, name))?),
            Self::Status => api.list(&api.get(STATUS_PATH)?, STATUS_COLUMNS),
            Self::Create { name, host, base_folder, more } => {
                let mut server = json!({ "name": name, "host": host, "base-folder": base_folder });
                more.put_into(&mut server);
                api.show(&api.post(PATH, &server)?)
            }
            Self::Set { name, host, base_folder, more } => {
                let path = below(PATH, name);
                let mut found = api.get_tagged(&path)?;
                for (field, value) in [("host", host), ("base-folder", base_folder)] {
                    if let Some(value) = value {
                        found.item[field] = json!(value);
                    }
                }
                more.put_into(&mut found.item);
                api.show(&api.put(&path, &found)?)
            }
            Self::Delete { name } => {
                api.delete_as_it_is(&below(PATH, name))?;
                api.done(&format!("deleted Storage Server \"{name}\""));
                Ok(())
            }
        }
    }
}

/// Bytes as a person reads them; nothing of what is not known.
fn megabytes(bytes: &Value) -> String {
    bytes.as_u64().map_or_else(String::new, |bytes| format!("{} MB", bytes / 1_000_000))
}
