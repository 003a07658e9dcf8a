//! Jobs that do not end in time.

use std::{sync::Arc, time::Duration};

use mp_profile::machine::{Answer, Job, JobEnd, Load, Request, State};

use super::{elsewhere, host::Host, in_store};
use crate::{
    console::{FakeConsole, plan},
    station::{APP, sid, value_in},
    store::decode,
};

/// Longer than any job may take by the plan.
const TOO_LONG: Duration = Duration::from_secs(600);

#[test]
fn a_hanging_import_holds_up_neither_its_session_nor_the_next_one_and_writes_nothing_when_it_wakes() {
    let console = Arc::new(FakeConsole::default());
    elsewhere(&console, "Theme", "dark");
    let mut ts1 = Host::new("TS1", &console, &plan(1));
    let session = ts1.log_on(&sid());
    let script = ts1.begin_to_ask(&sid(), session, Request::Logon);
    let hangs = ts1.orders().remove(0);
    assert_eq!(hangs.work, Job::Import);
    ts1.pass(TOO_LONG);
    assert_eq!(script.try_recv().unwrap().answer, Answer::Continue);
    let status = ts1.station.as_ref().unwrap().status().remove(0);
    assert_eq!((status.state, status.load, status.job), (State::Live, Load::Unmerged, None));
    let codes: Vec<&str> = status.incidents.iter().map(|noted| noted.code).collect();
    assert_eq!(codes, ["MP-AGT-075", "MP-AGT-062"]);
    ts1.set(&sid(), "Font", "large");
    ts1.log_off(session);
    let beside = console.store.quarantined();
    assert_eq!(value_in(&decode(&beside[0].bytes), APP, "Font").as_deref(), Some("large"));

    let session = ts1.log_on(&sid());
    ts1.set(&sid(), "Size", "12");
    assert_eq!(ts1.wake(&hangs), JobEnd::Failed);
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("light"), "this load is not its own");
    ts1.pass(Duration::from_secs(31));
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("dark"));
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Size").as_deref(), Some("12"));
    assert!(ts1.station.as_ref().unwrap().status().is_empty(), "nothing hangs any more");
}
