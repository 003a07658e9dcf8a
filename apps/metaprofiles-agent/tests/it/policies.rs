//! Settings by Group Policy take effect in the program, and the command line goes before them.

use std::fs;

use mp_hive::{ReadOptions, WriteOptions};
use mp_protocol::JoinToken;
use mp_registry::{KeyPath, Value};

use crate::support::{Place, SID};

fn policies(place: &Place, values: &str) {
    let text = format!(
        "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\Software\\Policies\\MetaProfiles\\Agent]\n{values}\n"
    );
    fs::create_dir_all(place.path("TS1")).unwrap();
    fs::write(place.path("TS1/Policies.reg"), text).unwrap();
}

#[test]
fn an_agent_that_is_turned_off_leaves_sessions_and_spool_alone() {
    let place = Place::new();
    place.enrol();
    place.with_session();
    policies(&place, "\"TurnOff\"=dword:1");
    for event in ["logon", "logoff"] {
        let report = place.run(&[event, "--sid", SID, "--json"]).succeeded().json();
        assert_eq!(
            (&report["outcome"], &report["problems"][0]["code"]),
            (&"left-alone".into(), &"MP-AGT-103".into())
        );
    }
    assert!(!place.state().session(&SID.parse().unwrap()).exists() && !place.state().spool().exists());
    let refused = place.run(&["spool", "--send", "--json"]).failed(1).json();
    assert!(refused["error"].as_str().unwrap().starts_with("MP-AGT-103"), "{refused}");
    policies(&place, "\"TurnOff\"=dword:0");
    assert_eq!(place.run(&["logon", "--sid", SID, "--json"]).failed(3).json()["outcome"], "not-merged");
}

#[test]
fn the_console_of_group_policy_is_used_unless_another_is_given() {
    let place = Place::new();
    let token = JoinToken::new([1; 32], b"nobody").reveal();
    let none = place.run(&["enrol", "--token", &token]).failed(1);
    assert!(none.stderr.contains("the console's address is not known"), "{none:?}");
    policies(&place, "\"ConsoleAddress\"=\"https://127.0.0.1:1\"");
    let enrolled = place.run(&["enrol", "--token", &token]).failed(1);
    assert!(enrolled.stderr.contains("127.0.0.1:1"), "{enrolled:?}");
    let other = place.run(&["enrol", "--token", &token, "--console", "https://127.0.0.2:1"]).failed(1);
    assert!(other.stderr.contains("127.0.0.2:1"), "{other:?}");
}

#[test]
fn the_spool_is_as_large_as_told() {
    let place = Place::new();
    place.enrol();
    let profile = place.with_session();
    policies(&place, "\"SpoolLimit\"=dword:10");
    place.run(&["logon", "--sid", SID]).failed(3);
    // What is there already counts: nearly 16 MiB of another user.
    let folder = place.state().spool().join("S-1-5-21-1-2-3-1002");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("00000001.entry"), vec![0; (16 << 20) - 8]).unwrap();
    set_theme(&profile);
    let report = place.run(&["logoff", "--sid", SID]);
    assert!(report.stdout.contains("the spool is full"), "{report:?}");
}

fn set_theme(profile: &std::path::Path) {
    let hive = profile.join("NTUSER.MAN");
    let mut user = mp_hive::open(&hive, ReadOptions::default()).unwrap().hive.root;
    user.ensure(&KeyPath::parse("Software\\App")).set_value(Value::sz("Theme", "dark"));
    fs::write(&hive, mp_hive::write(&user, &WriteOptions::default()).unwrap()).unwrap();
}

#[test]
fn the_log_says_what_is_wrong_and_is_as_loud_as_told() {
    let place = Place::new();
    place.enrol();
    policies(&place, "\"LogonWait\"=dword:0\n\"Loglevel\"=\"warn\"");
    place.with_session();
    let ended = place.run(&["logon", "--sid", SID]).failed(3);
    assert!(ended.stderr.contains("MP-AGT-100") && ended.stderr.contains("LogonWait"), "{ended:?}");
    assert!(ended.stderr.contains("WARN") && ended.stderr.contains("MP-AGT-030"), "{ended:?}");
    fs::write(place.path("TS1/Policies.reg"), "nonsense").unwrap();
    let ended = place.run(&["spool"]).succeeded();
    assert!(ended.stderr.contains("MP-AGT-102") && ended.stderr.contains("Policies.reg"), "{ended:?}");
}
