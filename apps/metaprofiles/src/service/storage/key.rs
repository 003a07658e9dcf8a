//! The keys with which data sets are encrypted where they are stored.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::bail;
use mp_storage::{
    FolderBackend, ObjectBackend,
    at_rest::{AtRest, KeyFile, KeyedStore, Rewrapped, encrypt_all, forget_former, rotate, stored_under},
    backend::folder::{FirstUse, OpenError},
};
use serde_json::json;

use super::{
    State,
    objects::Objects,
    private::{self, open_keys},
};
use crate::{Outcome, output};

/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(2);

/// Keys with which data sets are encrypted where they are stored
#[derive(clap::Subcommand)]
pub(crate) enum KeyCommand {
    Create(Create),
    Add(Add),
    Rotate(Rotate),
    EncryptAll(EncryptAll),
    Status(Status),
    Forget(Forget),
}

impl KeyCommand {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Create(command) => command.run(),
            Self::Add(command) => command.run(),
            Self::Rotate(command) => command.run(),
            Self::EncryptAll(command) => command.run(),
            Self::Status(command) => command.run(),
            Self::Forget(command) => command.run(),
        }
    }
}

/// Make a key file
///
/// Keep a copy of it apart from the backups of the data: without it nothing that is encrypted can ever be read again, and with it
/// everything can.
#[derive(clap::Args)]
pub(crate) struct Create {
    /// Where; nothing may be there
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

impl Create {
    fn run(&self) -> anyhow::Result<Outcome> {
        let id = KeyFile::create(&self.file)?;
        private::close(&self.file)?;
        output::print(&format!("{id}\n"))?;
        output::note(&format!(
            "keep a copy of \"{}\" apart from the data: without it nothing that is encrypted can be read",
            self.file.display()
        ));
        Ok(Outcome::Done)
    }
}

/// Add a key to a key file, with which the next `rotate` wraps all data keys
///
/// Where several nodes serve one store, all of them need the new file before any of them rotates.
#[derive(clap::Args)]
pub(crate) struct Add {
    /// The key file
    #[arg(long, value_name = "FILE", env = "METAPROFILES_STORAGE_KEY_FILE")]
    key_file: PathBuf,
}

impl Add {
    fn run(&self) -> anyhow::Result<Outcome> {
        let id = open_keys(&self.key_file)?.add()?;
        private::close(&self.key_file)?;
        output::print(&format!("{id}\n"))?;
        Ok(Outcome::Done)
    }
}

/// Wrap all data keys by a new key; no data is written anew
///
/// Adds a key to the key file, unless a newer one than that in use is there already: after `key add`, or when a rotation was
/// broken off, which this one then finishes. The service may run meanwhile. Copy the key file before the old keys are forgotten.
#[derive(clap::Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    keyed: Keyed,
    /// JSON for programs
    #[arg(long)]
    json: bool,
}

impl Rotate {
    fn run(&self) -> anyhow::Result<Outcome> {
        let (store, keys) = self.keyed.look()?;
        let rotated = rotate(&*store, &keys, progress("data keys wrapped"));
        private::close(keys.path())?;
        let (newest, done) = rotated?;
        tell(self.json, &done, "data keys wrapped by", Some(newest.to_string()))
    }
}

/// Encrypt what is stored as it is: versions and quarantine from before the encryption was turned on
///
/// Versions keep their numbers, tags and times. Over a base folder the service must be stopped; over an object store it may run,
/// and the collector deletes the former objects after its grace of seven days. May be broken off and begun again.
#[derive(clap::Args)]
pub(crate) struct EncryptAll {
    #[command(flatten)]
    keyed: Keyed,
    /// JSON for programs
    #[arg(long)]
    json: bool,
}

impl EncryptAll {
    fn run(&self) -> anyhow::Result<Outcome> {
        let store = self.keyed.open()?;
        let done = encrypt_all(&*store, progress("files encrypted"))?;
        tell(self.json, &done, "files encrypted", None)
    }
}

/// Show how many data sets are encrypted under which key, and which are not encrypted
#[derive(clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    keyed: Keyed,
    /// JSON for programs
    #[arg(long)]
    json: bool,
}

