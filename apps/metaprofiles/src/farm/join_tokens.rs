use serde_json::json;

use super::{
    api::{Api, address, below},
    show::{self, Column, field},
};

const PATH: &str = "/api/v1/join-tokens";
const COLUMNS: &[Column] = &[
    field!("ID", "id"),
    field!("ROLE", "role"),
    ("FOR", |token| {
        let target = token["group"].as_str().or(token["storage-server"].as_str());
        target.unwrap_or_default().to_owned()
    }),
    field!("EXPIRES", "expires"),
    field!("USED", "used"),
];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List them, without their secrets
    List,
    /// Make one and print it; it is told only now
    Create {
        /// What the machine shall be
        #[arg(long, value_parser = ["agent", "storage"])]
        role: String,
        /// Of an Agent Server: the group that it will be in
        #[arg(long, value_name = "NAME")]
        group: Option<String>,
        /// Of a storage machine: the Storage Server that it will be
        #[arg(long, value_name = "NAME")]
        storage_server: Option<String>,
        /// How long it can be used, 1 to 720
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        lifetime_hours: u32,
    },
    /// Take back one that nobody used
    Delete {
        /// Its identity, as `list` shows it
        id: String,
    },
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List => api.list(&api.get_all(&address(PATH, &[]))?, COLUMNS),
            Self::Create { role, group, storage_server, lifetime_hours } => {
                let created = api.post(
                    PATH,
                    &json!({
                        "role": role,
                        "group": group,
                        "storage-server": storage_server,
                        "lifetime-hours": lifetime_hours,
                    }),
                )?;
                api.done(&format!(
                    "this token lets one machine join until {}:",
                    show::text(&created["expires"])
                ));
                // Alone on standard output, for `TOKEN=$(…)`.
                api.tell(&created, &format!("{}\n", show::text(&created["token"])))
            }
            Self::Delete { id } => {
                api.delete_as_it_is(&below(PATH, id))?;
                api.done(&format!("deleted join token {id}"));
                Ok(())
            }
        }
    }
}
