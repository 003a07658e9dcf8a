use std::path::PathBuf;

use anyhow::{Context, bail};
use mp_profile::{Scope, Sid, VersionTag};
use mp_protocol::{
    StorageClient, StorageTarget, Waits,
    client::Deleted,
    tls::{self, ServerKind},
    versions::{ChangeRequest, VersionInfo},
};
use mp_registry::FileTime;

use super::State;
use crate::{Outcome, lines::time_text, output};

/// Between the beginnings of the two calendars, 1601 and 1970, in milliseconds.
const UNIX_EPOCH: u64 = 11_644_473_600_000;

/// The versions of users' data sets, on this Storage Server
///
/// The running service is asked, with this machine's identity.
#[derive(clap::Subcommand)]
pub(crate) enum Versions {
    /// List the users of whom there are data sets
    Users {
        #[command(flatten)]
        server: Server,
        /// Of this scope: global or group:NAME
        #[arg(long, default_value = "global")]
        scope: Scope,
    },
    /// List the versions of a data set, newest first
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Show what is known of one version, or write its file
    Show {
        #[command(flatten)]
        of: Of,
        /// Number of the version
        version: u64,
        /// Write the data set file here; `-` for standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
    },
    /// Make the content of a version current again, as a new version
    Restore {
        #[command(flatten)]
        change: Change,
    },
    /// Keep a version whatever comes
    Pin {
        #[command(flatten)]
        change: Change,
    },
    /// Leave a version to retention again
    Unpin {
        #[command(flatten)]
        change: Change,
    },
    /// Delete a data set; its versions stay as former ones
    Delete {
        #[command(flatten)]
        change: Change,
    },
}

#[derive(clap::Args)]
pub(crate) struct Server {
    #[command(flatten)]
    state: State,
    /// DNS name or IP address of the service; the first one of its certificate if not given
    #[arg(long, value_name = "HOST")]
    server: Option<String>,
    /// JSON for programs
    #[arg(long)]
    json: bool,
}

/// Which data set.
#[derive(clap::Args)]
pub(crate) struct Of {
    #[command(flatten)]
    server: Server,
    /// The user
    sid: Sid,
    /// global or group:NAME
    #[arg(long, default_value = "global")]
    scope: Scope,
}

/// What is done to which version, and why.
#[derive(clap::Args)]
pub(crate) struct Change {
    #[command(flatten)]
    of: Of,
    /// Number of the version; for `delete` that of the current one
    version: u64,
    /// Why, for the record
    #[arg(long, default_value = "")]
    reason: String,
}

impl Versions {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Users { server, scope } => users(server, scope)?,
            Self::List { of } => of.list()?,
            Self::Show { of, version, output, force } => {
                let (client, info) = of.version(*version)?;
                match output {
                    None => of.show(&info)?,
                    path => {
                        let bytes = client.version_file(&of.scope, &of.sid, &VersionTag(info.tag))?;
                        output::write_file(path.as_deref(), &bytes, *force)?;
                    }
                }
            }
            Self::Restore { change } => {
                let (client, of, tag) = change.find()?;
                let restored = client.restore(&of.scope, &of.sid, &tag, None, &change.request())?;
                of.done(
                    &format!("version {} is current again, as {}", change.version, restored.0),
                    &restored.0,
                )?;
            }
            Self::Pin { change } | Self::Unpin { change } => {
                let (client, of, tag) = change.find()?;
                let pinned = matches!(self, Self::Pin { .. });
                client.pin(&of.scope, &of.sid, &tag, pinned, &change.request())?;
                let done = if pinned { "pinned" } else { "not pinned any more" };
                of.done(&format!("version {} is {done}", change.version), &tag.0)?;
            }
            Self::Delete { change } => {
                let (client, of, tag) = change.find()?;
                match client.delete(&of.scope, &of.sid, &tag, &change.request())? {
                    Deleted::Done => of.done("deleted; its versions stay as former ones", &tag.0)?,
                    Deleted::Conflict => bail!("version {} is not the current one", change.version),
                    Deleted::None => bail!("there is no such data set any more"),
                }
            }
        }
        Ok(Outcome::Done)
    }
}

impl Server {
    fn client(&self) -> anyhow::Result<StorageClient> {
        let (identity, plan) = self.state.plan()?;
        let host = self.server.clone().or_else(|| identity.hosts().into_iter().next());
        let host = host.context("this machine's certificate names no host; give --server")?;
        let target = StorageTarget { name: plan.name, host, port: plan.port };
        let tls = tls::machine_client(&identity, ServerKind::Storage)?;
        Ok(StorageClient::new(tls, &target, Waits::default()))
    }
}

