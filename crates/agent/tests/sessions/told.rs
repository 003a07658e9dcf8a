//! What a merge overrode is told, also when the Agent is killed before the report of its work is written, or nothing waits that
//! could tell it later.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use mp_agent::{Outcome, PolicySettings};
use mp_profile::Sid;
use mp_protocol::session_report::Fate;

use crate::{
    console::FakeConsole,
    station::{APP, LEDGER, Station, sid},
    store::Faults,
};

struct Farm {
    console: Arc<FakeConsole>,
    ts1: Station,
    sid: Sid,
}

impl Farm {
    /// A session in which a value is changed that another host has changed and stored meanwhile, and one of the group.
    fn new() -> Self {
        let console = Arc::new(FakeConsole::default());
        let (ts1, ts2, sid) = (Station::new("TS1", &console), Station::new("TS2", &console), sid());
        ts1.session(&sid, APP, "Theme", "grey");
        ts1.logon(&sid);
        ts2.session(&sid, APP, "Theme", "blue");
        ts1.set(&sid, APP, "Theme", "dark");
        ts1.set(&sid, LEDGER, "Year", "2026");
        Self { console, ts1, sid }
    }

    /// How often the console was told that another session's value was overridden.
    fn told(&self) -> usize {
        self.console.reports.answers.store(true, Ordering::Relaxed);
        self.ts1.agent(|agent| agent.send_reports()).unwrap();
        let reports = self.console.reports.taken();
        let items = reports.iter().flat_map(|report| &report.items.list);
        items.filter(|item| item.fate == Fate::Overridden && item.place.ends_with("Theme")).count()
    }
}

#[test]
fn killed_at_any_moment_of_a_logoff_what_was_overridden_is_told() {
    let is_killed_at = |moment: usize| {
        let farm = Farm::new();
        farm.console.store.fail(Faults { killed_at: Some(moment), ..Faults::default() });
        let killed = catch_unwind(AssertUnwindSafe(|| farm.ts1.try_logoff(&farm.sid))).is_err();
        farm.console.store.back();
        assert!(farm.ts1.agent(|agent| agent.upload(&farm.sid)).unwrap(), "killed at {moment}");
        assert!(farm.told() > 0, "killed at {moment}");
        killed
    };
    let kills = (0..).take_while(|moment| is_killed_at(*moment)).count();
    assert!(kills > 4, "only {kills} moments");
}

#[test]
fn what_is_told_ahead_is_not_told_twice() {
    let farm = Farm::new();
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Stored);
    assert_eq!(farm.told(), 1);
}

#[test]
fn what_an_administrator_sends_out_of_the_spool_is_told() {
    let farm = Farm::new();
    farm.console.store.away();
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Spooled);
    farm.console.store.back();
    let sent = farm.ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert!(sent.tried.iter().all(|delivery| delivery.result.is_ok()), "{sent:?}");
    assert_eq!(farm.told(), 1);
}

/// The spool is full, so that the export is sent at once, and the acknowledgement of its merge is lost.
#[test]
fn what_an_export_without_room_in_the_spool_may_have_overridden_is_told() {
    let farm = Farm::new();
    farm.console.store.fail(Faults { lost_acknowledgements: true, ..Faults::default() });
    let full = PolicySettings { spool_limit: Some(1), ..PolicySettings::default() };
    let report =
        farm.ts1.agent_with(|agent| agent.with_settings(full), |agent| agent.logoff(&farm.sid)).unwrap();
    assert_eq!(report.outcome, Outcome::Failed, "{report}");
    assert_eq!(farm.told(), 1);
}
