//! How much the spool holds, and what becomes of what does not fit.

use std::{error::Error, io::ErrorKind, sync::Arc};

use mp_agent::{Agent, Intent, NewEntry, Outcome, PolicySettings, SessionReport, Spool};
use mp_profile::{OnConflict, Scope, Sid};

use crate::{
    console::{FakeConsole, plan},
    station::{APP, Station, quick_folder, sid, stored, user, value_in},
    store::decode,
};

#[test]
fn a_full_spool_takes_nothing_more_and_drops_nothing() {
    let folder = quick_folder();
    let spool = Spool::new(folder.path().to_path_buf()).with_limit(3_800);
    let (sid, scope) = (sid(), Scope::Global);
    let put = |user: &Sid, bytes: &[u8], instead: &[_]| {
        spool.put(&NewEntry::new(user, &scope, Intent::First, bytes), instead)
    };
    let first = put(&sid, &[1; 1_500], &[]).unwrap();
    assert!(!spool.room().unwrap().is_short());
    put(&user(7), &[2; 1_500], &[]).unwrap();
    let room = spool.room().unwrap();
    assert!(room.is_short() && room.used > 3_000, "{room:?}");

    let error = put(&sid, &[3; 1_500], &[]).unwrap_err();
    assert_eq!(error.source.kind(), ErrorKind::StorageFull);
    assert!(error.source().unwrap().to_string().contains("of 3800 bytes"), "{error:?}");
    assert_eq!((spool.of(&sid).unwrap().entries.len(), spool.of(&user(7)).unwrap().entries.len()), (1, 1));

    // What takes the place of another one needs only the difference.
    let second = put(&sid, &[3; 1_500], &[first]).unwrap();
    assert_eq!(spool.of(&sid).unwrap().entries, std::slice::from_ref(&second));
    assert_eq!(spool.read(&second).unwrap(), [3; 1_500]);
}

/// A logoff with a spool that has room for so many bytes.
fn logoff(station: &Station, sid: &Sid, limit: u64) -> SessionReport {
    let agent = |agent: &Agent<'_>| agent.logoff(sid);
    let settings = PolicySettings { spool_limit: Some(limit), ..PolicySettings::default() };
    let report = station.agent_with(|made| made.with_settings(settings), agent).unwrap();
    station.host.unload(sid).unwrap();
    report
}

fn codes(report: &SessionReport) -> Vec<&str> {
    report.problems.iter().map(|problem| problem.code.as_str()).collect()
}

#[test]
fn what_does_not_fit_is_sent_at_once_or_loudly_nowhere() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    let report = logoff(&ts1, &sid, 10);
    assert_eq!((report.outcome, codes(&report)), (Outcome::Stored, vec!["MP-AGT-043"]), "{report}");
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("dark"));

    // It is merged as well when another session was faster.
    let ts2 = Station::new("TS2", &console);
    ts1.logon(&sid);
    ts2.session(&sid, APP, "Two", "2");
    ts1.set(&sid, APP, "One", "1");
    assert_eq!(logoff(&ts1, &sid, 10).outcome, Outcome::Stored);
    for (name, text) in [("One", "1"), ("Two", "2")] {
        assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, name).as_deref(), Some(text));
    }

    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "blue");
    console.store.away();
    let report = logoff(&ts1, &sid, 10);
    assert_eq!(report.outcome, Outcome::Failed);
    assert!(codes(&report).contains(&"MP-AGT-043") && codes(&report).contains(&"MP-AGT-044"), "{report}");
}

/// The session's former export waits in the spool and is sent first, merged with another session's. The one that the spool has
/// no room for goes on from it: a user's own earlier setting never counts as somebody else's.
#[test]
fn what_does_not_fit_goes_on_from_what_waits() {
    let console = Arc::new(FakeConsole::default());
    let mut plan = plan(2);
    plan.plan.subsets[0].on_conflict = OnConflict::KeepTheirs;
    let (ts1, ts2) = (Station::new("TS1", &console), Station::new("TS2", &console));
    ts1.follow(&plan);
    let sid = sid();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    console.store.away();
    ts1.try_logoff(&sid).unwrap();
    assert_eq!(ts1.waiting(&sid), 1);
    console.store.back();
    ts2.session(&sid, APP, "Other", "1");
    ts1.set(&sid, APP, "Theme", "blue");
    let report = logoff(&ts1, &sid, 10);
    assert!(codes(&report).contains(&"MP-AGT-043") && report.outcome == Outcome::Stored, "{report}");
    assert!(!codes(&report).contains(&"MP-AGT-045"), "{report}");
    for (name, text) in [("Theme", "blue"), ("Other", "1")] {
        assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, name).as_deref(), Some(text));
    }
    assert_eq!(ts1.waiting(&sid), 0);
}

#[test]
fn a_spool_that_is_nearly_full_is_reported() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    console.store.away();
    assert!(!codes(&logoff(&ts1, &sid, 1 << 20)).contains(&"MP-AGT-046"));
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "blue");
    let used = ts1.spool().room().unwrap().used;
    let report = logoff(&ts1, &sid, used + used / 8);
    assert_eq!(report.outcome, Outcome::Spooled, "{report}");
    assert!(codes(&report).contains(&"MP-AGT-046"), "{report}");
}

/// A session that was not merged exports again and again; each export is a whole picture, so one of them waits.
#[test]
fn repeated_exports_of_an_unmerged_session_wait_as_one() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    console.store.away();
    ts1.logon(&sid);
    for number in 0..5 {
        ts1.set(&sid, APP, "Count", &number.to_string());
        ts1.try_logoff(&sid).unwrap();
        assert_eq!(ts1.waiting(&sid), 1);
    }
    ts1.host.unload(&sid).unwrap();
    // Another session's is not the same picture.
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Other", "1");
    ts1.logoff(&sid);
    assert_eq!(ts1.waiting(&sid), 2);
    console.store.back();
    ts1.agent(|agent| agent.send_spool(None)).unwrap();
    let kept = console.store.quarantined();
    assert_eq!(value_in(&decode(&kept[0].bytes), APP, "Count").as_deref(), Some("4"));
    assert_eq!(kept.len(), 2);
}
