//! What waited and is sent later belongs to the session that exported it.

use std::sync::Arc;

use mp_agent::{Outcome, Sent, SessionReport, SessionTimeline};
use mp_profile::Scope;
use mp_protocol::session_report::SessionEvent;

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid, stored},
    store::Faults,
};

#[test]
fn a_later_upload_puts_the_session_right() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    console.store.fail(Faults { read_only: true, ..Faults::default() });
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Spooled);
    let timeline = || SessionTimeline::of(SessionReport::kept(&ts1.state, &sid).unwrap());
    // It is tried every minute: only what changes something is reported.
    for _ in 0..3 {
        assert!(!ts1.agent(|agent| agent.upload(&sid)).unwrap());
    }
    assert_eq!((timeline()[0].reports.len(), timeline()[0].outcome), (2, Outcome::Spooled));

    console.store.fail(Faults::default());
    assert!(ts1.agent(|agent| agent.upload(&sid)).unwrap());
    assert!(ts1.agent(|agent| agent.upload(&sid)).unwrap());
    let sessions = timeline();
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!(sessions[0].outcome, Outcome::Stored);
    let upload = &sessions[0].reports[2];
    assert_eq!((upload.event, upload.data_sets[0].result.as_str()), (SessionEvent::Upload, "stored"));
}

/// The second export goes with the file that the first one became, so that only what changed needs to be sent.
#[test]
fn a_session_sends_its_base_along() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    for (theme, with_base) in [("dark", 0), ("light", 1), ("none", 2)] {
        ts1.logon(&sid);
        ts1.set(&sid, APP, "Theme", theme);
        assert_eq!(ts1.logoff(&sid).outcome, Outcome::Stored);
        assert_eq!(console.store.with_base_file(), with_base, "{theme}");
    }
}

/// What was kept beside is nothing that a later export may continue, whoever sent it.
#[test]
fn a_spool_that_is_sent_by_hand_belongs_to_its_session_as_well() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    let (_, before) = console.store.current(&Scope::Global, &sid).unwrap();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "blue");
    console.store.fail(Faults { read_only: true, ..Faults::default() });
    assert_eq!(ts1.try_logoff(&sid).unwrap().outcome, Outcome::Spooled);
    // Storage has lost the data set, and gets it back from its own backup.
    console.store.forget(&Scope::Global, &sid);
    console.store.fail(Faults::default());
    let sent = ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert!(matches!(sent.tried[0].result, Ok(Sent::Quarantined(_))), "{sent:?}");
    console.store.put(&Scope::Global, &sid, &before);
    ts1.set(&sid, APP, "Font", "large");
    assert_eq!(ts1.try_logoff(&sid).unwrap().outcome, Outcome::Quarantined);
    assert_eq!(
        stored(&console.store, &Scope::Global, &sid, APP, "Font"),
        None,
        "without the change before it"
    );
}
