use std::{fs, path::PathBuf};

use assert_cmd::Command;
use mp_agent::{CachedPlan, StateFolder};
use mp_hive::WriteOptions;
use mp_profile::{Applies, DataSubset, RegistryRule, RuleAction};
use mp_protocol::{AgentPlan, AgentSettings, MachineId, MachineRole, Waits, test_authority::TestAuthority};
use mp_registry::{Key, KeyPath, Value};
use serde_json::Value as Json;
use tempfile::TempDir;

pub(crate) const SID: &str = "S-1-5-21-1-2-3-1001";

pub(crate) const SUBSETS: &str = r"
[[data-subset]]
name = 'App'
applies = 'global'

[[data-subset.registry]]
key = 'Software\App'

[[data-subset.folders]]
folder = 'RoamingAppData'
path = 'App'

[[data-subset]]
name = 'Ledger'
applies = { groups = ['TS'] }

[[data-subset.registry]]
key = 'Software\Ledger'
";

/// A state folder, a simulated host, and what the program is given besides.
pub(crate) struct Place(TempDir);

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        fs::write(place.path("subsets.toml"), SUBSETS).unwrap();
        let mut root = Key::new("ROOT");
        root.ensure(&KeyPath::parse("Software\\App")).set_value(Value::sz("Theme", "light"));
        root.ensure(&KeyPath::parse("Software\\Ledger")).set_value(Value::dword("Year", 2025));
        fs::write(place.path("NTUSER.DAT"), mp_hive::write(&root, &WriteOptions::default()).unwrap())
            .unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program on the simulated host `TS1`; `@name` stands for a file of this place.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_metaprofiles-agent"));
        command.env_clear().arg("--state").arg(self.path("state")).arg("--simulated").arg(self.path("TS1"));
        for argument in arguments {
            match argument.strip_prefix('@') {
                Some(name) => command.arg(self.path(name)),
                None => command.arg(argument),
            };
        }
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    pub(crate) fn state(&self) -> StateFolder {
        StateFolder::open(&self.path("state")).unwrap()
    }

    /// Enrols the machine without a console, and gives it a plan: `Software\\App` is kept, and no storage is chosen.
    pub(crate) fn enrol(&self) {
        let folder = self.state().identity();
        let _identity = TestAuthority::new().enrol(&folder, MachineRole::Agent, 1, &[]);
        let subset = DataSubset {
            registry: vec![RegistryRule {
                action: RuleAction::Include,
                key: "Software\\App".into(),
                recursive: true,
                values: Vec::new(),
                delete_if_missing: false,
                allow_autorun: false,
            }],
            ..DataSubset::new("App", Applies::Global)
        };
        let plan = AgentPlan {
            revision: 1,
            agent: MachineId::from_random([1; 16]),
            name: "TS1".into(),
            group: None,
            storage: None,
            stores: Vec::new(),
            subsets: vec![subset],
            waits: Waits::default(),
            settings: AgentSettings::default(),
        };
        CachedPlan { etag: "\"1\"".into(), plan }.save(&self.state()).unwrap();
    }

    /// The mandatory profile is made, and the user logged on.
    pub(crate) fn with_session(&self) -> PathBuf {
        self.run(&["simulate", "mandatory", "--hive", "@NTUSER.DAT"]).succeeded();
        let ended = self.run(&["simulate", "logon", "--sid", SID, "--user", "ada"]).succeeded();
        PathBuf::from(ended.stdout.trim())
    }
}

impl Ended {
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    pub(crate) fn failed(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// What is on standard output, which must be one JSON document.
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
