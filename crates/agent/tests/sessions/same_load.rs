//! Several calls for one load of the hive: sessions that share it, scripts that run twice, profiles that are reloaded.

use std::{fs, sync::Arc};

use mp_agent::{NOT_MERGED, Outcome};
use mp_profile::Scope;

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid, stored, value_in},
    store::{Faults, decode},
};

#[test]
fn a_second_logon_is_already_merged_and_writes_nothing() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "blue");
    console.store.writes();
    let report = ts1.try_logon(&sid).unwrap();
    assert_eq!(report.outcome, Outcome::AlreadyMerged);
    assert!(report.data_sets.is_empty() && report.import.is_none());
    assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("blue"));
    assert_eq!((console.store.writes(), ts1.waiting(&sid)), (0, 0));
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Stored);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("blue"));
}

#[test]
fn a_second_logon_does_not_merge_over_a_session_that_went_on_without() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    console.store.away();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "blue");
    console.store.back();
    let report = ts1.try_logon(&sid).unwrap();
    assert_eq!(report.outcome, Outcome::NotMerged);
    assert_eq!(report.problems[0].code, "MP-AGT-013");
    assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("blue"));
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Quarantined);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("dark"));
}

/// Two sessions of a user share the hive; each logs off, and what each of them did is stored.
#[test]
fn a_session_goes_on_after_another_ones_logoff() {
    let console = Arc::new(FakeConsole::default());
    for faults in [
        Faults::default(),
        Faults { away: true, ..Faults::default() },
        Faults { lost_acknowledgements: true, ..Faults::default() },
    ] {
        let ts1 = Station::new("TS1", &console);
        let sid = sid();
        assert_eq!(ts1.logon(&sid).outcome, Outcome::Merged);
        ts1.set(&sid, APP, "First", "1");
        console.store.fail(faults.clone());
        ts1.try_logoff(&sid).unwrap();
        ts1.set(&sid, APP, "Second", "2");
        ts1.try_logoff(&sid).unwrap();
        console.store.back();
        let report = ts1.logoff(&sid);
        assert_eq!((report.outcome, ts1.waiting(&sid)), (Outcome::Stored, 0), "{faults:?} {report}");
        for (name, text) in [("First", "1"), ("Second", "2")] {
            let stored = stored(&console.store, &Scope::Global, &sid, APP, name);
            assert_eq!(stored.as_deref(), Some(text), "{faults:?}");
        }
        assert!(console.store.quarantined().is_empty(), "{faults:?}");
    }
}

/// The logoff script and the session event both export.
#[test]
fn a_second_logoff_sends_nothing_new() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    ts1.try_logoff(&sid).unwrap();
    console.store.writes();
    let report = ts1.logoff(&sid);
    assert_eq!((report.outcome, console.store.writes()), (Outcome::Stored, 0));
    assert_eq!(report.data_sets[0].result, "unchanged");
}

/// The hive was unloaded and loaded again behind the Agent's back: what is in it is not what was merged.
#[test]
fn without_the_marker_an_export_replaces_nothing() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    ts1.logon(&sid);
    ts1.host.unload(&sid).unwrap();
    ts1.load(&sid);
    ts1.set(&sid, APP, "Size", "12");
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Quarantined);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("dark"));
    let kept = console.store.quarantined();
    assert_eq!(kept[0].reason, NOT_MERGED);
    assert_eq!(value_in(&decode(&kept[0].bytes), APP, "Size").as_deref(), Some("12"));
}

/// The record of an earlier load says nothing about this one.
#[test]
fn another_sessions_record_is_not_believed() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.logon(&sid);
    let record = ts1.state.session(&sid).join("session.json");
    let text = fs::read_to_string(&record).unwrap();
    let (_, after) = text.split_once("\"session\": \"").unwrap();
    let name = &after[..after.find('"').unwrap()];
    fs::write(&record, text.replace(name, "1")).unwrap();
    ts1.set(&sid, APP, "Size", "12");
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Quarantined);
}
