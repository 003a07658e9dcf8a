//! The plans of a day: what the console tells each host, and what it tells later.

use fastrand::Rng;
use mp_agent::CachedPlan;
use mp_profile::{Applies, DataSubset, FolderRule, ImportMode, OnConflict, RegistryRule, RuleAction, Scope};
use mp_protocol::{AgentPlan, AgentSettings, MachineId, StorageAway, StorageTarget, Waits};

use crate::places::{At, PLACES};

/// The groups of the hosts. The third host is in another one.
const GROUPS: [&str; 3] = ["Office", "Office", "Lab"];

/// The group scope of a host.
pub(crate) fn group_of(host: usize) -> Scope {
    Scope::Group(GROUPS[host].parse().unwrap())
}

/// All scopes of the farm.
pub(crate) fn scopes() -> [Scope; 3] {
    [Scope::Global, group_of(0), group_of(2)]
}

/// The Storage Servers of a scope where there are two, in the order in which they are tried.
pub(crate) fn order(scope: &Scope) -> [usize; 2] {
    if *scope == group_of(2) { [1, 0] } else { [0, 1] }
}

/// A Storage Server.
pub(crate) fn server(number: usize) -> StorageTarget {
    let name = format!("STORE{}", number + 1);
    StorageTarget { host: name.to_ascii_lowercase(), name, port: 8444 }
}

pub(crate) fn machine(host: usize) -> MachineId {
    MachineId::from_random([u8::try_from(host).unwrap(); 16])
}

/// What both plans of a host have in common.
pub(crate) struct Choices {
    host: usize,
    settings: AgentSettings,
}

impl Choices {
    pub(crate) fn by(rng: &mut Rng, host: usize) -> Self {
        let settings = AgentSettings {
            mode: if rng.bool() { ImportMode::Synchronous } else { ImportMode::Asynchronous },
            merge_newer_on_connect: rng.bool(),
            storage_away: if rng.bool() { StorageAway::GoOn } else { StorageAway::CachedCopy },
            ..AgentSettings::default()
        };
        Self { host, settings }
    }

    /// The plan of this revision: of the second one "Former" is gone, and "Later" has come.
    pub(crate) fn plan(&self, revision: u64, rules: &[OnConflict; 6]) -> CachedPlan {
        let names =
            ["App", "Behind", "Tool", "Files", "Desk", if revision == 1 { "Former" } else { "Later" }];
        let subset = |(name, rule): (&&str, &OnConflict)| self.subset(name, *rule);
        let plan = AgentPlan {
            revision,
            agent: machine(self.host),
            name: format!("TS{}", self.host + 1),
            group: Some(GROUPS[self.host].parse().unwrap()),
            storage: Some(server(0)),
            stores: Vec::new(),
            subsets: names.iter().zip(rules).map(subset).collect(),
            waits: Waits::default(),
            settings: self.settings.clone(),
        };
        CachedPlan { etag: format!("\"p{revision}\""), plan }
    }

    fn subset(&self, name: &str, on_conflict: OnConflict) -> DataSubset {
        let groups = || ["Office", "Lab"].map(|group| group.parse().unwrap()).to_vec();
        let applies = if name == "Desk" { Applies::Groups(groups()) } else { Applies::Global };
        let mut subset = DataSubset { on_conflict, ..DataSubset::new(name, applies) };
        // A synchronous logon does not wait for this one.
        if name == "Behind" {
            subset.import = ImportMode::Asynchronous;
        }
        for place in PLACES.iter().filter(|place| place.subset == name) {
            match place.at {
                At::Value(key, value) => {
                    let whole = place.in_tool();
                    let values = if whole { Vec::new() } else { vec![value.to_owned()] };
                    subset.registry.push(RegistryRule {
                        action: RuleAction::Include,
                        key: key.to_owned(),
                        recursive: true,
                        values,
                        delete_if_missing: false,
                        allow_autorun: false,
                    });
                }
                At::File(folder, path) => {
                    let top = path.split('\\').next().unwrap();
                    subset.folders.push(FolderRule {
                        action: RuleAction::Include,
                        folder: folder.to_owned(),
                        path: top.to_owned(),
                        recursive: true,
                        masks: Vec::new(),
                        max_file_bytes: None,
                        delete_if_missing: false,
                        allow_autorun: false,
                    });
                }
            }
        }
        subset.registry.dedup_by(|a, b| a.key == b.key && a.values == b.values);
        subset.folders.dedup_by(|a, b| a.path == b.path);
        subset
    }
}

/// What the data subsets of a plan say about conflicts.
pub(crate) fn rules(rng: &mut Rng) -> [OnConflict; 6] {
    std::array::from_fn(|_| match rng.u8(..3) {
        0 => OnConflict::NewestSessionWins,
        1 => OnConflict::KeepTheirs,
        _ => OnConflict::KeepMine,
    })
}
