use mp_agent::hosts::simulated::{SimulatedHost, SimulationError};
use mp_dataset::{FileAttributes, ProfileKind};
use mp_profile::{HostError, SessionHost, Sid};
use mp_registry::{Key, KeyAction, KeyEdit, KeyPath, Value, ValueEdit};
use tempfile::TempDir;

use crate::support::{Machine, content, file, rules, session, sid};

fn template() -> Key {
    let mut root = Key::default();
    let app = root.ensure(&KeyPath::parse("Software\\App"));
    app.set_value(Value::sz("Theme", "light"));
    app.set_value(Value::dword("Size", 1));
    root
}

fn set(path: &str, value: Value) -> KeyEdit {
    let mut edit = KeyEdit::root();
    let mut at = &mut edit;
    for name in KeyPath::parse(path).names() {
        at = at.subkey_or(name, KeyAction::Ensure);
    }
    at.edit_value(ValueEdit::Set(value));
    edit
}

#[test]
fn a_user_finds_registry_and_files_again_with_times_and_attributes() {
    let machine = Machine::with(&template());
    let rules = rules(&["Software\\App"], &[("RoamingAppData", "App")]);
    let path = file("RoamingAppData:App\\Sub\\Settings.ini");
    let settings = content("a=1", FileAttributes::HIDDEN.with(FileAttributes::SYSTEM));
    let (_, stored) = session(&machine, &rules, None, |profile| {
        profile.registry().apply(&set("Software\\App", Value::sz("Theme", "dark"))).unwrap();
        profile.files().write(&path, &settings).unwrap();
    });
    assert_eq!((stored.report.global.values, stored.report.global.files), (1, 1));

    let (imported, again) = session(&machine, &rules, Some(&stored), |profile| {
        let theme = profile.registry().value(&KeyPath::parse("Software\\App"), &"theme".into()).unwrap();
        assert_eq!(theme, Some(Value::sz("Theme", "dark")));
        let same = file("RoamingAppData:app\\SUB\\settings.INI");
        assert_eq!(profile.files().read(&same, 100).unwrap(), settings, "found as Windows finds it");
    });
    assert_eq!((imported.report.values_written, imported.report.files_written), (1, 1));
    assert_eq!(again.global.registry.counts(), stored.global.registry.counts());
    assert_eq!(again.global.files, stored.global.files);

    let (_, deleted) = session(&machine, &rules, Some(&stored), |profile| {
        assert!(profile.files().delete(&path).unwrap());
        assert!(!profile.files().delete(&path).unwrap());
    });
    session(&machine, &rules, Some(&deleted), |profile| {
        assert!(profile.files().read(&path, 100).is_err());
    });
}

#[test]
fn each_logon_starts_from_the_mandatory_profile() {
    let template_folders = TempDir::new().unwrap();
    std::fs::create_dir_all(template_folders.path().join("Desktop")).unwrap();
    std::fs::write(template_folders.path().join("Desktop/default.txt"), "d").unwrap();
    let root = TempDir::new().unwrap();
    let host = SimulatedHost::at(root.path(), "TS01").unwrap();
    host.create_mandatory(&template(), Some(template_folders.path())).unwrap();

    for _ in 0..2 {
        host.logon_mandatory(&sid(), "alice").unwrap();
        let mut profile = host.open(&sid()).unwrap();
        assert_eq!(profile.kind(), ProfileKind::Mandatory);
        assert_eq!(profile.marker().unwrap(), None);
        let theme = profile.registry().value(&KeyPath::parse("Software\\App"), &"Theme".into()).unwrap();
        assert_eq!(theme, Some(Value::sz("Theme", "light")));
        assert!(profile.files().delete(&file("Desktop:default.txt")).unwrap());
        profile.set_marker(b"merged").unwrap();
        profile.registry().apply(&set("Software\\App", Value::sz("Theme", "dark"))).unwrap();
        profile.close().unwrap();
        assert_eq!(host.open(&sid()).unwrap().marker().unwrap().as_deref(), Some(b"merged".as_slice()));
        host.logoff(&sid()).unwrap();
        assert!(host.profile_folder(&sid()).unwrap().unwrap().exists(), "the local copy stays");
        assert!(matches!(host.open(&sid()), Err(HostError::NotLoaded(_))));
    }
}

#[test]
fn another_session_of_the_user_shares_the_profile() {
    let machine = Machine::with(&template());
    let mut profile = machine.open();
    profile.set_marker(b"x").unwrap();
    profile.registry().apply(&set("Software\\App", Value::sz("Theme", "dark"))).unwrap();
    profile.close().unwrap();
    machine.host.logon_mandatory(&sid(), "alice").unwrap();
    assert!(machine.open().marker().unwrap().is_some(), "it was not loaded anew");
    assert_eq!(machine.host.loaded().unwrap(), [sid()]);
}

#[test]
fn a_profile_is_open_once_and_forgets_what_was_not_closed() {
    let machine = Machine::with(&template());
    let mut profile = machine.open();
    let second = machine.host.open(&sid()).err().unwrap();
    assert!(second.to_string().ends_with("it is open already"), "{second}");
    profile.registry().apply(&set("Software\\App", Value::sz("Theme", "dark"))).unwrap();
    drop(profile);
    let theme = machine.open().registry().value(&KeyPath::parse("Software\\App"), &"Theme".into()).unwrap();
    assert_eq!(theme, Some(Value::sz("Theme", "light")));
}

#[test]
fn names_of_users_are_folder_names_and_not_anothers() {
    let machine = Machine::with(&template());
    let other: Sid = "S-1-5-21-1-2-3-1002".parse().unwrap();
    for bad in ["..", "a/b", "", "con"] {
        let refused = machine.host.logon_mandatory(&other, bad);
        assert!(matches!(refused, Err(SimulationError::UserName { .. })), "{bad}");
    }
    assert!(matches!(machine.host.logon_mandatory(&other, "ALICE"), Err(SimulationError::NameTaken { .. })));
    let list = machine.root.path().join("ProfileList.json");
    std::fs::write(&list, "{").unwrap();
    assert!(matches!(machine.host.loaded(), Err(SimulationError::Json { .. })));
}

#[test]
fn other_kinds_of_profiles_are_what_they_say() {
    let machine = Machine::with(&template());
    machine.host.logoff(&sid()).unwrap();
    machine.host.logon(&sid(), "alice", ProfileKind::Local).unwrap();
    let mut profile = machine.open();
    assert_eq!(profile.kind(), ProfileKind::Local);
    profile.registry().apply(&set("Software\\App", Value::sz("Theme", "dark"))).unwrap();
    profile.close().unwrap();
    machine.host.logoff(&sid()).unwrap();
    machine.host.logon(&sid(), "alice", ProfileKind::Local).unwrap();
    let theme = machine.open().registry().value(&KeyPath::parse("Software\\App"), &"Theme".into()).unwrap();
    assert_eq!(theme, Some(Value::sz("Theme", "dark")), "a local profile is kept");
}
