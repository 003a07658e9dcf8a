use serde::{Deserialize, Serialize};

use crate::GroupName;

/// One administrator's rule set: what to keep of the users' profiles, for whom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DataSubset {
    /// Name, unique in the farm.
    pub name: String,
    /// For the administrator.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether it is kept once for the farm or once per group.
    pub applies: Applies,
    /// Keys below `HKEY_CURRENT_USER`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registry: Vec<RegistryRule>,
    /// Special folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<FolderRule>,
    /// The most bytes that all its files may have together; larger ones are skipped and reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_total_bytes: Option<u64>,
    /// Whether a logon waits until it is in the profile.
    #[serde(default, skip_serializing_if = "is_default")]
    pub import: ImportMode,
    /// Which content stays where two sessions changed the same.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_conflict: OnConflict,
}

impl DataSubset {
    /// A data subset that keeps nothing yet, with the defaults of all that it does not say.
    #[must_use]
    pub fn new(name: &str, applies: Applies) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            applies,
            registry: Vec::new(),
            folders: Vec::new(),
            max_total_bytes: None,
            import: ImportMode::default(),
            on_conflict: OnConflict::default(),
        }
    }
}

/// Whether a logon waits for an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportMode {
    /// The desktop appears after the import, or when the plan's bound is over.
    #[default]
    Synchronous,
    /// The desktop appears at once; the import is done behind it.
    Asynchronous,
}

/// Which content stays where two sessions of a user changed the same value or file in different ways. What does not stay is
/// reported, and kept in the data set's history.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnConflict {
    /// That of the session whose export reaches storage later, by storage's own order.
    #[default]
    NewestSessionWins,
    /// That which storage has already.
    KeepTheirs,
    /// That of the session that exports or merges now.
    KeepMine,
}

/// Where a data subset is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applies {
    /// In the global data set, on all Agent Servers.
    Global,
    /// In the group-specific data set of each of these groups.
    Groups(Vec<GroupName>),
}

/// Whether a rule keeps or leaves out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleAction {
    /// What the rule matches is kept.
    #[default]
    Include,
    /// What the rule matches is left out.
    Exclude,
}

/// A rule about keys and values. Of all rules that match, the deepest key wins; of two equally deep ones, exclude wins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RegistryRule {
    /// Keep or leave out.
    #[serde(default)]
    pub action: RuleAction,
    /// Path below `HKEY_CURRENT_USER`; `*` and `?` match within one name.
    pub key: String,
    /// Whether sub-keys belong to it.
    #[serde(default = "yes")]
    pub recursive: bool,
    /// Value names it is about, with `*` and `?`; empty for all. The default value is written `@`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// At import, what is in the profile below this key and not in the data set is deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete_if_missing: bool,
    /// Keeps what starts programs as well, where the rule spells such a place out ([`Lift::Allowed`](crate::Lift)).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_autorun: bool,
}

/// A rule about the files of a special folder. The deepest path wins as for keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FolderRule {
    /// Keep or leave out.
    #[serde(default)]
    pub action: RuleAction,
    /// Canonical name of the known folder: `RoamingAppData`, `Desktop`, `Favorites`…
    pub folder: String,
    /// Path below the folder; `*` and `?` match within one name; empty for the folder itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Whether sub-folders belong to it.
    #[serde(default = "yes")]
    pub recursive: bool,
    /// File name masks with `*` and `?`; empty for all files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<String>,
    /// Larger files are skipped and reported, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_file_bytes: Option<u64>,
    /// At import, what is in the profile below this path and not in the data set is deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete_if_missing: bool,
    /// Keeps what starts programs as well, where the rule spells such a place out ([`Lift::Allowed`](crate::Lift)).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_autorun: bool,
}

fn yes() -> bool {
    true
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
