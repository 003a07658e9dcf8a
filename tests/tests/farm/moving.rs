//! A group moves to another Storage Server while its users work, and the machine it moves to goes down in the midst of it.

use std::{
    fs,
    time::{Duration, Instant},
};

use mp_agent::{CachedPlan, Outcome};
use mp_farm::{SECOND_STORAGE_SERVER, STORAGE_SERVER, SmallFarm};
use mp_profile::Scope;
use mp_registry::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    failover::until_agreed,
    station::{CONFIGURATION, Station, sid},
    template,
};

const LEDGER: &str = r"Software\Contoso\Ledger";
const MOUSE: &str = r"Control Panel\Mouse";

/// Waits until a move is in a phase.
fn until(farm: &SmallFarm, id: &str, phase: &str) -> serde_json::Value {
    let begun = Instant::now();
    loop {
        let moved = farm.administrator().get(&format!("/api/v1/storage-moves/{id}")).unwrap();
        if moved["phase"] == phase {
            return moved;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{moved:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Lets a user come and go until a server says that there is nothing stored: at first each of the two asks what the other has.
fn until_they_know_each_other(station: &Station) {
    let begun = Instant::now();
    while station.logon().outcome != Outcome::Merged {
        station.logoff();
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
    station.logoff();
}

/// Lets users come and go until the host has its new plan, for which it asks at each logon.
fn until_it_knows(station: &Station) {
    let begun = Instant::now();
    let of = Scope::Group("Accounting".parse().unwrap());
    loop {
        station.logon();
        station.logoff();
        let plan = CachedPlan::load(&station.state).unwrap().unwrap().plan;
        if plan.targets(&of).first().is_some_and(|first| first.name == "STORE2") {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{plan:#?}");
    }
}

fn session(station: &Station, name: &str) {
    let report = station.logon();
    assert_eq!(report.outcome, Outcome::Merged, "{report}");
    station.set(LEDGER, Value::sz(name, name));
    // Both servers keep the global data sets.
    station.set(MOUSE, Value::sz("Last", name));
    let report = station.logoff();
    assert_eq!(report.outcome, Outcome::Stored, "{report}");
}

#[test]
fn a_group_moves_while_users_work_and_machines_go_down() {
    let folder = TempDir::new().unwrap();
    let mut farm = SmallFarm::start_with_two(folder.path(), CONFIGURATION).unwrap();
    let template = template::generated();
    let [ts1, ts2] = ["TS1", "TS2"].map(|name| Station::new(&farm, &folder, name, "Accounting", &template));
    until_they_know_each_other(&ts1);
    for name in ["One", "Two", "Three"] {
        session(&ts1, name);
    }
    // A session that began before, and ends after.
    assert_eq!(ts2.logon().outcome, Outcome::Merged);
    ts2.set(LEDGER, Value::sz("Late", "Late"));

    until_agreed(&folder, &["global"]);
    farm.stop_storage_of(SECOND_STORAGE_SERVER).unwrap();
    let moved = json!({ "scope": "group:Accounting", "to": "store2" });
    let moved = farm.administrator().post("/api/v1/storage-moves", &moved).unwrap();
    assert_eq!(
        (&moved["from"], &moved["to"], &moved["phase"]),
        (&json!("STORE1"), &json!("STORE2"), &json!("copying"))
    );
    let id = moved["id"].as_str().unwrap();
    // Nothing can be there yet, and users go on.
    session(&ts1, "Four");
    for _ in 0..2 {
        farm.start_storage_of(SECOND_STORAGE_SERVER).unwrap();
        farm.stop_storage_of(SECOND_STORAGE_SERVER).unwrap();
    }
    farm.start_storage_of(SECOND_STORAGE_SERVER).unwrap();
    let moved = until(&farm, id, "switched");
    assert_eq!(moved["progress"]["failed"], 0, "{moved:#}");
    let server =
        &farm.administrator().get("/api/v1/agent-server-groups/Accounting").unwrap()["storage-server"];
    assert_eq!(server, "STORE2");

    // This one has the older plan: what it stores on the old server comes over.
    let report = ts2.logoff();
    assert_eq!(report.outcome, Outcome::Stored, "{report}");
    for station in [&ts1, &ts2] {
        until_it_knows(station);
    }
    let moved = until(&farm, id, "ended");
    assert_eq!(moved["waiting-for"], json!([]), "{moved:#}");
    session(&ts2, "Five");
    farm.stop_storage_of(STORAGE_SERVER).unwrap();
    assert_eq!(ts1.logon().outcome, Outcome::Merged);
    for name in ["One", "Two", "Three", "Four", "Late", "Five"] {
        assert_eq!(ts1.text(LEDGER, name).as_deref(), Some(name));
    }
    // Each version came once, and nothing had to be set aside.
    let versions = folder.path().join(format!("STORE2/store/accounting/{}.versions", sid()));
    let mut names: Vec<String> = fs::read_dir(versions)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let numbers: Vec<&str> = names.iter().filter_map(|name| name.split_once('-')).map(|it| it.0).collect();
    let mut once = numbers.clone();
    once.dedup();
    assert_eq!(numbers, once, "{names:?}");
    assert!(!folder.path().join(format!("STORE2/store/accounting/{}.quarantine", sid())).exists());
    farm.stop().unwrap();
}
