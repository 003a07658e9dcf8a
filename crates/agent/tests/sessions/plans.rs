//! The plan: cached, absent, changed while a session lasts, slow to come.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use mp_agent::{AgentError, CachedPlan, Outcome};
use mp_profile::Scope;

use crate::{
    console::{FakeConsole, plan, subset},
    station::{APP, LEDGER, Station, sid, stored},
};

#[test]
fn the_first_plan_is_waited_for_and_then_works_without_the_console() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::without_plan("TS1", &console);
    *console.answer.lock().unwrap() = Some(plan(1));
    assert_eq!(ts1.session(&sid(), APP, "Theme", "dark"), (Outcome::Merged, Outcome::Stored));
    assert_eq!(CachedPlan::load(&ts1.state).unwrap(), Some(plan(1)));
    *console.answer.lock().unwrap() = None;
    assert_eq!(ts1.session(&sid(), APP, "Theme", "blue"), (Outcome::Merged, Outcome::Stored));
    fs::write(ts1.state.plan(), "{ damaged").unwrap();
    *console.answer.lock().unwrap() = Some(plan(2));
    assert_eq!(ts1.logon(&sid()).plan_revision, 2, "a damaged cache is fetched anew");
}

#[test]
fn no_plan_at_all_is_said_precisely() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::without_plan("TS1", &console);
    ts1.load(&sid());
    let failed = ts1.try_logon(&sid()).unwrap_err();
    assert!(matches!(&failed, AgentError::NoPlan(why) if why.contains("console:8443")), "{failed}");
    let failed = ts1.try_logoff(&sid()).unwrap_err();
    assert!(matches!(&failed, AgentError::NoPlan(_)), "{failed}");
}

#[test]
fn a_slow_console_does_not_hold_up_a_logon() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    *console.slow.lock().unwrap() = Duration::from_secs(3);
    let started = Instant::now();
    assert_eq!(ts1.logon(&sid()).outcome, Outcome::Merged);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

/// Of a data subset that came after the logon nothing was merged, so nothing of it may be exported; one that is gone was
/// merged, and its data are.
#[test]
fn the_export_follows_the_plan_of_the_logon() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    let mut wide = plan(1);
    wide.plan.subsets.push(subset("Later", "Software\\Later", None));
    ts1.follow(&wide);
    ts1.session(&sid, "Software\\Later", "Kept", "1");

    ts1.follow(&plan(2));
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    ts1.set(&sid, LEDGER, "Year", "2026");
    ts1.set(&sid, "Software\\Later", "New", "1");
    let mut other = plan(3);
    other.plan.subsets = vec![subset("Later", "Software\\Later", None)];
    other.plan.group = Some("Other".parse().unwrap());
    ts1.follow(&other);
    let report = ts1.logoff(&sid);
    assert_eq!((report.outcome, report.plan_revision), (Outcome::Stored, 2), "{report}");
    let global = |key, name| stored(&console.store, &Scope::Global, &sid, key, name);
    assert_eq!(global(APP, "Theme").as_deref(), Some("dark"));
    assert_eq!(global("Software\\Later", "New"), None);
    assert_eq!(
        global("Software\\Later", "Kept").as_deref(),
        Some("1"),
        "what no rule is about is carried on"
    );
    assert_eq!(
        stored(&console.store, &crate::console::group(), &sid, LEDGER, "Year").as_deref(),
        Some("2026")
    );
}

/// Without a plan that names a store the export still is safe.
#[test]
fn the_export_is_spooled_when_the_plan_is_lost_or_names_no_storage() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    let mut homeless = plan(2);
    homeless.plan.storage = None;
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    ts1.follow(&homeless);
    assert_eq!(ts1.try_logoff(&sid).unwrap().outcome, Outcome::Spooled);
    fs::remove_file(ts1.state.plan()).unwrap();
    ts1.set(&sid, APP, "Theme", "blue");
    assert_eq!(ts1.try_logoff(&sid).unwrap().outcome, Outcome::Spooled);
    fs::create_dir(ts1.state.plan()).unwrap();
    ts1.set(&sid, APP, "Theme", "green");
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Spooled);
    fs::remove_dir(ts1.state.plan()).unwrap();
    ts1.follow(&plan(3));
    ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("green"));

    ts1.follow(&homeless);
    let report = ts1.logon(&sid);
    assert_eq!(report.outcome, Outcome::NotMerged);
    let sent = ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert!(sent.tried.is_empty(), "nobody has anything to send, so no plan is needed");
}

#[test]
fn rules_that_cannot_be_used_are_named() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let mut wrong = plan(4);
    wrong.plan.subsets.push(subset("Bad", "HKCU\\Software", None));
    ts1.follow(&wrong);
    ts1.load(&sid());
    let failed = ts1.try_logon(&sid()).unwrap_err();
    assert!(matches!(&failed, AgentError::Rules { revision: 4, .. }), "{failed}");
}
