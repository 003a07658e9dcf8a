//! The service, stepped by hand: events in, work done, what is stored.

mod early;
mod hanging;
mod host;
mod missing;
mod newer;
mod parts;
mod threads;

use std::{sync::Arc, time::Duration};

use mp_agent::{CachedPlan, SessionEvent, SessionReport};
use mp_dataset::ProfileKind;
use mp_profile::{
    Applies, ImportMode, Scope,
    machine::{Answer, Load, Request, SessionChange, State},
};
use mp_protocol::StorageAway;

use crate::{
    console::{FakeConsole, plan},
    station::{APP, sid, stored},
};
use host::Host;

fn asynchronous() -> CachedPlan {
    let mut plan = plan(1);
    plan.plan.settings.mode = ImportMode::Asynchronous;
    plan
}

fn in_store(console: &FakeConsole, name: &str) -> Option<String> {
    stored(&console.store, &Scope::Global, &sid(), APP, name)
}

/// A session on another host, in which the user sets a value.
fn elsewhere(console: &Arc<FakeConsole>, name: &str, text: &str) {
    let mut other = Host::new("TS2", console, &asynchronous());
    let session = other.log_on(&sid());
    other.set(&sid(), name, text);
    other.log_off(session);
}

#[test]
fn events_alone_carry_settings_from_one_host_to_the_next() {
    let console = Arc::new(FakeConsole::default());
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    let session = ts1.log_on(&sid());
    ts1.set(&sid(), "Theme", "dark");
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
    assert!(!ts1.sessions.is_loaded(&sid()), "the hold is released");
    assert!(!ts1.state.session(&sid()).exists(), "the record is gone with the session");
    assert!(ts1.station.as_ref().unwrap().status().is_empty());
    let mut ts2 = Host::new("TS2", &console, &asynchronous());
    ts2.log_on(&sid());
    assert_eq!(ts2.get(&sid(), "Theme").as_deref(), Some("dark"));
}

#[test]
fn scripts_are_answered_when_their_work_is_done() {
    let console = Arc::new(FakeConsole::default());
    let mut ts1 = Host::new("TS1", &console, &plan(1));
    let session = ts1.log_on(&sid());
    assert_eq!(ts1.station.as_ref().unwrap().status()[0].state, State::Detected);
    let logon = ts1.ask(&sid(), session, Request::Logon);
    assert_eq!(logon.try_recv().unwrap().answer, Answer::Merged);
    ts1.set(&sid(), "Theme", "dark");
    let logoff = ts1.ask(&sid(), session, Request::Logoff);
    assert_eq!(logoff.try_recv().unwrap().answer, Answer::Stored);
    ts1.set(&sid(), "Font", "large");
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Font").as_deref(), Some("large"), "the last pass sees what came after");
    assert!(!ts1.sessions.is_loaded(&sid()));
}

#[test]
fn a_logon_without_its_script_is_imported_after_the_grace() {
    let console = Arc::new(FakeConsole::default());
    elsewhere(&console, "Theme", "dark");
    let mut ts1 = Host::new("TS1", &console, &plan(1));
    ts1.log_on(&sid());
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("light"));
    ts1.pass(Duration::from_secs(31));
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("dark"));
}

/// A plan may name data subsets of other groups; nobody here waits for them.
#[test]
fn a_logon_does_not_wait_for_the_data_subsets_of_other_groups() {
    let console = Arc::new(FakeConsole::default());
    elsewhere(&console, "Theme", "dark");
    let mut mixed = plan(1);
    mixed.plan.subsets.iter_mut().for_each(|subset| subset.import = ImportMode::Asynchronous);
    let mut others = mixed.plan.subsets[1].clone();
    others.name = "Others".to_owned();
    others.applies = Applies::Groups(vec!["OTHERS".parse().unwrap()]);
    others.import = ImportMode::Synchronous;
    mixed.plan.subsets.push(others);
    let mut ts1 = Host::new("TS1", &console, &mixed);
    ts1.log_on(&sid());
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("dark"), "it is imported at once");
}

#[test]
fn what_storage_could_not_give_is_merged_late_around_what_the_session_changed() {
    let console = Arc::new(FakeConsole::default());
    elsewhere(&console, "Theme", "dark");
    elsewhere(&console, "Font", "large");
    console.store.away();
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    let session = ts1.log_on(&sid());
    let status = ts1.station.as_ref().unwrap().status();
    assert_eq!((status[0].state, status[0].load), (State::Live, Load::NotMerged));
    ts1.set(&sid(), "Theme", "blue");
    console.store.back();
    ts1.pass(Duration::from_secs(61));
    assert_eq!(ts1.station.as_ref().unwrap().status()[0].load, Load::Merged);
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("blue"));
    assert_eq!(ts1.get(&sid(), "Font").as_deref(), Some("large"));
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("blue"));
    assert_eq!(in_store(&console, "Font").as_deref(), Some("large"));
    assert!(console.store.quarantined().is_empty());
}

