//! The Agent is killed while it talks to storage, and starts again with the hive still loaded.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use mp_agent::Outcome;
use mp_profile::{OnConflict, Scope};

use crate::{
    console::{FakeConsole, plan},
    station::{APP, Station, sid, stored},
    store::Faults,
};

/// A logoff that is killed at this moment of its talk with storage, when another session was faster or not. Says whether
/// it came that far.
fn is_killed_at(moment: usize, faster: bool, rule: OnConflict) -> bool {
    let console = Arc::new(FakeConsole::default());
    let (ts1, ts2, sid) = (Station::new("TS1", &console), Station::new("TS2", &console), sid());
    let mut plan = plan(2);
    plan.plan.subsets[0].on_conflict = rule;
    ts1.follow(&plan);
    ts1.session(&sid, APP, "Base", "0");
    ts1.logon(&sid);
    ts2.logon(&sid);
    if faster {
        ts2.set(&sid, APP, "Two", "2");
        ts2.logoff(&sid);
    }
    ts1.set(&sid, APP, "Setting", "first");
    ts1.set(&sid, APP, "One", "1");
    console.store.fail(Faults { killed_at: Some(moment), ..Faults::default() });
    let killed = catch_unwind(AssertUnwindSafe(|| ts1.try_logoff(&sid))).is_err();
    console.store.back();

    let what = format!("killed at {moment}, other faster: {faster}, {rule:?}");
    ts1.set(&sid, APP, "Setting", "second");
    ts1.unset(&sid, APP, "One");
    let report = ts1.logoff(&sid);
    assert_eq!(
        (report.outcome, report.problems.len(), ts1.waiting(&sid)),
        (Outcome::Stored, 0, 0),
        "{what}: {report}"
    );
    let value = |name: &str| stored(&console.store, &Scope::Global, &sid, APP, name);
    assert_eq!(value("Setting").as_deref(), Some("second"), "{what}");
    assert_eq!((value("One"), value("Base").as_deref()), (None, Some("0")), "{what}");
    assert_eq!(value("Two").as_deref(), faster.then_some("2"), "{what}");
    assert!(console.store.quarantined().is_empty(), "{what}");
    let contents = console.store.history(&Scope::Global, &sid);
    let distinct: BTreeSet<String> = contents.iter().map(|set| format!("{:?}", set.registry)).collect();
    assert_eq!(distinct.len(), contents.len(), "{what}: something is stored twice");
    killed
}

#[test]
fn killed_at_any_moment_nothing_is_lost_or_doubled_and_the_last_change_counts() {
    for rule in [OnConflict::NewestSessionWins, OnConflict::KeepTheirs] {
        for faster in [false, true] {
            let kills = (0..).take_while(|moment| is_killed_at(*moment, faster, rule)).count();
            assert!(kills >= if faster { 4 } else { 2 }, "only {kills} moments");
        }
    }
}
