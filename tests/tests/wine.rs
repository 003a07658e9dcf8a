//! Two session hosts under Wine: the Windows Agent works on Wine's real registry and folders, against a real console and a
//! real Storage Service over mutual TLS.
//!
//! `cargo xtask test` sets the hosts up and says where they are: `METAPROFILES_WINE` is the program that runs Windows
//! programs, `METAPROFILES_WINE_AGENT` the Agent, `METAPROFILES_WINE_HOSTS` the two prefixes.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::Arc,
};

use mp_agent::hosts::simulated::SimulatedHost;
use mp_dataset::{DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, Limits, Origin};
use mp_farm::SmallFarm;
use mp_profile::{CompiledRules, DataSubset, ExportInputs, SessionHost, Sets, Sid};
use mp_registry::{FileTime, Key, KeyEdit, KeyPath, Name, Value, ValueEdit, ValueType};

const SID: &str = "S-1-5-21-1111111111-2222222222-3333333333-1104";
const PROFILE_LIST: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";

const SUBSETS: &str = r#"
[[data-subset]]
name = "Everything odd"
applies = "global"

[[data-subset.registry]]
key = 'Software\Odd'

[[data-subset.folders]]
folder = "RoamingAppData"
path = 'Odd'
"#;

/// One Windows machine: a Wine prefix whose session is running.
struct Machine {
    loader: PathBuf,
    agent: PathBuf,
    prefix: PathBuf,
}

impl Machine {
    fn run<A: AsRef<std::ffi::OsStr>>(&self, program: impl AsRef<Path>, args: &[A]) -> (ExitStatus, String) {
        // Output goes through a file: Wine's background programs would keep a pipe open. Tests run side by side.
        let log = tempfile::NamedTempFile::new().unwrap();
        let output = log.reopen().unwrap();
        let mut command = Command::new("timeout");
        command.arg("120").arg(&self.loader).arg(program.as_ref()).args(args).env("WINEPREFIX", &self.prefix);
        let status = command.stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
        (status, String::from_utf8_lossy(&fs::read(log.path()).unwrap()).into_owned())
    }

    fn agent(&self, args: &[&str]) -> String {
        let (status, output) = self.run(&self.agent, &[&["--state", r"C:\mp", "--json"], args].concat());
        assert!(status.success(), "{args:?}: {status}\n{output}");
        output
    }

    fn reg(&self, args: &[&str]) {
        let (status, output) = self.run("reg", args);
        assert!(status.success(), "reg {args:?}: {status}\n{output}");
    }

    fn drive_c(&self) -> PathBuf {
        self.prefix.join("drive_c")
    }

    /// What Windows does at a logon before anyone is told: the hive is there, and the profile is listed as mandatory.
    fn windows_logs_on(&self) {
        self.reg(&["add", &format!(r"HKU\{SID}\Software"), "/f"]);
        let entry = format!(r"{PROFILE_LIST}\{SID}");
        self.reg(&["add", &entry, "/v", "State", "/t", "REG_DWORD", "/d", "5", "/f"]);
        self.reg(&["add", &entry, "/v", "ProfileImagePath", "/t", "REG_SZ", "/d", r"C:\Users\ada", "/f"]);
        fs::create_dir_all(self.drive_c().join("Users/ada/AppData/Roaming")).unwrap();
        fs::write(self.drive_c().join("subsets.toml"), SUBSETS).unwrap();
    }

    fn enrol(&self, farm: &SmallFarm, name: &str) {
        let token = farm.agent_token(None).unwrap().reveal();
        let console = farm.url();
        self.agent(&["enrol", "--console", &console, "--token", &token, "--name", name]);
        farm.wait_for_agent(name).unwrap();
    }

    /// Exports by hand and gives the data set.
    fn export(&self) -> DataSet {
        self.agent(&["export", "--sid", SID, "--subsets", r"C:\subsets.toml", "--global", r"C:\export.mpd"]);
        decode(&fs::read(self.drive_c().join("export.mpd")).unwrap())
    }
}

fn machines() -> Option<[Machine; 2]> {
    let agent: PathBuf = std::env::var_os("METAPROFILES_WINE_AGENT")?.into();
    let loader: PathBuf = std::env::var_os("METAPROFILES_WINE")?.into();
    let hosts = std::env::var_os("METAPROFILES_WINE_HOSTS")?;
    let machines = std::env::split_paths(&hosts)
        .map(|prefix| Machine { loader: loader.clone(), agent: agent.clone(), prefix })
        .collect::<Vec<_>>();
    machines.try_into().ok()
}

