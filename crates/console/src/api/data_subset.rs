//! A data subset as the API shows it. The forms are those of `mp_profile`, here with a schema.

use mp_profile::{GroupName, ImportMode, OnConflict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{ImportModeForm, OnConflictForm};

/// What to keep of the users' profiles, for whom.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct DataSubset {
    /// Unique.
    #[schema(example = "Office settings")]
    name: String,
    #[serde(default)]
    description: String,
    applies: Applies,
    /// Keys below HKEY_CURRENT_USER.
    #[serde(default)]
    registry: Vec<RegistryRule>,
    /// Special folders.
    #[serde(default)]
    folders: Vec<FolderRule>,
    /// The most bytes that all its files may have together; larger ones are skipped and reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_total_bytes: Option<u64>,
    /// Whether a logon waits until it is in the profile; it never waits where the group's mode is asynchronous.
    #[serde(default, with = "ImportModeForm")]
    #[schema(value_type = ImportModeForm, default = "synchronous")]
    import: ImportMode,
    /// Which content stays where two sessions changed the same.
    #[serde(default, with = "OnConflictForm")]
    #[schema(value_type = OnConflictForm, default = "newest-session-wins")]
    on_conflict: OnConflict,
}

/// Whether it is kept once for the farm or once per group.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Applies {
    /// In the global data set, on all Agent Servers.
    Global,
    /// In the group-specific data set of each of these groups.
    #[schema(value_type = Vec<String>)]
    Groups(Vec<GroupName>),
}

/// Whether a rule keeps or leaves out.
#[derive(Serialize, Deserialize, ToSchema, Default)]
#[serde(rename_all = "kebab-case")]
enum RuleAction {
    #[default]
    Include,
    Exclude,
}

/// A rule about keys and values. The deepest key wins; of two equally deep ones, exclude.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RegistryRule {
    #[serde(default)]
    action: RuleAction,
    /// Path below HKEY_CURRENT_USER; `*` and `?` match within one name.
    #[schema(example = "Software\\Microsoft\\Office")]
    key: String,
    /// Whether sub-keys belong to it.
    #[serde(default = "yes")]
    recursive: bool,
    /// Value names with `*` and `?`; empty for all. The default value is written `@`.
    #[serde(default)]
    values: Vec<String>,
    /// At import, what is below this key and not in the data set is deleted.
    #[serde(default)]
    delete_if_missing: bool,
    /// Keeps what starts programs as well, where the rule spells such a place out.
    #[serde(default)]
    allow_autorun: bool,
}

/// A rule about the files of a special folder. The deepest path wins as for keys.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FolderRule {
    #[serde(default)]
    action: RuleAction,
    /// Canonical name of the known folder.
    #[schema(example = "RoamingAppData")]
    folder: String,
    /// Path below the folder; `*` and `?` match within one name; empty for the folder itself.
    #[serde(default)]
    path: String,
    /// Whether sub-folders belong to it.
    #[serde(default = "yes")]
    recursive: bool,
    /// File name masks with `*` and `?`; empty for all files.
    #[serde(default)]
    masks: Vec<String>,
    /// Larger files are skipped and reported, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_file_bytes: Option<u64>,
    /// At import, what is below this path and not in the data set is deleted.
    #[serde(default)]
    delete_if_missing: bool,
    /// Keeps what starts programs as well, where the rule spells such a place out.
    #[serde(default)]
    allow_autorun: bool,
}

fn yes() -> bool {
    true
}

impl From<mp_profile::DataSubset> for DataSubset {
    fn from(subset: mp_profile::DataSubset) -> Self {
        let mp_profile::DataSubset {
            name,
            description,
            applies,
            registry,
            folders,
            max_total_bytes,
            import,
            on_conflict,
        } = subset;
        let applies = match applies {
            mp_profile::Applies::Global => Applies::Global,
            mp_profile::Applies::Groups(names) => Applies::Groups(names),
        };
        let registry = registry.into_iter().map(RegistryRule::from).collect();
        let folders = folders.into_iter().map(FolderRule::from).collect();
        Self { name, description, applies, registry, folders, max_total_bytes, import, on_conflict }
    }
}

impl From<DataSubset> for mp_profile::DataSubset {
    fn from(subset: DataSubset) -> Self {
        let DataSubset {
            name,
            description,
            applies,
            registry,
            folders,
            max_total_bytes,
            import,
            on_conflict,
        } = subset;
        let applies = match applies {
            Applies::Global => mp_profile::Applies::Global,
            Applies::Groups(names) => mp_profile::Applies::Groups(names),
        };
        let registry = registry.into_iter().map(mp_profile::RegistryRule::from).collect();
        let folders = folders.into_iter().map(mp_profile::FolderRule::from).collect();
        Self { name, description, applies, registry, folders, max_total_bytes, import, on_conflict }
    }
}

impl From<mp_profile::RuleAction> for RuleAction {
    fn from(action: mp_profile::RuleAction) -> Self {
        match action {
            mp_profile::RuleAction::Include => Self::Include,
            mp_profile::RuleAction::Exclude => Self::Exclude,
        }
    }
}

impl From<RuleAction> for mp_profile::RuleAction {
    fn from(action: RuleAction) -> Self {
        match action {
            RuleAction::Include => Self::Include,
            RuleAction::Exclude => Self::Exclude,
        }
    }
}

impl From<mp_profile::RegistryRule> for RegistryRule {
    fn from(rule: mp_profile::RegistryRule) -> Self {
        let mp_profile::RegistryRule { action, key, recursive, values, delete_if_missing, allow_autorun } =
            rule;
        Self { action: action.into(), key, recursive, values, delete_if_missing, allow_autorun }
    }
}

impl From<RegistryRule> for mp_profile::RegistryRule {
    fn from(rule: RegistryRule) -> Self {
        let RegistryRule { action, key, recursive, values, delete_if_missing, allow_autorun } = rule;
        Self { action: action.into(), key, recursive, values, delete_if_missing, allow_autorun }
    }
}

impl From<mp_profile::FolderRule> for FolderRule {
    fn from(rule: mp_profile::FolderRule) -> Self {
        let mp_profile::FolderRule {
            action,
            folder,
            path,
            recursive,
            masks,
            max_file_bytes,
            delete_if_missing,
            allow_autorun,
        } = rule;
        Self {
            action: action.into(),
            folder,
            path,
            recursive,
            masks,
            max_file_bytes,
            delete_if_missing,
            allow_autorun,
        }
    }
}

impl From<FolderRule> for mp_profile::FolderRule {
    fn from(rule: FolderRule) -> Self {
        let FolderRule {
            action,
            folder,
            path,
            recursive,
            masks,
            max_file_bytes,
            delete_if_missing,
            allow_autorun,
        } = rule;
        Self {
            action: action.into(),
            folder,
            path,
            recursive,
            masks,
            max_file_bytes,
            delete_if_missing,
            allow_autorun,
        }
    }
}
