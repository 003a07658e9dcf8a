//! Who may sign in, and what they may do.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{
    api::{Api, address, below},
    password::password,
    show::{self, Column, field},
};

const PATH: &str = "/api/v1/administrators";
const COLUMNS: &[Column] = &[
    field!("NAME", "name"),
    field!("ROLE", "role"),
    field!("GROUPS", "groups"),
    field!("DISABLED", "disabled"),
    field!("LOCKED UNTIL", "locked-until"),
];
const FIRST_PASSWORD: &str = "METAPROFILES_NEW_PASSWORD";

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List them
    List,
    /// Show one
    Show {
        /// The name
        name: String,
    },
    /// Let somebody sign in; the first password is made up and printed, and must be changed
    Create {
        /// The name
        name: String,
        #[command(flatten)]
        access: Access,
    },
    /// Give somebody another role or other groups, or take away that he can sign in
    Set {
        /// The name
        name: String,
        #[command(flatten)]
        access: Access,
        /// Whether he cannot sign in
        #[arg(long)]
        disabled: bool,
    },
    /// Set somebody's password, which he must change then; the account is unlocked, and its sessions end
    ResetPassword {
        /// The name
        name: String,
        /// File with the password; without it one is made up and printed
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Let somebody try again whose account is locked after too many failures
    Unlock {
        /// The name
        name: String,
    },
    /// Take away the second factor of somebody who has lost it; his sessions end
    ResetSecondFactor {
        /// The name
        name: String,
    },
    /// Remove an account with its sessions and API tokens
    Delete {
        /// The name
        name: String,
    },
}

/// What somebody, or a token, may do.
#[derive(clap::Args)]
pub(crate) struct Access {
    /// administrator may do everything; operator sees the farm and restores; auditor sees everything and changes nothing
    #[arg(long, value_parser = ["administrator", "operator", "auditor"])]
    role: String,
    /// Agent Server Group whose machines and sessions alone are seen; several times for several; all without
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
}

impl Access {
    /// The fields of a request, with more of them.
    pub(super) fn with(&self, more: Value) -> Value {
        let mut body = more;
        body["role"] = json!(self.role);
        if !self.groups.is_empty() {
            body["groups"] = json!(self.groups);
        }
        body
    }
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List => api.list(&api.get_all(&address(PATH, &[]))?, COLUMNS),
            Self::Show { name } => api.show(&api.get(&below(PATH, name))?),
            Self::Create { name, access } => {
                let created = api.post(PATH, &access.with(json!({ "name": name })))?;
                told(api, name, &created)
            }
            Self::Set { name, access, disabled } => {
                let path = below(PATH, name);
                let mut found = api.get_tagged(&path)?;
                found.item = access.with(json!({ "disabled": disabled }));
                api.show(&api.put(&path, &found)?)
            }
            Self::ResetPassword { name, password_file } => {
                let path = below(PATH, name);
                let mut found = api.get_tagged(&path)?;
                found.item = match password_file {
                    Some(file) => json!({ "password": password(Some(file), FIRST_PASSWORD, "Password")? }),
                    None => json!({}),
                };
                let changed = api.put(&format!("{path}/password"), &found)?;
                told(api, name, &changed)
            }
            Self::Unlock { name } => {
                api.delete_part(&below(PATH, name), "lock")?;
                api.done(&format!("unlocked \"{name}\""));
                Ok(())
            }
            Self::ResetSecondFactor { name } => {
                api.delete_part(&below(PATH, name), "second-factor")?;
                api.done(&format!("\"{name}\" signs in without a second factor until a new one is enrolled"));
                Ok(())
            }
            Self::Delete { name } => {
                api.delete_as_it_is(&below(PATH, name))?;
                api.done(&format!("deleted \"{name}\""));
                Ok(())
            }
        }
    }
}

/// Prints a password that was made up, alone on standard output.
fn told(api: &Api, name: &str, account: &Value) -> anyhow::Result<()> {
    match account["password"].as_str() {
        Some(_) => api.done(&format!("\"{name}\" signs in with this password, and must change it then:")),
        None => api.done(&format!("\"{name}\" must change the password at the next sign-in")),
    }
    let password = show::text(&account["password"]);
    let line = if password.is_empty() { String::new() } else { format!("{password}\n") };
    api.tell(account, &line)
}
