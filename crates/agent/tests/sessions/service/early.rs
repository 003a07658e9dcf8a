//! What the user changes between the load of the hive and the import.

use std::{sync::Arc, time::Duration};

use mp_agent::SessionReport;
use mp_dataset::ProfileKind;
use mp_profile::{NoteCode, Scope, SessionId, machine::Load};

use super::{elsewhere, host::Host, in_store};
use crate::{
    console::{FakeConsole, plan},
    station::{APP, sid, value_in},
    store::decode,
};

/// Longer than a logon script is waited for.
const GRACE: Duration = Duration::from_secs(31);

/// A session without logon script, which has just been seen, and whose data sets hold `Theme` and `Size`.
fn just_seen(console: &Arc<FakeConsole>) -> (Host, SessionId) {
    elsewhere(console, "Theme", "dark");
    elsewhere(console, "Size", "10");
    let mut host = Host::new("TS1", console, &plan(1));
    let session = host.log_on(&sid());
    host.work();
    assert_eq!(host.station.as_ref().unwrap().status()[0].load, Load::Fresh);
    (host, session)
}

/// The service is killed, the session ends, and the next service looks after what is left.
fn ends_without_the_service(host: &mut Host, session: SessionId) {
    host.kill();
    host.sessions.end(session).unwrap();
    assert!(host.sessions.is_loaded(&sid()), "nobody released the hold of the killed service");
    host.start();
    host.ports.do_chores();
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
    let reports = SessionReport::kept(&ts1.state, &sid()).unwrap();
    let notes = &reports[0].import.as_ref().unwrap().notes;
    let spared: Vec<&str> = notes.of(NoteCode::ChangedBefore).map(|note| note.place.as_str()).collect();
    assert_eq!(spared, [r"HKCU\Software\App: Theme"], "and it is said what was not");
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

#[test]
fn what_is_deleted_before_the_import_stays_deleted() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.delete(&sid(), "Theme");
    ts1.pass(GRACE);
    assert_eq!(ts1.get(&sid(), "Theme"), None);
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Theme"), None);
    assert_eq!(in_store(&console, "Size").as_deref(), Some("10"));
    assert!(console.store.quarantined().is_empty());
}

/// Nothing is known of what the user wanted to be in storage, so it is kept beside.
#[test]
fn what_is_changed_before_the_import_is_kept_when_the_session_ends_without_the_service() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.set(&sid(), "Theme", "blue");
    ends_without_the_service(&mut ts1, session);
    let beside = console.store.quarantined();
    assert_eq!(value_in(&decode(&beside[0].bytes), APP, "Theme").as_deref(), Some("blue"));
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
    assert!(!ts1.state.session(&sid()).exists());
}

/// All that the session did is a deletion, of one of the mandatory profile's own values.
#[test]
fn what_is_deleted_before_the_import_is_kept_when_the_session_ends_without_the_service() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.delete(&sid(), "Theme");
    ends_without_the_service(&mut ts1, session);
    let beside = console.store.quarantined();
    assert_eq!(decode(&beside[0].bytes).registry.counts().deleted_values, 1);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("dark"));
}

#[test]
fn nothing_is_kept_of_a_session_that_ends_before_its_import_and_changed_nothing() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ends_without_the_service(&mut ts1, session);
    assert!(console.store.quarantined().is_empty());
}

#[test]
fn a_stop_of_the_service_forgets_no_change_before_the_import() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.set(&sid(), "Theme", "blue");
    ts1.stop();
    ts1.start();
    ts1.pass(GRACE);
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("blue"));
    assert_eq!(ts1.get(&sid(), "Size").as_deref(), Some("10"));
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("blue"));
}

/// A hive that stays loaded after its last export is as good as a new one, also for the picture.
#[test]
fn a_second_look_at_a_load_that_is_over_takes_a_new_picture() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.pass(GRACE);
    ts1.kill();
    ts1.sessions.end(session).unwrap();
    ts1.start();
    assert!(ts1.sessions.is_loaded(&sid()));
    elsewhere(&console, "Size", "12");
    let session = ts1.log_on(&sid());
    ts1.set(&sid(), "Theme", "blue");
    ts1.pass(GRACE);
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("blue"));
    assert_eq!(ts1.get(&sid(), "Size").as_deref(), Some("12"));
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("blue"));
}

#[test]
fn no_picture_is_taken_of_a_temporary_profile() {
    let console = Arc::new(FakeConsole::default());
    let mut ts1 = Host::new("TS1", &console, &plan(1));
    *ts1.loader.kind.lock().unwrap() = ProfileKind::Temporary;
    ts1.log_on(&sid());
    assert!(!ts1.state.session(&sid()).exists());
    assert!(ts1.loader.host.with(&sid(), |profile| profile.marker.is_none()).unwrap());
}

/// By the newer plan's rules nobody knows what was changed, so the session goes by those of its picture.
#[test]
fn a_newer_plan_does_not_make_a_change_a_default() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.set(&sid(), "Theme", "blue");
    plan(2).save(&ts1.state).unwrap();
    ts1.pass(GRACE);
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("blue"));
    assert_eq!(SessionReport::kept(&ts1.state, &sid()).unwrap()[0].plan_revision, 1);
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Theme").as_deref(), Some("blue"));
}

#[test]
fn a_newer_plan_is_followed_at_once_where_nothing_was_changed() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    let mut newer = plan(2);
    newer.plan.subsets.retain(|subset| subset.name == "App");
    newer.save(&ts1.state).unwrap();
    ts1.pass(GRACE);
    assert_eq!(ts1.get(&sid(), "Theme").as_deref(), Some("dark"));
    assert_eq!(SessionReport::kept(&ts1.state, &sid()).unwrap()[0].plan_revision, 2);
    ts1.log_off(session);
    assert!(console.store.quarantined().is_empty());
}

/// What waits in the spool and was not taken over must not go when the session's own export takes its place.
#[test]
fn what_another_session_left_in_the_spool_is_stored_though_it_was_changed_before_the_import() {
    let console = Arc::new(FakeConsole::default());
    let (mut ts1, session) = just_seen(&console);
    ts1.pass(GRACE);
    console.store.away();
    ts1.set(&sid(), "Theme", "red");
    ts1.log_off(session);
    let session = ts1.log_on(&sid());
    ts1.set(&sid(), "Theme", "blue");
    ts1.pass(GRACE);
    ts1.log_off(session);
    console.store.back();
    ts1.ports.do_chores();
    let history = console.store.history(&Scope::Global, &sid());
    let themes: Vec<_> = history.iter().filter_map(|set| value_in(set, APP, "Theme")).collect();
    assert_eq!(themes, ["dark", "dark", "red", "blue"], "each is a version of its own");
    assert!(console.store.quarantined().is_empty());
}
