//! API tokens: with these, programs speak to the console.

use serde_json::json;

use super::{
    administrators::Access,
    api::{Api, address, below},
    show::{self, Column, field},
};

const PATH: &str = "/api/v1/api-tokens";
const COLUMNS: &[Column] = &[
    field!("ID", "id"),
    field!("NAME", "name"),
    field!("OWNER", "owner"),
    field!("ROLE", "role"),
    field!("GROUPS", "groups"),
    field!("EXPIRES", "expires"),
    field!("LAST USED", "last-used"),
];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List yours; an administrator sees all
    List,
    /// Make one and print it; it is told only now
    Create {
        /// What it is for
        name: String,
        #[command(flatten)]
        access: Access,
        /// How long it lives, 1 to 366
        #[arg(long, value_name = "DAYS", default_value_t = 90)]
        lifetime_days: u32,
    },
    /// Take one back: from now on it is good for nothing
    Delete {
        /// Its identity, as `list` shows it
        id: String,
    },
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List => api.list(&api.get_all(&address(PATH, &[]))?, COLUMNS),
            Self::Create { name, access, lifetime_days } => {
                let body = access.with(json!({ "name": name, "lifetime-days": lifetime_days }));
                let created = api.post(PATH, &body)?;
                api.done(&format!("this token is good until {}:", show::text(&created["expires"])));
                api.tell(&created, &format!("{}\n", show::text(&created["token"])))
            }
            Self::Delete { id } => {
                api.delete_as_it_is(&below(PATH, id))?;
                api.done(&format!("deleted API token {id}"));
                Ok(())
            }
        }
    }
}
