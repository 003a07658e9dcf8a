//! Damage that Storage Servers found.

use serde_json::json;

use super::{
    api::{Api, address, below},
    show::{Column, field, text},
};

const PATH: &str = "/api/v1/storage-damage";
const COLUMNS: &[Column] = &[
    field!("LAST FOUND", "last-found"),
    field!("STORAGE SERVER", "storage-server"),
    ("USER", |damage| text(if damage["user"].is_null() { &damage["sid"] } else { &damage["user"] })),
    field!("SCOPE", "scope"),
    ("WHAT", |damage| {
        let what = if damage["number"].is_null() { &damage["quarantine"] } else { &damage["number"] };
        format!("{} {}", text(&damage["part"]), text(what))
    }),
    ("DONE", |damage| match damage["fell-back-to"].is_null() {
        true => text(&damage["remedy"]),
        false => format!("fell back to {}", text(&damage["fell-back-to"])),
    }),
    field!("CODE", "code"),
    ("SEEN BY", |damage| text(&damage["acknowledged"]["by"])),
    field!("ID", "id"),
];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List it, the last found first
    List(Which),
    /// Show one: what is wrong with it, what was done, and under which code to look up what to do
    Show {
        /// Its identity, as the list has it
        id: String,
    },
    /// Say that you have seen it: it needs no attention any more
    Acknowledge {
        /// Their identities
        #[arg(required_unless_present = "all")]
        ids: Vec<String>,
        /// All that nobody has acknowledged yet
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// What was done about it
        #[arg(long, default_value = "")]
        note: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct Which {
    /// Only on this Storage Server
    #[arg(long, value_name = "NAME")]
    storage_server: Option<String>,
    /// Also what somebody has acknowledged
    #[arg(long)]
    all: bool,
    /// Only with this in the user's SID or name
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Those that follow: what the last list said at its end
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
    /// At most so many, 1 to 200
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List(which) => api.page(&api.get(&which.address())?, COLUMNS),
            Self::Show { id } => api.show(&api.get(&below(PATH, id))?),
            Self::Acknowledge { ids, all: false, note } => acknowledge(api, ids, note),
            Self::Acknowledge { all: true, note, .. } => {
                let open = api.get_all(&format!("{PATH}?acknowledged=false&"))?;
                let ids = open.as_array().into_iter().flatten().filter_map(|damage| damage["id"].as_str());
                acknowledge(api, &ids.map(str::to_owned).collect::<Vec<_>>(), note)
            }
        }
    }
}

fn acknowledge(api: &Api, ids: &[String], note: &str) -> anyhow::Result<()> {
    for id in ids {
        let damage = api.post(&format!("{}/acknowledgement", below(PATH, id)), &json!({ "note": note }))?;
        if api.is_json() {
            api.show(&damage)?;
        }
    }
    api.done(&format!("acknowledged {}", ids.len()));
    Ok(())
}

impl Which {
    fn address(&self) -> String {
        let acknowledged = (!self.all).then(|| "false".to_owned());
        let limit = Some(self.limit.to_string());
        let query = [
            ("storage-server", &self.storage_server),
            ("acknowledged", &acknowledged),
            ("search", &self.search),
            ("after", &self.after),
            ("limit", &limit),
        ];
        address(PATH, &query)
    }
}
