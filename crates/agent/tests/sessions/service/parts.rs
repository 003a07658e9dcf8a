//! A logon that waits for some data subsets only.

use std::{sync::Arc, time::Duration};

use mp_agent::{CachedPlan, SessionReport};
use mp_profile::{
    ImportMode, Scope, SessionId,
    machine::{Answer, Load, Request},
};
use mp_protocol::session_report::SessionEvent;

use super::host::Host;
use crate::{
    console::{FakeConsole, group, plan, subset},
    station::{APP, LEDGER, sid, stored},
    store::Faults,
};

const NOTES: &str = "Software\\Notes";

/// The logon waits for `Software\App`, and not for `Software\Notes` of the farm and `Software\Ledger` of the group.
fn in_parts() -> CachedPlan {
    let mut plan = plan(1);
    plan.plan.subsets.push(subset("Notes", NOTES, None));
    for subset in plan.plan.subsets.iter_mut().filter(|subset| subset.name != "App") {
        subset.import = ImportMode::Asynchronous;
    }
    plan
}

fn farm() -> Arc<FakeConsole> {
    let console = Arc::new(FakeConsole::default());
    let mut other = Host::new("TS2", &console, &in_parts());
    let session = other.log_on(&sid());
    other.pass(Duration::from_secs(31));
    for (key, name, text) in
        [(APP, "Theme", "dark"), (NOTES, "Page", "7"), (NOTES, "Colour", "red"), (LEDGER, "Year", "2025")]
    {
        other.set_in(&sid(), key, name, text);
    }
    other.log_off(session);
    console
}

/// A logon whose script was just answered.
fn answered(console: &Arc<FakeConsole>) -> (Host, SessionId) {
    let mut host = Host::new("TS1", console, &in_parts());
    let session = host.log_on(&sid());
    let script = host.begin_to_ask(&sid(), session, Request::Logon);
    let answer = loop {
        match script.try_recv() {
            Ok(answer) => break answer,
            Err(_) => host.work_once(),
        }
    };
    assert_eq!(answer.answer, Answer::Merged);
    assert_eq!(host.station.as_ref().unwrap().status()[0].load, Load::Begun);
    (host, session)
}

fn value(host: &Host, key: &str, name: &str) -> Option<String> {
    host.get_in(&sid(), key, name)
}

fn in_store(console: &FakeConsole, key: &str, name: &str) -> Option<String> {
    let scope = if key == LEDGER { group() } else { Scope::Global };
    stored(&console.store, &scope, &sid(), key, name)
}

#[test]
fn the_script_is_answered_when_what_it_waits_for_is_there_and_the_rest_follows_at_once() {
    let console = farm();
    let (mut ts1, session) = answered(&console);
    assert_eq!(value(&ts1, APP, "Theme").as_deref(), Some("dark"));
    assert_eq!((value(&ts1, NOTES, "Page"), value(&ts1, LEDGER, "Year")), (None, None));
    ts1.work();
    assert_eq!(value(&ts1, NOTES, "Page").as_deref(), Some("7"));
    assert_eq!(value(&ts1, LEDGER, "Year").as_deref(), Some("2025"));
    assert_eq!(ts1.station.as_ref().unwrap().status()[0].load, Load::Merged);
    assert!(ts1.sessions.take_refreshed().contains(&session));
    let reports = SessionReport::kept(&ts1.state, &sid()).unwrap();
    let events: Vec<SessionEvent> = reports.iter().map(|report| report.event).collect();
    assert_eq!(events, [SessionEvent::Logon, SessionEvent::LateMerge]);
    console.store.writes();
    ts1.log_off(session);
    assert_eq!(console.store.writes(), 0, "what nobody changed is not stored again");
}

