//! Active Directory: how it is reached, what its groups may do, and who is in it.

use std::path::PathBuf;

use serde_json::json;

use super::{
    api::{Api, address},
    settings_file,
    show::{self, Column, field},
};

const PATH: &str = "/api/v1/directory";
/// Stands for the password of the account that asks the directory.
const PASSWORD: &str = "METAPROFILES_DIRECTORY_PASSWORD";
const COLUMNS: &[Column] =
    &[field!("NAME", "name"), field!("DISPLAY NAME", "display-name"), field!("SID", "sid")];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Show how it is reached, and what its groups may do; with --json as `set` takes it
    Show,
    /// Set it up by a file of JSON, as `show --json` writes it
    ///
    /// The password of the account that asks the directory comes from METAPROFILES_DIRECTORY_PASSWORD; without it the present
    /// one stays.
    Set {
        /// The file
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Ask it whether it answers
    Check,
    /// Users whose names begin with a text
    Users {
        /// The text
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Groups whose names begin with a text
    Groups {
        /// The text
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::Show => api.show(&api.get(PATH)?),
            Self::Set { file } => {
                settings_file::replace(api, PATH, file, &["has-password"], ("password", PASSWORD))
            }
            Self::Check => {
                let answer = api.post(&format!("{PATH}/check"), &json!({}))?;
                let of = |field: &str| show::text(&answer[field]);
                api.tell(&answer, &format!("{} answers for the domain {}\n", of("server"), of("domain")))
            }
            Self::Users { search } => found(api, "users", search),
            Self::Groups { search } => found(api, "groups", search),
        }
    }
}

fn found(api: &Api, what: &str, search: &Option<String>) -> anyhow::Result<()> {
    let path = address(&format!("{PATH}/{what}"), &[("search", search)]);
    let answer = api.get(&format!("{path}limit=200"))?;
    if answer["more"] == true {
        api.done("there are more; search for more of the name");
    }
    api.list(&answer["items"], COLUMNS)
}
