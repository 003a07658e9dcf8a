//! The configuration as one readable file: TOML that can be reviewed, compared and imported again.

use mp_profile::{DataSubset, GroupName};
use mp_protocol::{AgentSettings, StorageLimits, Waits};
use serde::{Deserialize, Serialize};

use super::{
    AgentServerGroup, AgentSettingsForm, Configuration, Kind, Refusal, Retention, StorageLimitsForm,
    StorageServer, WaitsForm,
};

/// The file's format; a reader refuses another one.
const FORMAT: u32 = 1;

const HEAD: &str = "# Configuration of a MetaProfiles farm.\n\
                    # Import it whole with PUT /api/v1/configuration; add ?dry-run=true to see first what would change.\n\n";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    #[serde(default = "format")]
    format: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    storage_server: Vec<ServerText>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    agent_server_group: Vec<GroupText>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    data_subset: Vec<DataSubset>,
}

/// The format of a file that names none, as files written by hand.
fn format() -> u32 {
    FORMAT
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ServerText {
    name: String,
    host: String,
    base_folder: String,
    #[serde(default = "StorageServer::default_global_folder")]
    global_folder: GroupName,
    #[serde(default = "StorageServer::default_port")]
    port: u16,
    #[serde(default = "StorageServer::default_keep_versions")]
    keep_versions: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keeps_global: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keep_days: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keep_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "is_default", with = "StorageLimitsForm")]
    limits: StorageLimits,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct GroupText {
    name: GroupName,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    storage_server: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    other_storage_servers: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default", with = "AgentSettingsForm")]
    settings: AgentSettings,
    #[serde(default, skip_serializing_if = "is_default", with = "WaitsForm")]
    waits: Waits,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retention: Option<Retention>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An item of the configuration that has a text of its own.
pub(crate) trait Item: Clone + Send + Sync + Sized + 'static {
    /// What sort of thing it is.
    const KIND: Kind;
    /// The item as the file holds it.
    type Text: Serialize;
    /// All of its kind.
    fn list(configuration: &Configuration) -> &Vec<Self>;
    /// All of its kind.
    fn list_mut(configuration: &mut Configuration) -> &mut Vec<Self>;
    /// Its name.
    fn name(&self) -> &str;
    /// Its text form.
    fn text(&self) -> Self::Text;
}

impl Item for StorageServer {
    const KIND: Kind = Kind::StorageServer;
    type Text = ServerText;

    fn list(configuration: &Configuration) -> &Vec<Self> {
        &configuration.storage_servers
    }

    fn list_mut(configuration: &mut Configuration) -> &mut Vec<Self> {
        &mut configuration.storage_servers
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn text(&self) -> ServerText {
        let Self { name, host, base_folder, global_folder, port, retention, limits, keeps_global } =
            self.clone();
        let Retention { keep_versions, keep_days, keep_bytes } = retention;
        ServerText {
            name,
            host,
            base_folder,
            global_folder,
            port,
            keep_versions,
            keeps_global,
            keep_days,
            keep_bytes,
            limits,
        }
    }
}

impl Item for AgentServerGroup {
    const KIND: Kind = Kind::Group;
    type Text = GroupText;

    fn list(configuration: &Configuration) -> &Vec<Self> {
        &configuration.groups
    }

    fn list_mut(configuration: &mut Configuration) -> &mut Vec<Self> {
        &mut configuration.groups
    }

    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn text(&self) -> GroupText {
        let Self { name, description, storage_server, other_storage_servers, retention, settings, waits } =
            self.clone();
        GroupText { name, description, storage_server, other_storage_servers, settings, waits, retention }
    }
}

impl Item for DataSubset {
    const KIND: Kind = Kind::Subset;
    type Text = DataSubset;

    fn list(configuration: &Configuration) -> &Vec<Self> {
        &configuration.subsets
    }

    fn list_mut(configuration: &mut Configuration) -> &mut Vec<Self> {
        &mut configuration.subsets
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn text(&self) -> DataSubset {
        self.clone()
    }
}

/// The text of one item.
pub(crate) fn export_item<T: Item>(item: &T) -> String {
    to_text(&item.text())
}

/// The text of a whole configuration. [`import`] of it gives the same configuration again.
pub(crate) fn export(configuration: &Configuration) -> String {
    let file = File {
        format: FORMAT,
        storage_server: configuration.storage_servers.iter().map(Item::text).collect(),
        agent_server_group: configuration.groups.iter().map(Item::text).collect(),
        data_subset: configuration.subsets.clone(),
    };
    format!("{HEAD}{}", to_text(&file))
}

/// Reads what [`export`] wrote, or a person. What it says is not checked yet.
///
/// # Errors
/// When the text is not TOML, or has a field that is unknown, missing or of another type.
pub(crate) fn import(text: &str) -> Result<Configuration, Refusal> {
    let file: File = toml::from_str(text).map_err(|error| Refusal::ConfigurationText(error.to_string()))?;
    if file.format != FORMAT {
        return Err(Refusal::ConfigurationText(format!(
            "it has format {}, expected {FORMAT}; use a console of the version that wrote it",
            file.format
        )));
    }
    let server = |text: ServerText| {
        let ServerText {
            name,
            host,
            base_folder,
            global_folder,
            port,
            keep_versions,
            keeps_global,
            keep_days,
            keep_bytes,
            limits,
        } = text;
        let retention = Retention { keep_versions, keep_days, keep_bytes };
        StorageServer { name, host, base_folder, global_folder, port, retention, limits, keeps_global }
    };
    let group = |text: GroupText| {
        let GroupText {
            name,
            description,
            storage_server,
            other_storage_servers,
            settings,
            waits,
            retention,
        } = text;
        AgentServerGroup {
            name,
            description,
            storage_server,
            other_storage_servers,
            retention,
            settings,
            waits,
        }
    };
    Ok(Configuration {
        storage_servers: file.storage_server.into_iter().map(server).collect(),
        groups: file.agent_server_group.into_iter().map(group).collect(),
        subsets: file.data_subset,
    })
}

fn to_text<T: Serialize>(value: &T) -> String {
    toml::to_string_pretty(value)
        .expect("checked configurations have numbers, texts and lists that TOML can write")
}
