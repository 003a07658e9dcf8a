//! What goes wrong is said on standard error, on standard output only as JSON, and by the exit code.

use std::fs;

use crate::support::{Place, SID};

/// The error as text without `--json`; with it the same in JSON on standard output.
fn error(place: &Place, arguments: &[&str], code: i32) -> String {
    let plain = place.run(arguments).failed(code);
    assert_eq!(plain.stdout, "", "{plain:?}");
    let mut with_json = arguments.to_vec();
    with_json.push("--json");
    let json = place.run(&with_json).failed(code).json();
    let text = json["error"].as_str().unwrap().to_owned();
    assert!(plain.stderr.starts_with(&format!("error: {text}")), "{plain:?} {text}");
    text
}

#[test]
fn a_machine_that_is_not_enrolled_is_told_what_to_do() {
    let place = Place::new();
    for arguments in
        [&["logon", "--sid", SID][..], &["logoff", "--sid", SID], &["plan"], &["spool", "--send"]]
    {
        let text = error(&place, arguments, 1);
        assert!(text.contains("not enrolled") && text.contains("metaprofiles-agent enrol"), "{text}");
    }
    let text = error(&place, &["enrol", "--console", "https://localhost:1", "--token", "nonsense"], 1);
    assert!(text.contains("join token"), "{text}");
    // As the installer calls it: what is told here goes into the event log as well.
    let by_installer =
        ["enrol", "--unless-enrolled", "--console", "https://localhost:1", "--token", "nonsense"];
    let told = place.run(&by_installer).failed(1).stderr;
    assert!(told.contains("cannot join the farm") && !told.contains("nonsense"), "{told}");
}

#[test]
fn a_sid_that_is_none_or_unknown_is_named() {
    let place = Place::new();
    let text = error(&place, &["logon", "--sid", "S-1-5-18"], 2);
    assert!(text.contains("S-1-5-18") && text.contains("expected S-1-5-21-"), "{text}");
    let export = ["export", "--sid", SID, "--subsets", "@subsets.toml", "--global", "@g.mpd"];
    let text = error(&place, &export, 1);
    assert_eq!(text, format!("user {SID} has no loaded profile on this host"));
    assert!(!place.path("g.mpd").exists());
}

#[test]
fn wrong_files_are_named_with_the_cause_once() {
    let place = Place::new();
    place.with_session();
    let missing = ["export", "--sid", SID, "--subsets", "@none.toml", "--global", "@g.mpd"];
    let text = error(&place, &missing, 1);
    assert!(text.contains("none.toml") && text.contains("cannot read"), "{text}");
    fs::write(place.path("bad.toml"), "[[data-subset]]\nname = 1").unwrap();
    let bad = ["export", "--sid", SID, "--subsets", "@bad.toml", "--global", "@g.mpd"];
    let text = error(&place, &bad, 1);
    assert!(text.contains("bad.toml") && text.matches("invalid type").count() == 1, "{text}");
    let text = error(&place, &["simulate", "mandatory", "--hive", "@bad.toml"], 1);
    assert!(text.contains("cannot read the hive"), "{text}");
}

#[test]
fn wrong_arguments_are_json_as_well() {
    let place = Place::new();
    let text = error(&place, &["export"], 2);
    assert!(text.contains("required"), "{text}");
    assert_eq!(place.run(&["nonsense"]).failed(2).stdout, "");
}
