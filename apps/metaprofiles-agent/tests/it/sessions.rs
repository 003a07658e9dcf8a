//! Logon and logoff with an identity and a plan, while console and storage are away.

use std::fs;

use mp_hive::{ReadOptions, WriteOptions};
use mp_registry::{KeyPath, Value};

use crate::support::{Place, SID};

#[test]
fn the_status_of_a_user_says_what_happened_and_what_to_do() {
    let place = Place::new();
    place.enrol();
    place.with_session();
    assert!(place.run(&["status", "--sid", SID]).succeeded().stdout.contains("has done nothing"));
    place.run(&["logon", "--sid", SID]).failed(3);
    place.run(&["logoff", "--sid", SID]);
    let shown = place.run(&["status", "--sid", SID]).succeeded().stdout;
    for words in
        ["session from 2", "not-merged", "MP-AGT-030", "what to do: the user worked with the mandatory"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let json = place.run(&["status", "--sid", SID, "--json"]).succeeded().json();
    let reports = json["sessions"][0]["reports"].as_array().unwrap();
    assert_eq!((&reports[0]["event"], &reports[1]["event"]), (&"logon".into(), &"logoff".into()), "{json}");
    assert_eq!(place.run(&["reports", "--json"]).succeeded().json()["waiting"], 2);
    let refused = place.run(&["reports", "--send", "--json"]).failed(1).json();
    assert!(refused["error"].as_str().unwrap().starts_with("MP-AGT-054"), "{refused}");
    assert_eq!(place.run(&["reports"]).succeeded().stdout, "2 session reports wait for the console\n");
}

#[test]
fn exit_codes_say_how_complete_a_session_is() {
    let place = Place::new();
    place.enrol();
    let profile = place.with_session();
    let logon = place.run(&["logon", "--sid", SID]).failed(3);
    assert!(logon.stdout.contains("NOT merged") && logon.stdout.contains("MP-AGT-030"), "{logon:?}");
    assert_eq!(logon.stderr, "");
    let again = place.run(&["logon", "--sid", SID, "--json"]).failed(3).json();
    assert_eq!((again["outcome"].as_str(), again["sid"].as_str()), (Some("not-merged"), Some(SID)));
    assert_eq!(place.run(&["spool", "--json"]).succeeded().json()["entries"].as_array().unwrap().len(), 0);
    assert_eq!(place.run(&["spool"]).succeeded().stdout, "nothing waits for storage\n");

    let hive = profile.join("NTUSER.MAN");
    let mut user = mp_hive::open(&hive, ReadOptions::default()).unwrap().hive.root;
    user.ensure(&KeyPath::parse("Software\\App")).set_value(Value::sz("Theme", "dark"));
    fs::write(&hive, mp_hive::write(&user, &WriteOptions::default()).unwrap()).unwrap();
    let logoff = place.run(&["logoff", "--sid", SID, "--json"]).failed(3).json();
    assert_eq!(logoff["outcome"], "spooled");
    place.run(&["simulate", "logoff", "--sid", SID, "--json"]).succeeded().json();

    let waiting = place.run(&["spool"]).succeeded().stdout;
    assert!(waiting.contains(SID) && waiting.contains("to be kept beside the stored data set"), "{waiting}");
    assert_eq!(place.run(&["spool", "--json"]).succeeded().json()["entries"][0]["scope"], "global");
    let refused = place.run(&["spool", "--send", "--json"]).failed(1).json();
    let text = refused["error"].as_str().unwrap();
    assert!(text.starts_with("MP-AGT-007") && text.contains("names no storage server"), "{text}");

    let entry = place.state().spool().join(SID).join("00000001.entry");
    fs::write(entry, "{").unwrap();
    let damaged = place.run(&["spool", "--json"]).failed(3).json();
    let text = damaged["damaged"][0].as_str().unwrap();
    assert!(text.contains("00000001.entry") && text.contains("EOF while parsing"), "{text}");
}

#[test]
fn a_user_without_a_profile_is_named_with_a_code() {
    let place = Place::new();
    place.enrol();
    let failed = place.run(&["logon", "--sid", SID, "--json"]).failed(1);
    let error = format!(
        "MP-AGT-006 the user's profile cannot be used: user {SID} has no loaded profile on this host"
    );
    assert_eq!(failed.json()["error"], error);
    assert_eq!(failed.stderr, format!("error: {error}\n"));
}

#[test]
fn the_cached_plan_is_shown_when_the_console_is_away() {
    let place = Place::new();
    place.enrol();
    let plan = place.run(&["plan"]).succeeded();
    assert!(plan.stdout.contains("App (1 registry rules, 0 folder rules)"), "{plan:?}");
    assert!(plan.stderr.starts_with("warning: "), "{plan:?}");
    assert_eq!(place.run(&["plan", "--json"]).succeeded().json()["revision"], 1);
}
