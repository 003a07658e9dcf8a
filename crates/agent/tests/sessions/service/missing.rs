//! Sessions that begin while storage is away, where no logon script asks: the service does what the plan says.

use std::{sync::Arc, time::Duration};

use mp_agent::{
    CachedPlan, SessionEvent, SessionReport,
    service::{REFUSED, WITHOUT_SETTINGS},
};
use mp_profile::{
    SessionId,
    machine::{Answer, Load, Request},
    memory::MemoryProfile,
};
use mp_protocol::StorageAway;
use mp_registry::{KeyPath, Name};

use super::{asynchronous, elsewhere, host::Host, in_store};
use crate::{
    console::{FakeConsole, plan},
    station::{APP, LEDGER, sid},
};

fn away(mut plan: CachedPlan, choice: StorageAway) -> (Arc<FakeConsole>, Host) {
    let console = Arc::new(FakeConsole::default());
    elsewhere(&console, "Theme", "dark");
    console.store.away();
    plan.plan.settings.storage_away = choice;
    let host = Host::new("TS1", &console, &plan);
    (console, host)
}

fn codes(host: &Host) -> Vec<&'static str> {
    let status = host.station.as_ref().unwrap().status();
    status[0].incidents.iter().map(|noted| noted.code).collect()
}

#[test]
fn the_user_of_a_session_without_script_is_told() {
    let (console, mut ts1) = away(asynchronous(), StorageAway::Message);
    let session = ts1.log_on(&sid());
    assert_eq!(ts1.sessions.take_told(), [(session, WITHOUT_SETTINGS.to_owned())]);
    assert!(ts1.sessions.take_logged_off().is_empty());
    ts1.set(&sid(), "Font", "large");
    console.store.back();
    ts1.pass(Duration::from_secs(61));
    assert!(ts1.sessions.take_told().is_empty());
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Font").as_deref(), Some("large"));
}

#[test]
fn nobody_is_told_where_the_plan_lets_sessions_go_on_or_the_script_was_told() {
    let (_console, mut ts1) = away(asynchronous(), StorageAway::GoOn);
    ts1.log_on(&sid());
    assert!(ts1.sessions.take_told().is_empty());
    let (_console, mut ts1) = away(plan(1), StorageAway::Message);
    let session = ts1.log_on(&sid());
    let script = ts1.ask(&sid(), session, Request::Logon);
    assert_eq!(script.try_recv().unwrap().storage_away, Some(StorageAway::Message));
    assert!(ts1.sessions.take_told().is_empty());
}

/// A session that the service is to refuse: in a plan whose logons do not wait, or after the grace.
fn refused(plan: CachedPlan) -> (Arc<FakeConsole>, Host, SessionId) {
    let (console, mut ts1) = away(plan, StorageAway::RefuseLogon);
    let session = ts1.log_on(&sid());
    ts1.pass(Duration::from_secs(31));
    assert_eq!(ts1.sessions.take_told(), [(session, REFUSED.to_owned())]);
    assert_eq!(ts1.sessions.take_logged_off(), [session]);
    assert_eq!(codes(&ts1), ["MP-AGT-073"]);
    (console, ts1, session)
}

#[test]
fn a_logon_that_the_service_refuses_is_logged_off_and_never_exported() {
    for plan in [plan(1), asynchronous()] {
        let (console, mut ts1, session) = refused(plan);
        assert_eq!(ts1.station.as_ref().unwrap().status()[0].load, Load::LeftAlone);
        ts1.set(&sid(), "Theme", "blue");
        console.store.back();
        console.store.writes();
        ts1.pass(Duration::from_secs(61));
        ts1.log_off(session);
        ts1.ports.do_chores();
        assert_eq!(console.store.writes(), 0);
        assert!(!ts1.sessions.is_loaded(&sid()), "its profile is let go");
        // The next logon is one like any other.
        ts1.log_on(&sid());
        ts1.pass(Duration::from_secs(31));
        assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("dark"));
        assert!(ts1.sessions.take_logged_off().is_empty());
    }
}

#[test]
fn a_logon_that_its_script_refuses_is_never_exported_either() {
    let (console, mut ts1) = away(plan(1), StorageAway::RefuseLogon);
    let session = ts1.log_on(&sid());
    let script = ts1.ask(&sid(), session, Request::Logon);
    let answer = script.try_recv().unwrap();
    assert_eq!((answer.answer, answer.storage_away), (Answer::NotMerged, Some(StorageAway::RefuseLogon)));
    assert!(ts1.sessions.take_logged_off().is_empty(), "the script does it");
    ts1.set(&sid(), "Theme", "blue");
    console.store.back();
    console.store.writes();
    ts1.log_off(session);
    ts1.ports.do_chores();
    assert_eq!(console.store.writes(), 0);
}

/// A key that another session made anew, and this one deleted while storage was away.
#[test]
fn a_key_made_anew_elsewhere_that_the_session_deleted_is_told() {
    let console = Arc::new(FakeConsole::default());
    let remove = |host: &Host| {
        let remove = |profile: &mut MemoryProfile| {
            let (parent, name) = APP.rsplit_once('\\').unwrap();
            let parent = profile.registry.root.ensure(&KeyPath::parse(parent));
            parent.remove_subkey(&Name::from(name));
        };
        host.loader.host.with(&sid(), remove).unwrap();
    };
    let mut ts2 = Host::new("TS2", &console, &asynchronous());
    let session = ts2.log_on(&sid());
    remove(&ts2);
    ts2.set(&sid(), "Paper", "a4");
    ts2.log_off(session);
    console.store.away();
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    ts1.log_on(&sid());
    remove(&ts1);
    // What is above it is still there.
    ts1.set_in(&sid(), LEDGER, "Year", "2026");
    console.store.back();
    ts1.pass(Duration::from_secs(61));
    let reports = SessionReport::kept(&ts1.state, &sid()).unwrap();
    let late = reports.iter().find(|report| report.event == SessionEvent::LateMerge).unwrap();
    let items = late.to_sent().items.list;
    let told = items.iter().any(|item| item.code == "MP-PRF-206" && item.place.ends_with(APP));
    assert!(told, "{items:?}");
}
