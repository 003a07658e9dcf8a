//! What a host keeps of a user's data sets, so that the next logon fetches only what changed since.

use std::{fs, path::PathBuf, sync::Arc};

use mp_profile::Scope;
use mp_protocol::StorageAway;

use crate::{
    console::{FakeConsole, group, plan},
    station::{APP, LEDGER, Station, sid, stored},
    store::Held,
};

fn station(name: &str, console: &Arc<FakeConsole>) -> Station {
    let station = Station::new(name, console);
    let mut plan = plan(1);
    plan.plan.settings.storage_away = StorageAway::CachedCopy;
    station.follow(&plan);
    station
}

fn copies(station: &Station) -> PathBuf {
    station.folder.path().join("cache").join(sid().as_str())
}

#[test]
fn what_this_host_stored_last_is_not_fetched_again() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = station("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    console.store.held();
    let report = ts1.logon(&sid);
    assert_eq!(console.store.held(), [(Scope::Global, Held::Current)], "{report}");
    assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("dark"));
    // It is a base as any other one.
    ts1.set(&sid, APP, "Theme", "blue");
    ts1.logoff(&sid);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("blue"));
    assert_eq!((console.store.versions(&Scope::Global, &sid), console.store.quarantined().len()), (2, 0));
}

#[test]
fn what_another_host_stored_is_fetched_against_what_is_held() {
    let console = Arc::new(FakeConsole::default());
    let (ts1, ts2) = (station("TS1", &console), station("TS2", &console));
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    ts1.session(&sid, LEDGER, "Year", "2026");
    ts2.session(&sid, APP, "Theme", "blue");
    console.store.held();
    ts1.logon(&sid);
    assert_eq!(console.store.held(), [(Scope::Global, Held::Former), (group(), Held::Current)]);
    assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("blue"));
    assert_eq!(ts1.get(&sid, LEDGER, "Year").as_deref(), Some("2026"));
    // It has the newer one in the place of the former one now.
    ts1.logoff(&sid);
    ts1.logon(&sid);
    assert_eq!(console.store.held(), [(Scope::Global, Held::Current), (group(), Held::Current)]);
}

/// What is sent from the spool later is what storage has then.
#[test]
fn a_copy_follows_what_the_spool_sends() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = station("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "blue");
    console.store.away();
    ts1.logoff(&sid);
    console.store.back();
    ts1.agent(|agent| agent.upload(&sid)).unwrap();
    console.store.held();
    ts1.logon(&sid);
    assert_eq!(console.store.held(), [(Scope::Global, Held::Current)]);
    assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("blue"));
}

#[test]
fn a_damaged_copy_is_not_held() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = station("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    let copy = copies(&ts1).join("global.mpd");
    let mut bytes = fs::read(&copy).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&copy, bytes).unwrap();
    console.store.held();
    ts1.logon(&sid);
    assert_eq!(console.store.held(), []);
    assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("dark"));
    ts1.logoff(&sid);
    ts1.logon(&sid);
    assert_eq!(console.store.held(), [(Scope::Global, Held::Current)], "it was kept anew");
}

/// Hosts whose group says so keep nothing of their users.
#[test]
fn without_cached_copies_nothing_is_held() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    assert!(!copies(&ts1).exists());
    console.store.held();
    ts1.logon(&sid);
    assert_eq!(console.store.held(), []);
}
