//! A session that is connected again gets what others have stored meanwhile.

use std::sync::Arc;

use mp_agent::{CachedPlan, SessionReport};
use mp_profile::{SessionId, machine::SessionChange};
use mp_protocol::session_report::SessionEvent;
use mp_registry::FileTime;

use super::{asynchronous, elsewhere, host::Host, in_store};
use crate::{console::FakeConsole, station::sid};

fn merging() -> CachedPlan {
    let mut plan = asynchronous();
    plan.plan.settings.merge_newer_on_connect = true;
    plan
}

/// A session that was given `Theme`, `Font` and `Size`, and changed `Size`; meanwhile another host stored all three anew.
fn overtaken(plan: &CachedPlan) -> (Arc<FakeConsole>, Host, SessionId) {
    let console = Arc::new(FakeConsole::default());
    for (name, text) in [("Theme", "dark"), ("Font", "small"), ("Size", "10")] {
        elsewhere(&console, name, text);
    }
    let mut ts1 = Host::new("TS1", &console, plan);
    let session = ts1.log_on(&sid());
    assert_eq!(ts1.sessions.take_refreshed(), [session]);
    ts1.set(&sid(), "Size", "12");
    for (name, text) in [("Font", "large"), ("Size", "14")] {
        elsewhere(&console, name, text);
    }
    (console, ts1, session)
}

#[test]
fn another_hosts_newer_setting_comes_in_but_not_over_a_changed_one() {
    let (console, mut ts1, session) = overtaken(&merging());
    ts1.tell(session, SessionChange::Connect);
    assert_eq!(ts1.get(&sid(), "Font").as_deref(), Some("large"));
    assert_eq!(ts1.get(&sid(), "Size").as_deref(), Some("12"));
    assert_eq!(ts1.sessions.take_refreshed(), [session]);
    let reports = SessionReport::kept(&ts1.state, &sid()).unwrap();
    let report = reports.last().unwrap();
    assert_eq!(report.event, SessionEvent::Connect, "{report}");
    assert_eq!(report.import.as_ref().unwrap().values_written, 1, "{report}");

    ts1.tell(session, SessionChange::Unlock);
    assert_eq!(SessionReport::kept(&ts1.state, &sid()).unwrap().len(), reports.len(), "nothing is newer");
    ts1.set(&sid(), "Theme", "blue");
    ts1.log_off(session);
    for (name, text) in [("Theme", "blue"), ("Font", "large"), ("Size", "12")] {
        assert_eq!(in_store(&console, name).as_deref(), Some(text), "{name}");
    }
    let reports = SessionReport::kept(&ts1.state, &sid()).unwrap();
    let merged_again = reports.iter().flat_map(|report| &report.problems);
    assert_eq!(merged_again.count(), 0, "the export continues the newer version");
    assert!(console.store.quarantined().is_empty());
}

#[test]
fn a_setting_put_back_after_the_merge_is_the_users_change() {
    let (console, mut ts1, session) = overtaken(&merging());
    ts1.tell(session, SessionChange::Unlock);
    ts1.set(&sid(), "Font", "small");
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Font").as_deref(), Some("small"));
}

#[test]
fn without_the_plans_word_nothing_comes_in() {
    let (_console, mut ts1, session) = overtaken(&asynchronous());
    ts1.tell(session, SessionChange::Connect);
    assert_eq!(ts1.get(&sid(), "Font").as_deref(), Some("small"));
    assert!(ts1.sessions.take_refreshed().is_empty());
}

#[test]
fn storage_away_leaves_the_session_as_it_is() {
    let (console, mut ts1, session) = overtaken(&merging());
    console.store.away();
    ts1.tell(session, SessionChange::Connect);
    assert_eq!(ts1.get(&sid(), "Font").as_deref(), Some("small"));
    let reports = SessionReport::kept(&ts1.state, &sid()).unwrap();
    assert_eq!(reports.last().unwrap().problems[0].code, "MP-AGT-072");
    console.store.back();
    ts1.log_off(session);
    assert_eq!(in_store(&console, "Font").as_deref(), Some("large"));
    assert_eq!(in_store(&console, "Size").as_deref(), Some("12"));
}

#[test]
fn a_session_that_began_without_the_service_is_reported() {
    let console = Arc::new(FakeConsole::default());
    let mut ts1 = Host::new("TS1", &console, &merging());
    ts1.kill();
    ts1.sessions.log_on(&sid(), FileTime(0x01DC_0000_0000_0000)).unwrap();
    ts1.start();
    let reports = SessionReport::kept(&ts1.state, &sid()).unwrap();
    assert_eq!((reports[0].event, reports[0].problems[0].code.as_str()), (SessionEvent::Adopt, "MP-AGT-061"));
}
