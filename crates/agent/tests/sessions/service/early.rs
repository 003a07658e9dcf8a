//! What the user changes between the load of the hive and the import.

use std::{sync::Arc, time::Duration};

use mp_profile::machine::Load;

use super::{elsewhere, host::Host, in_store};
use crate::{
    console::{FakeConsole, plan},
    station::sid,
};

/// Longer than a logon script is waited for.
const GRACE: Duration = Duration::from_secs(31);

/// A session without logon script, which has just been seen, and whose data sets hold `Theme` and `Size`.
fn just_seen(console: &Arc<FakeConsole>) -> (Host, mp_profile::SessionId) {
    elsewhere(console, "Theme", "dark");
    elsewhere(console, "Size", "10");
    let mut host = Host::new("TS1", console, &plan(1));
    let session = host.log_on(&sid());
    host.work();
    assert_eq!(host.station.as_ref().unwrap().status()[0].load, Load::Fresh);
    (host, session)
}

#[test]
fn a_change_before_the_import_stays_the_users() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.set(&sid(), "Theme", "blue");
    ts1.set(&sid(), "Window", "left");
    ts1.pass(GRACE);
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("blue"));
    assert_eq!(ts1.get(&sid(), "Size").as_deref(), Some("10"), "the rest is imported");
    ts1.log_off(session);
    for (name, text) in [("Theme", "blue"), ("Window", "left"), ("Size", "10")] {
        assert_eq!(in_store(&console, name).as_deref(), Some(text), "{name}");
    }
    assert!(console.store.quarantined().is_empty());
}

#[test]
fn a_restart_of_the_service_forgets_no_change_before_the_import() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.set(&sid(), "Theme", "blue");
    ts1.kill();
    ts1.start();
    ts1.pass(GRACE);
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("blue"));
    assert_eq!(ts1.get(&sid(), "Size").as_deref(), Some("10"));
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("blue"));
}

/// A value that is written again with what it held is no change, though its key has another time.
#[test]
fn what_is_only_written_again_is_imported_over() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.set(&sid(), "Theme", "light");
    ts1.pass(GRACE);
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("dark"));
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
}