/// While storage is away the late merge is tried every minute.
#[test]
fn tries_that_found_storage_away_push_no_report_out() {
    let console = Arc::new(FakeConsole::default());
    console.store.away();
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    ts1.log_on(&sid());
    ts1.pass(Duration::from_secs(10 * 60));
    let events = |host: &Host| {
        let reports = SessionReport::kept(&host.state, &sid()).unwrap();
        reports.iter().map(|report| report.event).collect::<Vec<_>>()
    };
    assert_eq!(events(&ts1), [SessionEvent::Logon]);
    console.store.back();
    ts1.pass(Duration::from_secs(61));
    assert_eq!(events(&ts1), [SessionEvent::Logon, SessionEvent::LateMerge]);
}

#[test]
fn a_cached_copy_stands_in_for_storage_and_replaces_only_what_it_is() {
    let console = Arc::new(FakeConsole::default());
    let mut with_copy = asynchronous();
    with_copy.plan.settings.storage_away = StorageAway::CachedCopy;
    elsewhere(&console, "Theme", "dark");
    let mut ts1 = Host::new("TS1", &console, &with_copy);
    let session = ts1.log_on(&sid());
    ts1.log_off(session);
    console.store.away();
    let session = ts1.log_on(&sid());
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("dark"));
    assert_eq!(ts1.station.as_ref().unwrap().status()[0].load, Load::Merged);
    ts1.set(&sid(), "Font", "large");
    console.store.back();
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Font").as_deref(), Some("large"));
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
}

#[test]
fn a_checkpoint_survives_the_power_cut_that_follows() {
    let console = Arc::new(FakeConsole::default());
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    let session = ts1.log_on(&sid());
    ts1.set(&sid(), "Theme", "dark");
    ts1.tell(session, SessionChange::Disconnect);
    ts1.pass(Duration::from_secs(1));
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
    ts1.set(&sid(), "Font", "large");
    ts1.pass(Duration::from_secs(16 * 60));
    assert_eq!(in_store(&console, "Font").as_deref(), Some("large"), "the timer's checkpoint");
    console.store.writes();
    ts1.pass(Duration::from_secs(40 * 60));
    assert_eq!(console.store.writes(), 0, "nothing changed, nothing is sent");
}

#[test]
fn a_killed_service_finds_its_session_again() {
    let console = Arc::new(FakeConsole::default());
    elsewhere(&console, "Theme", "dark");
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    let session = ts1.log_on(&sid());
    ts1.kill();
    ts1.set(&sid(), "Theme", "blue");
    ts1.start();
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("blue"), "it is not imported again");
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("blue"));
    assert!(console.store.quarantined().is_empty());
}

#[test]
fn a_stop_leaves_a_checkpoint_and_no_hold() {
    let console = Arc::new(FakeConsole::default());
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    let session = ts1.log_on(&sid());
    ts1.set(&sid(), "Theme", "dark");
    ts1.stop();
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
    ts1.sessions.end(session).unwrap();
    assert!(!ts1.sessions.is_loaded(&sid()));
}

#[test]
fn sessions_that_share_a_hive_are_one_to_storage() {
    let console = Arc::new(FakeConsole::default());
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    let first = ts1.log_on(&sid());
    let second = ts1.log_on(&sid());
    ts1.set(&sid(), "Theme", "dark");
    ts1.log_off(first);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
    ts1.set(&sid(), "Theme", "blue");
    ts1.log_off(second);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("blue"));
    assert!(console.store.quarantined().is_empty());
}

#[test]
fn a_temporary_profile_is_never_touched() {
    let console = Arc::new(FakeConsole::default());
    elsewhere(&console, "Theme", "dark");
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    *ts1.loader.kind.lock().unwrap() = ProfileKind::Temporary;
    console.store.writes();
    let session = ts1.log_on(&sid());
    ts1.set(&sid(), "Theme", "blue");
    let script = ts1.ask(&sid(), session, Request::Logoff);
    assert_eq!(script.try_recv().unwrap().answer, Answer::LeftAlone);
    ts1.log_off(session);
    assert_eq!(console.store.writes(), 0);
}

#[test]
fn a_session_that_ended_without_the_service_is_exported_at_its_next_start() {
    let console = Arc::new(FakeConsole::default());
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    let session = ts1.log_on(&sid());
    ts1.set(&sid(), "Theme", "dark");
    ts1.kill();
    ts1.sessions.end(session).unwrap();
    assert!(ts1.sessions.is_loaded(&sid()), "nobody released the hold of the killed service");
    ts1.start();
    ts1.ports.do_chores();
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
    assert!(!ts1.state.session(&sid()).exists());
}

/// What fits nowhere stays in the hive, and is not forgotten with it.
#[test]
fn what_a_former_session_could_put_nowhere_is_tried_again() {
    let console = Arc::new(FakeConsole::default());
    let mut ts1 = Host::new("TS1", &console, &asynchronous());
    let session = ts1.log_on(&sid());
    ts1.set(&sid(), "Theme", "dark");
    ts1.kill();
    ts1.sessions.end(session).unwrap();
    console.store.away();
    ts1.ports.settings.spool_limit = Some(10);
    ts1.start();
    let reports = SessionReport::kept(&ts1.state, &sid()).unwrap();
    let codes = reports.last().unwrap().problems.iter().map(|problem| problem.code.as_str());
    assert!(codes.into_iter().any(|code| code == "MP-AGT-044"));
    assert!(ts1.state.session(&sid()).exists());
    ts1.kill();
    console.store.back();
    ts1.start();
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
    assert!(!ts1.state.session(&sid()).exists());
}