impl Status {
    fn run(&self) -> anyhow::Result<Outcome> {
        let (store, keys) = self.keyed.look()?;
        let found = stored_under(&*store)?;
        let listed = keys.listed();
        let known = |id| listed.iter().any(|(known, _)| *known == id);
        if self.json {
            let under = found.by_key.iter().map(
                |(id, count)| json!({ "key": id.to_string(), "data-sets": count, "in-key-file": known(*id) }),
            );
            output::print_json(&json!({
                "keys": listed.iter().map(|(id, created)| json!({ "key": id.to_string(), "created": created })).collect::<Vec<_>>(),
                "store-key": found.store.map(|id| id.to_string()),
                "data-sets": found.data_sets, "under": under.collect::<Vec<_>>(),
                "plain-data-sets": found.plain_data_sets, "sealed-files": found.files.sealed, "plain-files": found.files.plain,
            }))?;
        } else {
            let mut text = String::new();
            for (id, created) in &listed {
                let count = found.by_key.get(id).copied().unwrap_or_default();
                text.push_str(&format!("{id}  {count} data sets  made {created}\n"));
            }
            for (id, count) in found.by_key.iter().filter(|(id, _)| !known(**id)) {
                text.push_str(&format!("{id}  {count} data sets  NOT IN THE KEY FILE\n"));
            }
            let files = found.files;
            text.push_str(&format!(
                "{} data sets, {} files encrypted, {} not, in {} data sets\n",
                found.data_sets, files.sealed, files.plain, found.plain_data_sets
            ));
            output::print(&text)?;
        }
        let whole = found.by_key.keys().chain(&found.store).all(|id| known(*id));
        Ok(if whole { Outcome::Done } else { Outcome::Different })
    }
}

/// Take all keys but the newest out of the key file, once nothing in this store is wrapped by them
///
/// Backups from before the rotation need the old keys: keep a copy of the file as long as those are kept.
#[derive(clap::Args)]
pub(crate) struct Forget {
    #[command(flatten)]
    keyed: Keyed,
}

impl Forget {
    fn run(&self) -> anyhow::Result<Outcome> {
        let (store, keys) = self.keyed.look()?;
        let forgotten = forget_former(&*store, &keys);
        private::close(keys.path())?;
        for id in forgotten? {
            output::print(&format!("{id}\n"))?;
        }
        Ok(Outcome::Done)
    }
}

/// A store and the key file that belongs to it.
#[derive(clap::Args)]
struct Keyed {
    #[command(flatten)]
    state: State,
    /// The base folder; that of the service on this machine if not given
    #[arg(long, value_name = "FOLDER")]
    base_folder: Option<PathBuf>,
    #[command(flatten)]
    objects: Objects,
    /// The key file
    #[arg(long, value_name = "FILE", env = "METAPROFILES_STORAGE_KEY_FILE")]
    key_file: PathBuf,
}

impl Keyed {
    /// The store, even if the key file is not the right one.
    fn look(&self) -> anyhow::Result<(Box<dyn KeyedStore>, Arc<KeyFile>)> {
        let keys = Arc::new(open_keys(&self.key_file)?);
        // What only looks begins no encryption.
        let at_rest = AtRest::opening(Arc::clone(&keys));
        let store: Box<dyn KeyedStore> = match self.objects.options()? {
            Some(options) => Box::new(ObjectBackend::open(&mp_storage::backend::object::ObjectOptions {
                at_rest,
                looks: true,
                ..options
            })?),
            None => Box::new(FolderBackend::look_with(&self.base()?, at_rest)?.0),
        };
        Ok((store, keys))
    }

    /// The store, to write into it.
    fn open(&self) -> anyhow::Result<Box<dyn KeyedStore>> {
        let at_rest = AtRest::sealed(Arc::new(open_keys(&self.key_file)?));
        if let Some(options) = self.objects.options()? {
            let options = mp_storage::backend::object::ObjectOptions { at_rest, ..options };
            return Ok(Box::new(ObjectBackend::open(&options)?));
        }
        let base = self.base()?;
        let global_folder = FolderBackend::global_folder_of(&base)?;
        match FolderBackend::open_with(&base, &global_folder, FirstUse::Refused, at_rest) {
            Err(OpenError::InUse(_)) => {
                bail!("the Storage Service uses \"{}\"; stop it to encrypt what is there", base.display())
            }
            opened => Ok(Box::new(opened?)),
        }
    }

    fn base(&self) -> anyhow::Result<PathBuf> {
        self.state.base_folder(self.base_folder.as_deref())
    }
}

fn progress(what: &'static str) -> impl FnMut(&Rewrapped) {
    let mut told = Instant::now();
    move |done| {
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            output::note(&format!("{} data sets, {} {what}", done.data_sets, done.changed));
        }
    }
}

fn tell(as_json: bool, done: &Rewrapped, what: &str, key: Option<String>) -> anyhow::Result<Outcome> {
    if as_json {
        output::print_json(&json!({ "data-sets": done.data_sets, "changed": done.changed, "key": key }))?;
    } else {
        let key = key.map(|key| format!(" {key}")).unwrap_or_default();
        output::print(&format!("{} data sets, {} {what}{key}\n", done.data_sets, done.changed))?;
    }
    Ok(Outcome::Done)
}
