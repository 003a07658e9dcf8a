//! Lost acknowledgements, and what was stored under another version.

use std::sync::Arc;

use mp_agent::Outcome;
use mp_profile::Scope;

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid, stored},
    store::Faults,
};

fn lost() -> Faults {
    Faults { lost_acknowledgements: true, ..Faults::default() }
}

#[test]
fn a_lost_acknowledgement_stores_once_and_quarantines_nothing() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    console.store.fail(lost());
    let (_, logoff) = ts1.session(&sid, APP, "Theme", "dark");
    assert_eq!((logoff, ts1.waiting(&sid)), (Outcome::Spooled, 1));
    console.store.back();
    let sent = ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert!(sent.tried.iter().all(|delivery| delivery.result.is_ok()), "{sent:?}");
    assert_eq!((ts1.waiting(&sid), console.store.versions(&Scope::Global, &sid)), (0, 1));
    assert!(console.store.quarantined().is_empty());
}

/// The acknowledgement is lost, then storage is away for sessions: what may be stored already stays and is sent first, and
/// only what was never sent is superseded.
#[test]
fn an_export_before_others_may_have_been_stored() {
    let console = Arc::new(FakeConsole::default());
    let (ts1, ts2) = (Station::new("TS1", &console), Station::new("TS2", &console));
    let sid = sid();
    ts1.session(&sid, APP, "Base", "0");
    console.store.fail(lost());
    ts1.session(&sid, APP, "First", "1");
    console.store.away();
    ts1.session(&sid, APP, "Second", "2");
    ts1.session(&sid, APP, "Third", "3");
    assert_eq!(ts1.waiting(&sid), 2);
    console.store.back();
    ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert!(console.store.quarantined().is_empty());
    ts2.logon(&sid);
    for (name, text) in [("Base", "0"), ("First", "1"), ("Second", "2"), ("Third", "3")] {
        assert_eq!(ts2.get(&sid, APP, name).as_deref(), Some(text), "{name}");
    }
}

/// The session starts from a stored data set whose acknowledgement was lost and is lost again.
#[test]
fn what_is_stored_may_be_what_waits() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    console.store.fail(lost());
    ts1.session(&sid, APP, "First", "1");
    console.store.fail(Faults { read_only: true, ..Faults::default() });
    assert_eq!(ts1.session(&sid, APP, "Second", "2"), (Outcome::Merged, Outcome::Spooled));
    console.store.back();
    assert_eq!(ts1.session(&sid, APP, "Third", "3"), (Outcome::Merged, Outcome::Stored));
    for (name, text) in [("First", "1"), ("Second", "2"), ("Third", "3")] {
        assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, name).as_deref(), Some(text));
    }
    assert!(console.store.quarantined().is_empty());
}

#[test]
fn a_lost_acknowledgement_of_quarantine_keeps_it_once() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    console.store.away();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    console.store.fail(lost());
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Spooled);
    console.store.back();
    ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert_eq!((console.store.quarantined().len(), ts1.waiting(&sid)), (1, 0));
}

/// An administrator restores the very data set that the session started from: the same content as another version.
#[test]
fn the_base_under_a_new_version_is_still_the_base() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Base", "0");
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    let (_, bytes) = console.store.current(&Scope::Global, &sid).unwrap();
    console.store.put(&Scope::Global, &sid, b"something else meanwhile");
    console.store.put(&Scope::Global, &sid, &bytes);
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Stored);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("dark"));
    assert!(console.store.quarantined().is_empty());
}
