//! What ordinary sessions do, one after the other.

use std::sync::Arc;

use mp_agent::Outcome;
use mp_dataset::FileChange;
use mp_profile::Scope;

use crate::{
    console::{FakeConsole, group},
    station::{APP, LEDGER, Station, content, path, sid, stored},
    store::decode,
};

#[test]
fn what_a_user_does_travels_between_hosts_and_a_session_without_changes_sends_nothing() {
    let console = Arc::new(FakeConsole::default());
    let (ts1, ts2) = (Station::new("TS1", &console), Station::new("TS2", &console));
    let sid = sid();
    let report = ts1.logon(&sid);
    assert_eq!(report.outcome, Outcome::Merged);
    assert!(report.data_sets.iter().all(|set| set.result == "none stored"), "{report}");
    ts1.set(&sid, APP, "Theme", "dark");
    ts1.set(&sid, LEDGER, "Year", "2026");
    ts1.host.with(&sid, |profile| profile.files.put(path("mine.ini"), content("mine"))).unwrap();
    let report = ts1.logoff(&sid);
    assert_eq!(report.outcome, Outcome::Stored);
    assert_eq!(ts1.waiting(&sid), 0);
    assert_eq!(stored(ts1.store(), &Scope::Global, &sid, LEDGER, "Year"), None, "it is the group's");
    assert_eq!(ts1.store().writes(), 2);

    let report = ts2.logon(&sid);
    assert_eq!(report.outcome, Outcome::Merged);
    assert_eq!(ts2.get(&sid, APP, "Theme").as_deref(), Some("dark"));
    assert_eq!(ts2.get(&sid, LEDGER, "Year").as_deref(), Some("2026"));
    assert_eq!(ts2.get(&sid, APP, "Font").as_deref(), Some("small"));
    assert!(ts2.host.with(&sid, |profile| profile.files.get(&path("mine.ini")).is_some()).unwrap());
    let report = ts2.logoff(&sid);
    assert_eq!(report.outcome, Outcome::Stored);
    assert!(report.data_sets.iter().all(|set| set.result == "unchanged"), "{report}");
    assert_eq!(ts2.store().writes(), 0);
}

#[test]
fn deletions_of_defaults_travel_and_stay() {
    let console = Arc::new(FakeConsole::default());
    let (ts1, ts2) = (Station::new("TS1", &console), Station::new("TS2", &console));
    let sid = sid();
    ts1.logon(&sid);
    ts1.unset(&sid, APP, "Font");
    ts1.host.with(&sid, |profile| profile.files.remove(&path("default.ini"))).unwrap();
    ts1.logoff(&sid);
    for station in [&ts2, &ts1, &ts2] {
        let report = station.logon(&sid);
        assert_eq!(report.import.as_ref().unwrap().values_deleted, 1);
        assert_eq!(station.get(&sid, APP, "Font"), None);
        let file = station.host.with(&sid, |profile| profile.files.get(&path("default.ini")).cloned());
        assert_eq!(file.unwrap(), None);
        // Another change makes the data set be written anew, with the tombstones.
        station.set(&sid, APP, "Host", station.folder.path().to_str().unwrap());
        assert_eq!(station.logoff(&sid).outcome, Outcome::Stored);
    }
    let set = decode(&console.store.current(&Scope::Global, &sid).unwrap().1);
    assert_eq!(set.registry.counts().deleted_values, 1);
    assert!(matches!(set.files[0].change, FileChange::Deleted));
    assert_eq!(console.store.versions(&group(), &sid), 0);
}

/// A user who sets a value back to the default has chosen it.
#[test]
fn what_was_stored_once_stays_also_when_it_equals_the_default() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    ts1.session(&sid, APP, "Theme", "light");
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("light"));
}
