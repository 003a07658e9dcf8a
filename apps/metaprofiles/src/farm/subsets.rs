use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use mp_profile::{
    Applies, DataSubset, FolderRule, GroupName, ImportMode, OnConflict, RegistryRule, RuleAction,
};
use serde_json::{Value, json};

use super::{
    agent_settings::Mode,
    api::{Api, below},
    show::{self, Column, field},
    subset_trial,
};
use crate::input;

const PATH: &str = "/api/v1/data-subsets";
/// The longest file of a data subset that is read.
const MAX_FILE: u64 = 2 << 20;
const COLUMNS: &[Column] = &[
    field!("NAME", "name"),
    ("APPLIES TO", |subset| match &subset["applies"] {
        Value::String(global) => global.clone(),
        groups => show::text(&groups["groups"]),
    }),
    ("KEYS", |subset| rules(&subset["registry"])),
    ("FOLDERS", |subset| rules(&subset["folders"])),
    field!("DESCRIPTION", "description"),
];

fn rules(rules: &Value) -> String {
    rules.as_array().map_or(0, Vec::len).to_string()
}

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List them
    List,
    /// Show one, as `--file` takes it
    Show {
        /// Its name
        name: String,
    },
    /// Describe a new one
    ///
    /// Either by a file, or by options, which know includes and excludes of keys and folders; the file knows all else:
    /// `metaprofiles subset show NAME` writes one.
    Create {
        /// Its name
        name: String,
        #[command(flatten)]
        rules: Rules,
    },
    /// Describe one anew; what it said before is gone
    Set {
        /// Its name
        name: String,
        #[command(flatten)]
        rules: Rules,
    },
    /// Tell what one would keep of a user's data, or of a hive, and how big that is
    ///
    /// Nothing is changed. The rules are those of an Agent's export of all that is there.
    Try {
        /// Its name
        name: String,
        /// Try this description instead of the one that the farm has
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        on: subset_trial::On,
    },
    /// Delete one
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct Rules {
    /// The description as TOML, in the form of the configuration file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["description", "group", "key", "exclude_key", "folder", "exclude_folder", "import", "on_conflict"])]
    file: Option<PathBuf>,
    /// For administrators
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    description: String,
    /// Keep it once per group, for this group; several times for several. Without it, it is global
    #[arg(long, value_name = "NAME")]
    group: Vec<GroupName>,
    /// Keep this key below HKEY_CURRENT_USER with all below it
    #[arg(long, value_name = "PATH")]
    key: Vec<String>,
    /// Leave this key out
    #[arg(long, value_name = "PATH")]
    exclude_key: Vec<String>,
    /// Keep this folder with all below it: a special folder, or one below it such as RoamingAppData:Contoso
    #[arg(long, value_name = "FOLDER[:PATH]")]
    folder: Vec<String>,
    /// Leave this folder out
    #[arg(long, value_name = "FOLDER[:PATH]")]
    exclude_folder: Vec<String>,
    /// Whether a logon waits for it
    #[arg(long, value_enum)]
    import: Option<Mode>,
    /// Which content stays where two sessions changed the same
    #[arg(long, value_enum)]
    on_conflict: Option<Conflict>,
}

/// What a data subset says of conflicts, as a word of the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Conflict {
    NewestSessionWins,
    KeepTheirs,
    KeepMine,
}

impl From<Conflict> for OnConflict {
    fn from(word: Conflict) -> Self {
        match word {
            Conflict::NewestSessionWins => Self::NewestSessionWins,
            Conflict::KeepTheirs => Self::KeepTheirs,
            Conflict::KeepMine => Self::KeepMine,
        }
    }
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List => api.list(&api.get(PATH)?, COLUMNS),
            Self::Show { name } => tell(api, &api.get(&below(PATH, name))?),
            Self::Create { name, rules } => tell(api, &api.post(PATH, &json!(rules.subset(name)?))?),
            Self::Set { name, rules } => {
                let path = below(PATH, name);
                let mut found = api.get_tagged(&path)?;
                found.item = json!(rules.subset(name)?);
                tell(api, &api.put(&path, &found)?)
            }
            Self::Try { name, file, on } => {
                let subset = match file {
                    Some(file) => json!(from_file(file, name)?),
                    None => api.get(&below(PATH, name))?,
                };
                subset_trial::run(api, &subset, on)
            }
            Self::Delete { name } => {
                api.delete_as_it_is(&below(PATH, name))?;
                api.done(&format!("deleted data subset \"{name}\""));
                Ok(())
            }
        }
    }
}

/// Prints a data subset as TOML.
fn tell(api: &Api, subset: &Value) -> anyhow::Result<()> {
    let known: DataSubset =
        serde_json::from_value(subset.clone()).context("this data subset needs a newer metaprofiles")?;
    api.tell(subset, &toml::to_string_pretty(&known)?)
}

impl Rules {
    fn subset(&self, name: &str) -> anyhow::Result<DataSubset> {
        if let Some(file) = &self.file {
            return from_file(file, name);
        }
        let keys = self.key.iter().map(|key| (RuleAction::Include, key));
        let keys = keys.chain(self.exclude_key.iter().map(|key| (RuleAction::Exclude, key)));
        let folders = self.folder.iter().map(|folder| (RuleAction::Include, folder));
        let folders = folders.chain(self.exclude_folder.iter().map(|folder| (RuleAction::Exclude, folder)));
        let applies = match self.group.is_empty() {
            true => Applies::Global,
            false => Applies::Groups(self.group.clone()),
        };
        Ok(DataSubset {
            description: self.description.clone(),
            registry: keys.map(|(action, key)| registry_rule(action, key)).collect(),
            folders: folders.map(|(action, folder)| folder_rule(action, folder)).collect(),
            import: self.import.map_or_else(ImportMode::default, ImportMode::from),
            on_conflict: self.on_conflict.map_or_else(OnConflict::default, OnConflict::from),
            ..DataSubset::new(name, applies)
        })
    }
}

fn from_file(file: &Path, name: &str) -> anyhow::Result<DataSubset> {
    let text = String::from_utf8(input::read(file, MAX_FILE)?);
    let text = text.with_context(|| format!("{} is no text", file.display()))?;
    let subset: DataSubset =
        toml::from_str(&text).with_context(|| format!("cannot read {}", file.display()))?;
    if !subset.name.eq_ignore_ascii_case(name) {
        bail!("{} describes \"{}\", not \"{name}\"", file.display(), subset.name);
    }
    Ok(subset)
}

fn registry_rule(action: RuleAction, key: &str) -> RegistryRule {
    RegistryRule {
        action,
        key: key.to_owned(),
        recursive: true,
        values: Vec::new(),
        delete_if_missing: false,
        allow_autorun: false,
    }
}

fn folder_rule(action: RuleAction, place: &str) -> FolderRule {
    let (folder, path) = place.split_once(':').unwrap_or((place, ""));
    FolderRule {
        action,
        folder: folder.to_owned(),
        path: path.to_owned(),
        recursive: true,
        masks: Vec::new(),
        max_file_bytes: None,
        delete_if_missing: false,
        allow_autorun: false,
    }
}
