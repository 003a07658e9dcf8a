//! Checks of a machine, what is gathered for a diagnosis, and helpers where there is no service.

use std::fs;

use crate::support::Place;

#[test]
fn a_machine_that_has_not_joined_fails_its_checks_with_what_to_do() {
    let place = Place::new();
    let lines = place.run(&["check", "--json"]).failed(1).json();
    let lines = lines.as_array().unwrap();
    let certificate =
        lines.iter().find(|line| line["check"] == "certificate" || line["check"] == "state folder");
    let line = certificate.unwrap();
    assert_eq!(line["level"], "fail", "{lines:?}");
    assert!(line["next"].as_str().unwrap().contains("enrol"), "{lines:?}");
    // Every line that is no pass says what to do.
    assert!(lines.iter().all(|line| line["level"] == "pass" || line["next"].is_string()), "{lines:?}");
    let text = place.run(&["check"]).failed(1).stdout;
    assert!(text.contains("FAIL  "), "{text}");
}

#[test]
fn a_diagnosis_holds_logs_and_reports_and_no_settings() {
    let place = Place::new();
    let state = place.path("state");
    for (file, text) in [
        ("logs/agent.log", "a line"),
        ("reports/S-1-5-21-1-2-3-1001/1-logon.json", "{}"),
        ("spool/S-1-5-21-1-2-3-1001/00000001.entry", "SECRET"),
        ("sessions/S-1-5-21-1-2-3-1001/baseline", "SECRET"),
        ("identity/key.pem", "SECRET"),
        ("plan.json", "{}"),
    ] {
        let file = state.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let into = place.path("diag");
    let arguments = ["diag", "--into", "@diag"];
    place.run(&arguments).succeeded();
    let mut found = Vec::new();
    let mut folders = vec![into.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert!(!fs::read_to_string(&path).unwrap().contains("SECRET"), "{}", path.display());
                found.push(path.strip_prefix(&into).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    let expected = ["about.json", "logs/agent.log", "plan.json", "reports/S-1-5-21-1-2-3-1001/1-logon.json"];
    assert_eq!(found, expected);
    // It never writes over something.
    place.run(&arguments).failed(1);
}

#[test]
fn without_windows_the_helper_says_what_to_name() {
    let place = Place::new();
    for command in ["logon", "logoff", "refresh"] {
        let ended = place.run(&[command]).failed(1);
        assert!(ended.stderr.contains("--sid"), "{ended:?}");
    }
    place.run(&["refresh", "--topic", "everything"]).failed(2);
    place.run(&["logon", "--wait", "601"]).failed(2);
}
