use anyhow::{bail, ensure};
use serde_json::{Value, json};

use super::{
    api::{Api, address, below},
    show::{Column, field},
};

const PATH: &str = "/api/v1/machines";
const COLUMNS: &[Column] = &[
    field!("NAME", "name"),
    field!("ROLE", "role"),
    ("BELONGS TO", |machine| {
        let belongs = machine["group"].as_str().or(machine["storage-server"].as_str());
        belongs.unwrap_or_default().to_owned()
    }),
    field!("STATE", "state"),
    field!("LAST SEEN", "last-seen"),
    field!("ID", "id"),
];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List them, revoked ones too
    List {
        /// Only those of this role
        #[arg(long, value_parser = ["agent", "storage"])]
        role: Option<String>,
        /// Only those in this Agent Server Group
        #[arg(long, value_name = "NAME")]
        group: Option<String>,
        /// Only those with this in the name or identity
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Show one
    Show {
        /// Its name or identity
        machine: String,
    },
    /// Put an Agent Server into a group, or into none
    Set {
        /// Its name or identity
        machine: String,
        /// The group
        #[arg(long, value_name = "NAME", required_unless_present = "no_group")]
        group: Option<String>,
        /// Into no group
        #[arg(long, conflicts_with = "group")]
        no_group: bool,
    },
    /// Revoke one: from now on it reaches nothing
    Revoke {
        /// Its name or identity
        machine: String,
    },
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List { role, group, search } => {
                let query = [("role", role), ("group", group), ("search", search)];
                api.list(&api.get_all(&address(PATH, &query))?, COLUMNS)
            }
            Self::Show { machine } => api.show(&api.get(&path(api, machine)?)?),
            Self::Set { machine, group, .. } => {
                let path = path(api, machine)?;
                let mut found = api.get_tagged(&path)?;
                found.item = json!({ "group": group });
                api.show(&api.put(&path, &found)?)
            }
            Self::Revoke { machine } => {
                api.delete_as_it_is(&path(api, machine)?)?;
                api.done(&format!("revoked \"{machine}\""));
                Ok(())
            }
        }
    }
}

/// Path of a machine by its identity, or by its name if only one that is not revoked is called so.
fn path(api: &Api, machine: &str) -> anyhow::Result<String> {
    let machines = api.get_all(&address(PATH, &[("search", &Some(machine.to_owned()))]))?;
    let machines = machines.as_array().map(Vec::as_slice).unwrap_or_default();
    if machines.iter().any(|known| known["id"] == machine) {
        return Ok(below(PATH, machine));
    }
    let called =
        |known: &&Value| known["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(machine));
    let (active, revoked): (Vec<_>, Vec<_>) =
        machines.iter().filter(called).partition(|known| known["state"] == "active");
    let found = if active.is_empty() { revoked } else { active };
    ensure!(!found.is_empty(), "there is no machine \"{machine}\"; compare with `metaprofiles machine list`");
    match (found.as_slice(), found.first().and_then(|known| known["id"].as_str())) {
        ([_], Some(id)) => Ok(below(PATH, id)),
        _ => bail!(
            "several machines are called \"{machine}\"; give the identity that `metaprofiles machine list` shows"
        ),
    }
}