fn users(server: &Server, scope: &Scope) -> anyhow::Result<()> {
    let (client, mut after) = (server.client()?, None);
    let mut all = Vec::new();
    loop {
        let page = client.users(scope, after.as_ref(), 1000)?;
        after = page.users.last().cloned();
        all.extend(page.users);
        if !page.more || after.is_none() {
            break;
        }
    }
    match server.json {
        true => output::print_json(&all),
        false => output::print(&all.iter().map(|sid| format!("{sid}\n")).collect::<String>()),
    }
}

impl Of {
    fn list(&self) -> anyhow::Result<()> {
        let versions = self.server.client()?.versions(&self.scope, &self.sid)?;
        if self.server.json {
            return output::print_json(&versions);
        }
        let mut text = format!("{:>7}  {:<24}  {:>10}  {:<24}  STATE\n", "VERSION", "STORED", "BYTES", "BY");
        for info in &versions {
            let (stored, by) = (stored(info), by(info));
            text.push_str(&format!(
                "{:>7}  {stored:<24}  {:>10}  {by:<24}  {}\n",
                info.number,
                info.bytes,
                state(info)
            ));
        }
        output::print(&text)
    }

    fn show(&self, info: &VersionInfo) -> anyhow::Result<()> {
        if self.server.json {
            return output::print_json(info);
        }
        let stamp = info.stamp.as_ref();
        let mut text = format!(
            "version   {}\ntag       {}\nstored    {}\nby        {}\nbytes     {}\nstate     {}\n",
            info.number,
            info.tag,
            stored(info),
            by(info),
            info.bytes,
            state(info)
        );
        let from = stamp.and_then(|stamp| stamp.restored_from).map(|from| format!("version {from}"));
        let removed = info
            .removed
            .as_ref()
            .map(|change| format!("{} by {}: {}", time(change.at), change.by, change.reason));
        for (name, value) in [
            ("base", info.base.clone()),
            ("session", stamp.and_then(|stamp| stamp.session.clone())),
            ("notes", stamp.and_then(|stamp| stamp.notes.clone())),
            ("content", from),
            ("deleted", removed),
        ] {
            if let Some(value) = value {
                text.push_str(&format!("{name:<9} {value}\n"));
            }
        }
        output::print(&text)
    }

    fn version(&self, number: u64) -> anyhow::Result<(StorageClient, VersionInfo)> {
        let client = self.server.client()?;
        let versions = client.versions(&self.scope, &self.sid)?;
        let found = versions.into_iter().find(|info| info.number == number);
        let found = found
            .with_context(|| format!("there is no version {number} of {} in {}", self.sid, self.scope))?;
        Ok((client, found))
    }

    fn done(&self, text: &str, tag: &str) -> anyhow::Result<()> {
        if self.server.json {
            return output::print_json(&serde_json::json!({ "tag": tag }));
        }
        output::note(text);
        Ok(())
    }
}

impl Change {
    fn find(&self) -> anyhow::Result<(StorageClient, &Of, VersionTag)> {
        let (client, info) = self.of.version(self.version)?;
        Ok((client, &self.of, VersionTag(info.tag)))
    }

    fn request(&self) -> ChangeRequest {
        let by = std::env::var("SUDO_USER")
            .or_else(|_| std::env::var(if cfg!(windows) { "USERNAME" } else { "USER" }));
        ChangeRequest { by: by.unwrap_or_default(), reason: self.reason.clone() }
    }
}

fn stored(info: &VersionInfo) -> String {
    info.at.map_or_else(|| "unknown".to_owned(), time)
}

fn time(at: u64) -> String {
    let text = time_text(FileTime((at.saturating_add(UNIX_EPOCH)).saturating_mul(10_000)));
    text.split_once('.').map_or_else(|| text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

fn by(info: &VersionInfo) -> String {
    info.stamp.as_ref().map_or_else(|| "unknown".to_owned(), |stamp| stamp.by.to_string())
}

fn state(info: &VersionInfo) -> String {
    let stands_in = info.stamp.as_ref().is_some_and(|stamp| stamp.in_place_of.is_some());
    let words = [
        (info.current, "current"),
        (info.pinned, "pinned"),
        (info.damaged, "damaged"),
        (info.removed.is_some(), "deleted"),
        (info.current && stands_in, "in the place of a damaged one"),
        (!info.kept && !info.damaged, "not kept"),
    ];
    words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}