/// What was fetched for the logon is not fetched again: storage may be away by then.
#[test]
fn a_slow_storage_holds_up_no_logon_for_what_it_does_not_wait_for() {
    let console = farm();
    console.store.fail(Faults { refused: Some(group()), ..Faults::default() });
    let (mut ts1, session) = answered(&console);
    console.store.away();
    ts1.work();
    assert_eq!(value(&ts1, NOTES, "Page").as_deref(), Some("7"));
    assert_eq!(ts1.station.as_ref().unwrap().status()[0].load, Load::NotMerged);
    console.store.back();
    ts1.pass(Duration::from_secs(61));
    assert_eq!(value(&ts1, LEDGER, "Year").as_deref(), Some("2025"));
    ts1.set_in(&sid(), LEDGER, "Year", "2026");
    ts1.log_off(session);
    assert_eq!(in_store(&console, LEDGER, "Year").as_deref(), Some("2026"));
    assert!(console.store.quarantined().is_empty());
}

#[test]
fn what_the_user_changed_before_the_rest_arrived_stays_the_users() {
    let console = farm();
    let (mut ts1, session) = answered(&console);
    ts1.set_in(&sid(), NOTES, "Page", "8");
    ts1.set_in(&sid(), APP, "Theme", "light");
    ts1.work();
    assert_eq!(value(&ts1, NOTES, "Page").as_deref(), Some("8"));
    assert_eq!(value(&ts1, NOTES, "Colour").as_deref(), Some("red"));
    assert_eq!(
        value(&ts1, APP, "Theme").as_deref(),
        Some("light"),
        "the default again, by the user's choice"
    );
    ts1.log_off(session);
    assert_eq!(in_store(&console, NOTES, "Page").as_deref(), Some("8"));
    assert_eq!(in_store(&console, APP, "Theme").as_deref(), Some("light"));
}

#[test]
fn a_kill_between_the_parts_loses_nothing() {
    let console = farm();
    let (mut ts1, session) = answered(&console);
    ts1.set_in(&sid(), NOTES, "Page", "8");
    ts1.kill();
    ts1.start();
    assert_eq!(value(&ts1, NOTES, "Colour").as_deref(), Some("red"));
    assert_eq!(value(&ts1, LEDGER, "Year").as_deref(), Some("2025"));
    ts1.log_off(session);
    for (key, name, text) in
        [(APP, "Theme", "dark"), (NOTES, "Page", "8"), (NOTES, "Colour", "red"), (LEDGER, "Year", "2025")]
    {
        assert_eq!(in_store(&console, key, name).as_deref(), Some(text), "{key}: {name}");
    }
    assert!(console.store.quarantined().is_empty());
}

#[test]
fn a_logoff_between_the_parts_stores_all_of_it() {
    for scripted in [true, false] {
        let console = farm();
        let (mut ts1, session) = answered(&console);
        ts1.set_in(&sid(), NOTES, "Page", "8");
        if scripted {
            let script = ts1.ask(&sid(), session, Request::Logoff);
            assert_eq!(script.try_recv().unwrap().answer, Answer::Stored);
        }
        ts1.log_off(session);
        assert_eq!(in_store(&console, NOTES, "Page").as_deref(), Some("8"));
        assert_eq!(in_store(&console, NOTES, "Colour").as_deref(), Some("red"));
        assert_eq!(in_store(&console, LEDGER, "Year").as_deref(), Some("2025"));
        assert!(console.store.quarantined().is_empty());
    }
}

/// Keys that a data subset deletes because it does not know them must not be the session's own.
#[test]
fn a_data_subset_that_deletes_what_it_does_not_know_is_waited_for() {
    let console = farm();
    let mut mirrored = in_parts();
    for subset in mirrored.plan.subsets.iter_mut().filter(|subset| subset.name == "Notes") {
        subset.registry[0].delete_if_missing = true;
    }
    let mut ts1 = Host::new("TS1", &console, &mirrored);
    let session = ts1.log_on(&sid());
    let script = ts1.begin_to_ask(&sid(), session, Request::Logon);
    while script.try_recv().is_err() {
        ts1.work_once();
    }
    assert_eq!(value(&ts1, NOTES, "Page").as_deref(), Some("7"));
    ts1.set_in(&sid(), NOTES, "New", "1");
    ts1.work();
    assert_eq!(value(&ts1, NOTES, "New").as_deref(), Some("1"));
}
