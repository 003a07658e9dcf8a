//! Users and their data sets: versions, what is in them, what differs, and bringing former ones back.

mod change;
mod quarantine;
mod shown;

use std::path::PathBuf;

use mp_profile::{Scope, Sid};
use mp_protocol::client::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    api::{Api, address},
    show::{Column, field, text},
};
use crate::output;
use change::{Part, Pin};
use quarantine::Quarantine;

const PATH: &str = "/api/v1/users";
const USERS: &[Column] = &[
    field!("USER", "sid"),
    field!("LAST SESSION", "last-seen"),
    field!("ON", "last-host"),
    field!("SESSIONS", "sessions"),
];
const DATA_SETS: &[Column] = &[
    field!("SCOPE", "scope"),
    field!("STORAGE SERVER", "storage-server"),
    field!("VERSIONS", "versions"),
    field!("QUARANTINED", "quarantined"),
    ("STORED", |set| text(&set["current"]["stored"])),
    ("BYTES", |set| text(&set["current"]["bytes"])),
    ("BY", |set| text(&set["current"]["by"])),
    ("PROBLEM", |set| text(&set["problem"]["detail"])),
];
const VERSIONS: &[Column] = &[
    field!("VERSION", "number"),
    field!("STORED", "stored"),
    field!("BYTES", "bytes"),
    field!("BY", "by"),
    ("STATE", state),
    field!("NOTES", "notes"),
];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List those of whose sessions Agents have reported, those seen last first
    List {
        /// Only those with this in the SID
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Those that follow: what the last list said at its end
        #[arg(long, value_name = "NEXT")]
        after: Option<String>,
    },
    /// List a user's data sets: one for each scope
    DataSets {
        /// The user
        sid: Sid,
    },
    /// List the versions of a data set, newest first
    Versions {
        #[command(flatten)]
        of: Of,
    },
    /// Show what is in a version: at a key, in a folder, or all that holds a text; the audit log says so
    Content {
        #[command(flatten)]
        of: OfVersion,
        /// What is in this key, such as Software\Contoso
        #[arg(long)]
        key: Option<String>,
        /// What is in this folder, such as Desktop or Desktop:notes
        #[arg(long, conflicts_with = "key")]
        folder: Option<String>,
        /// All with this in a name, a text or a number
        #[arg(long, value_name = "TEXT", conflicts_with_all = ["key", "folder"])]
        search: Option<String>,
    },
    /// Write a file of a version; the audit log says so
    File {
        #[command(flatten)]
        of: OfVersion,
        /// Its place, such as Desktop:notes.txt
        file: String,
        /// Write it here; `-` for standard output
        #[arg(long, value_name = "FILE", default_value = "-")]
        output: PathBuf,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
    },
    /// Show what differs between a version and its predecessor, or another one; the audit log says so
    Diff {
        #[command(flatten)]
        of: OfVersion,
        /// Number of the other version
        #[arg(long, value_name = "VERSION")]
        with: Option<u64>,
        /// Only changes with this in their place, text or number
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Make a version, or a part of it, current again, as a new version
    ///
    /// What the version deleted is deleted again; what it says nothing of is as the mandatory profile has it. The user gets it
    /// at the next logon. What he changes himself in a session that is open now is merged with it, and his own counts.
    Restore {
        #[command(flatten)]
        of: OfVersion,
        #[command(flatten)]
        part: Part,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Keep a version whatever comes
    Pin {
        #[command(flatten)]
        pin: Pin,
    },
    /// Leave a version to retention again
    Unpin {
        #[command(flatten)]
        pin: Pin,
    },
    /// Look after uploads that are kept beside the versions
    Quarantine {
        #[command(subcommand)]
        command: Quarantine,
    },
    /// Delete a data set; its versions stay as former ones
    Delete {
        #[command(flatten)]
        of: Of,
        /// Why, for the record
        #[arg(long)]
        reason: String,
    },
}

/// Which data set.
#[derive(clap::Args)]
pub(crate) struct Of {
    /// The user
    sid: Sid,
    /// global or group:NAME
    #[arg(long, default_value = "global")]
    scope: Scope,
    /// The Storage Server that keeps it, where it is not the one that keeps the scope now
    #[arg(long, value_name = "NAME")]
    storage_server: Option<String>,
}

/// Which version of a data set.
#[derive(clap::Args)]
pub(crate) struct OfVersion {
    #[command(flatten)]
    of: Of,
    /// Number of the version
    version: u64,
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List { search, after } => {
                api.page(&api.get(&address(PATH, &[("search", search), ("after", after)]))?, USERS)
            }
            Self::DataSets { sid } => api.list(&api.get(&format!("{PATH}/{sid}/data-sets"))?, DATA_SETS),
            Self::Versions { of } => api.list(&api.get(&of.address("/versions", &[]))?, VERSIONS),
            Self::Content { of, key, folder, search } => {
                let query = [("key", key.clone()), ("folder", folder.clone()), ("search", search.clone())];
                let content = api.get(&of.address("/content", &query))?;
                api.tell(&content, &shown::content(&content))
            }
            Self::File { of, file, output, force } => {
                let path = of.address("/file", &[("file", Some(file.clone()))]);
                let bytes = api.send(Method::GET, &path, None, None)?.body;
                output::write_file(Some(output), &bytes, *force)
            }
            Self::Diff { of, with, search } => {
                let number = with.map(|with| with.to_string());
                let query =
                    [("with", number), ("search", search.clone()), ("limit", Some("1000".to_owned()))];
                let difference = api.get(&of.address("/difference", &query))?;
                api.tell(&difference, &shown::difference(&difference))
            }
            Self::Restore { of, part, reason, dry_run } => change::restore(api, of, part, reason, *dry_run),
            Self::Pin { pin } => pin.run(api, true),
            Self::Unpin { pin } => pin.run(api, false),
            Self::Quarantine { command } => command.run(api),
            Self::Delete { of, reason } => {
                let etag = api.get_tagged(&of.address("/versions", &[]))?.etag;
                let path = of.address("", &[("reason", Some(reason.clone()))]);
                api.send(Method::DELETE, &path, Some(&etag), None)?;
                api.done("deleted; its versions stay as former ones");
                Ok(())
            }
        }
    }
}

impl Of {
    /// Path of something about the data set, with its query.
    fn address(&self, below: &str, query: &[(&str, Option<String>)]) -> String {
        let Self { sid, scope, storage_server } = self;
        let scope = utf8_percent_encode(&scope.to_string(), NON_ALPHANUMERIC).to_string();
        let server = ("storage-server", storage_server.clone());
        let fields: Vec<_> = std::iter::once(&server).chain(query).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value)).collect();
        address(&format!("{PATH}/{sid}/data-sets/{scope}{below}"), &fields)
    }
}

impl OfVersion {
    fn address(&self, below: &str, query: &[(&str, Option<String>)]) -> String {
        self.of.address(&format!("/versions/{}{below}", self.version), query)
    }
}

fn state(version: &Value) -> String {
    let is = |field: &str| version[field].as_bool() == Some(true);
    let words = [
        (is("current"), "current"),
        (is("pinned"), "pinned"),
        (is("damaged"), "damaged"),
        (!version["removed"].is_null(), "deleted"),
        (is("current") && !version["in-place-of"].is_null(), "in the place of a damaged one"),
        (!is("kept") && !is("damaged"), "not kept"),
    ];
    words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}