/// A user's settings as no friendly program writes them.
fn odd_settings() -> DataSet {
    let mut key = Key::new("Odd");
    key.set_value(Value::sz("", "the default value"));
    key.set_value(Value::sz("plain", "text"));
    key.set_value(Value::new(Name::from_units([0xD800, u16::from(b'x')].as_slice()), ValueType::SZ, *b"a\0"));
    key.set_value(Value::new(
        Name::from_units([u16::from(b'n'), 0, u16::from(b'l')].as_slice()),
        ValueType::BINARY,
        [1, 2, 3],
    ));
    key.set_value(Value::new("type 0xFFFF", ValueType(0xFFFF), *b"whatever"));
    key.set_value(Value::new("type 0", ValueType::NONE, *b""));
    key.set_value(Value::new("empty text", ValueType::SZ, *b""));
    key.set_value(Value::new("odd length", ValueType::SZ, *b"abc"));
    let big: Vec<u8> =
        (0..1_500_000_u32).map(|index| index.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    key.set_value(Value::new("big", ValueType::BINARY, big));
    let below = key.ensure_subkey(&Name::from_units([u16::from(b'k'), 0, 0xDFFF].as_slice()));
    below.set_value(Value::dword("below an odd key", 7));
    key.ensure_subkey(&"empty key".into());
    let mut registry = KeyEdit::root();
    registry.at_or_pass(&KeyPath::parse("Software")).insert_subkey(KeyEdit::write(&key));

    let file = |name: Name, modified: u64, attributes, bytes: &[u8]| FileEntry {
        path: FilePath { folder: "RoamingAppData".to_owned(), components: vec!["Odd".into(), name] },
        change: FileChange::Present(FileContent {
            modified: FileTime(modified),
            attributes,
            bytes: Arc::from(bytes),
        }),
        unknown: mp_dataset::UnknownFields::default(),
    };
    let hidden = FileAttributes::HIDDEN.with(FileAttributes::SYSTEM);
    let mut set = DataSet { registry, ..DataSet::default() };
    set.replace_files(vec![
        file("äöü ß.txt".into(), 0x01DA_1234_5678_9ABC, FileAttributes::default(), b"content"),
        file("hidden.ini".into(), 0x0199_0000_0000_0001, hidden, b""),
        file("locked.dat".into(), 0x01DB_0000_0000_0007, FileAttributes::READ_ONLY, &[0; 70_000]),
    ]);
    set
}

#[test]
fn settings_travel_between_two_session_hosts_and_linux() {
    let Some([ts1, ts2]) = machines() else {
        println!(
            "SKIPPED settings_travel_between_two_session_hosts_and_linux: no Wine hosts; run cargo xtask test"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let farm = SmallFarm::start(folder.path(), SUBSETS).unwrap();
    for (machine, name) in [(&ts1, "TS1"), (&ts2, "TS2")] {
        machine.windows_logs_on();
        machine.enrol(&farm, name);
    }

    let report = ts1.agent(&["logon", "--sid", SID]);
    assert!(report.contains("\"outcome\": \"merged\""), "{report}");

    // A data set that was written on Linux is imported by the Windows Agent.
    let odd = odd_settings();
    fs::write(ts1.drive_c().join("odd.mpd"), encode(&odd)).unwrap();
    ts1.agent(&["import", "--sid", SID, "--subsets", r"C:\subsets.toml", "--global", r"C:\odd.mpd"]);
    assert_eq!(content(&ts1.export()), content(&odd));

    let report = ts1.agent(&["logoff", "--sid", SID]);
    assert!(report.contains("\"outcome\": \"stored\""), "{report}");
    let stored = decode(&fs::read(farm.base_folder().join("global").join(format!("{SID}.mpd"))).unwrap());
    assert_eq!((stored.origin.sid.as_str(), content(&stored)), (SID, content(&odd)));

    let report = ts2.agent(&["logon", "--sid", SID]);
    assert!(report.contains("\"outcome\": \"merged\""), "{report}");
    let at_ts2 = ts2.export();
    assert_eq!(content(&at_ts2), content(&odd));
    // Nothing changed since, so nothing is sent.
    assert!(ts2.agent(&["logoff", "--sid", SID]).contains("unchanged"));

    // What the Windows Agent wrote is imported on Linux, and exported there it is the same to the byte.
    let on_linux = through_linux(folder.path(), &at_ts2);
    assert_eq!(encode(&settings_of(on_linux)), encode(&settings_of(at_ts2)));
    farm.stop().unwrap();
}

#[test]
fn a_deletion_reaches_the_other_session_host() {
    let Some([ts1, ts2]) = machines() else {
        println!("SKIPPED a_deletion_reaches_the_other_session_host: no Wine hosts; run cargo xtask test");
        return;
    };
    // This test uses its own user on the same machines.
    let sid = SID.replace("1104", "1105");
    let folder = tempfile::tempdir().unwrap();
    let farm = SmallFarm::start(folder.path(), SUBSETS).unwrap();
    for (machine, name) in [(&ts1, "TS1"), (&ts2, "TS2")] {
        let state = format!(r"C:\mp-{name}");
        let agent = |args: &[&str]| {
            let (status, output) =
                machine.run(&machine.agent, &[&["--state", &state, "--json"], args].concat());
            assert!(status.success(), "{args:?}: {status}\n{output}");
            output
        };
        let value = format!(r"HKU\{sid}\Software\Odd");
        machine.reg(&["add", &value, "/v", "Default", "/d", "mandatory", "/f"]);
        let entry = format!(r"{PROFILE_LIST}\{sid}");
        machine.reg(&["add", &entry, "/v", "State", "/t", "REG_DWORD", "/d", "5", "/f"]);
        machine.reg(&["add", &entry, "/v", "ProfileImagePath", "/t", "REG_SZ", "/d", r"C:\Users\ben", "/f"]);
        fs::create_dir_all(machine.drive_c().join("Users/ben/AppData/Roaming")).unwrap();
        let token = farm.agent_token(None).unwrap().reveal();
        agent(&["enrol", "--console", &farm.url(), "--token", &token, "--name", name]);
        farm.wait_for_agent(name).unwrap();
        agent(&["logon", "--sid", &sid]);
        let there = machine.run("reg", &["query", &value, "/v", "Default"]).0.success();
        assert_eq!(there, name == "TS1", "{name}: the default is there only until the user deleted it");
        if there {
            machine.reg(&["delete", &value, "/v", "Default", "/f"]);
        }
        agent(&["logoff", "--sid", &sid]);
    }
    farm.stop().unwrap();
}

/// Imports the data set into an empty profile of a simulated session host, and exports it there.
fn through_linux(folder: &Path, set: &DataSet) -> DataSet {
    let sid: Sid = SID.parse().unwrap();
    let host = SimulatedHost::at(&folder.join("linux"), "LINUX").unwrap();
    host.create_mandatory(&Key::new("ROOT"), None).unwrap();
    host.logon_mandatory(&sid, "ada").unwrap();
    let parsed: toml::Table = SUBSETS.parse().unwrap();
    let subsets: Vec<DataSubset> = parsed["data-subset"].clone().try_into().unwrap();
    let rules = CompiledRules::compile(&subsets, None).unwrap();
    let mut profile = host.open(&sid).unwrap();
    let imported =
        mp_profile::import(profile.as_mut(), &rules, &Sets { global: Some(set), group: None }).unwrap();
    assert!(imported.unapplied.is_empty(), "{:?}", imported.report.notes);
    profile.close().unwrap();
    let mut profile = host.open(&sid).unwrap();
    mp_profile::export(profile.as_mut(), &rules, &ExportInputs::default()).unwrap().global
}

/// The data set without what each session host writes of itself: who exported it, and when its keys were written.
fn settings_of(set: DataSet) -> DataSet {
    fn timeless(mut edit: KeyEdit) -> KeyEdit {
        edit.last_write = FileTime(0);
        let mut bare = edit.clone();
        let (values, subkeys) = edit.into_parts();
        bare.replace_values(values);
        bare.replace_subkeys(subkeys.into_iter().map(timeless).collect());
        bare
    }
    DataSet { origin: Origin::default(), registry: timeless(set.registry), ..set }
}

fn encode(set: &DataSet) -> Vec<u8> {
    let mut bytes = Vec::new();
    mp_dataset::encode(set, &mut bytes).unwrap();
    bytes
}

fn decode(bytes: &[u8]) -> DataSet {
    mp_dataset::decode(bytes, &Limits::default()).unwrap().into_data_set()
}

/// Every key with its values and every file, with all that travels of them.
#[derive(PartialEq, Debug)]
struct Content {
    values: Vec<(KeyPath, Option<Value>)>,
    files: Vec<(String, FileChange)>,
}

fn content(set: &DataSet) -> Content {
    fn walk(edit: &KeyEdit, path: &KeyPath, into: &mut Vec<(KeyPath, Option<Value>)>) {
        into.push((path.clone(), None));
        for value in edit.values() {
            match value {
                ValueEdit::Set(value) => into.push((path.clone(), Some(value.clone()))),
                ValueEdit::Delete(name) => panic!("{path}: {name} is deleted"),
            }
        }
        for below in edit.subkeys() {
            walk(below, &path.join(&below.name), into);
        }
    }
    let mut values = Vec::new();
    walk(&set.registry, &KeyPath::root(), &mut values);
    let files = set.files.iter().map(|file| (file.path.to_string(), file.change.clone())).collect();
    Content { values, files }
}
