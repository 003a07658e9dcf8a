//! Two Storage Servers keep the same users' data sets, and one of them is away.

use std::{fs, path::Path};

use mp_agent::Outcome;
use mp_farm::{SECOND_STORAGE_SERVER, STORAGE_SERVER, SmallFarm};
use mp_registry::Value;
use tempfile::TempDir;

use crate::{
    station::{CONFIGURATION, Station},
    template,
};

const MOUSE: &str = r"Control Panel\Mouse";

fn start(folder: &TempDir) -> SmallFarm {
    let others = "name = 'Accounting'\nother-storage-servers = ['STORE2']";
    SmallFarm::start_with_two(folder.path(), &CONFIGURATION.replace("name = 'Accounting'", others)).unwrap()
}

fn stations(farm: &SmallFarm, folder: &TempDir) -> [Station; 2] {
    let template = template::generated();
    ["TS1", "TS2"].map(|name| Station::new(farm, folder, name, "Accounting", &template))
}

/// The files of data sets that a Storage Server has in these scopes, by name.
fn kept(base: &Path, scopes: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for scope in scopes {
        for entry in fs::read_dir(base.join(scope)).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "mpd") {
                found.push((
                    format!("{scope}/{}", path.display()).split('/').next_back().unwrap().to_owned() + scope,
                    fs::read(&path).unwrap(),
                ));
            }
        }
    }
    found.sort();
    found
}

/// Waits until both have the same of both scopes.
fn until_both_agree(folder: &TempDir) {
    until_agreed(folder, &["global", "accounting"]);
}

/// Waits until both have the same in these scopes.
pub(crate) fn until_agreed(folder: &TempDir, scopes: &[&str]) {
    let bases = [folder.path().join("store"), folder.path().join(SECOND_STORAGE_SERVER).join("store")];
    for _ in 0..600 {
        let [first, second] = bases.each_ref().map(|base| kept(base, scopes));
        if first == second && !first.is_empty() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{:?} {:?}", kept(&bases[0], scopes).len(), kept(&bases[1], scopes).len());
}

fn told(report: &mp_agent::SessionReport, code: &str) -> bool {
    report.problems.iter().any(|problem| problem.code == code)
}

#[test]
fn a_session_goes_on_with_the_second_server_while_the_first_one_is_away() {
    let folder = TempDir::new().unwrap();
    let mut farm = start(&folder);
    let [ts1, ts2] = stations(&farm, &folder);
    ts1.logon();
    ts1.set(MOUSE, Value::sz("DoubleClickSpeed", "900"));
    let report = ts1.logoff();
    assert_eq!(report.outcome, Outcome::Stored, "{report}");
    until_both_agree(&folder);

    // Away at logoff: the second one takes it, and says from which base.
    ts1.logon();
    ts1.set(MOUSE, Value::sz("MouseTrails", "3"));
    farm.stop_storage_of(STORAGE_SERVER).unwrap();
    let report = ts1.logoff();
    assert_eq!(report.outcome, Outcome::Stored, "{report}");
    assert!(told(&report, "MP-AGT-033"), "{report}");
    // Away at logon as well.
    let report = ts2.logon();
    assert_eq!(report.outcome, Outcome::Merged, "{report}");
    assert!(told(&report, "MP-AGT-033"), "{report}");
    assert_eq!(ts2.text(MOUSE, "MouseTrails").as_deref(), Some("3"));
    ts2.set(MOUSE, Value::sz("SwapMouseButtons", "1"));
    ts2.logoff();

    // The first one is back, and the second one away: what was stored meanwhile is there at once.
    farm.start_storage_of(STORAGE_SERVER).unwrap();
    until_both_agree(&folder);
    farm.stop_storage_of(SECOND_STORAGE_SERVER).unwrap();
    let ts3 = Station::new(&farm, &folder, "TS3", "Accounting", &template::generated());
    let report = ts3.logon();
    assert_eq!(report.outcome, Outcome::Merged, "{report}");
    for (name, text) in [("DoubleClickSpeed", "900"), ("MouseTrails", "3"), ("SwapMouseButtons", "1")] {
        assert_eq!(ts3.text(MOUSE, name).as_deref(), Some(text), "{name}");
    }
    farm.stop().unwrap();
}

#[test]
fn what_both_servers_took_apart_is_merged_when_they_meet() {
    let folder = TempDir::new().unwrap();
    let mut farm = start(&folder);
    let [ts1, ts2] = stations(&farm, &folder);
    ts1.logon();
    ts1.set(MOUSE, Value::sz("DoubleClickSpeed", "900"));
    ts1.set(MOUSE, Value::sz("MouseTrails", "0"));
    ts1.logoff();
    until_both_agree(&folder);

    assert_eq!((ts1.logon().outcome, ts2.logon().outcome), (Outcome::Merged, Outcome::Merged));
    farm.stop_storage_of(SECOND_STORAGE_SERVER).unwrap();
    ts1.set(MOUSE, Value::sz("SwapMouseButtons", "1"));
    ts1.set(MOUSE, Value::sz("MouseTrails", "1"));
    assert_eq!(ts1.logoff().outcome, Outcome::Stored);
    farm.stop_storage_of(STORAGE_SERVER).unwrap();
    farm.start_storage_of(SECOND_STORAGE_SERVER).unwrap();
    ts2.set(MOUSE, Value::sz("ActiveWindowTracking", "1"));
    ts2.set(MOUSE, Value::sz("MouseTrails", "2"));
    let report = ts2.logoff();
    assert_eq!(report.outcome, Outcome::Stored, "{report}");

    farm.start_storage_of(STORAGE_SERVER).unwrap();
    until_both_agree(&folder);
    let report = ts1.logon();
    assert_eq!(report.outcome, Outcome::Merged, "{report}");
    let expected = [
        ("DoubleClickSpeed", "900"),
        ("SwapMouseButtons", "1"),
        ("ActiveWindowTracking", "1"),
        // What was stored later counts; the other one is in quarantine.
        ("MouseTrails", "2"),
    ];
    for (name, text) in expected {
        assert_eq!(ts1.text(MOUSE, name).as_deref(), Some(text), "{name}");
    }
    let beside = folder.path().join("store/global").join(format!("{}.quarantine", crate::station::sid()));
    let notes = fs::read_dir(beside).unwrap().map(|entry| entry.unwrap().path());
    let notes: Vec<_> = notes.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    farm.stop().unwrap();
}
