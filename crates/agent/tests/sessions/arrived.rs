//! What was stored though its acknowledgement was lost: others have built on it, and what they replaced stays replaced.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use mp_agent::{Outcome, SessionReport};
use mp_profile::{Scope, Sid};
use mp_protocol::session_report::Fate;

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid, stored},
    store::Faults,
};

struct Farm {
    console: Arc<FakeConsole>,
    ts1: Station,
    ts2: Station,
    sid: Sid,
}

impl Farm {
    /// A user with a stored data set, logged on at the first host.
    fn new() -> Self {
        let console = Arc::new(FakeConsole::default());
        let (ts1, ts2) = (Station::new("TS1", &console), Station::new("TS2", &console));
        let farm = Self { console, ts1, ts2, sid: sid() };
        farm.ts1.session(&farm.sid, APP, "Base", "0");
        farm.ts1.logon(&farm.sid);
        farm
    }

    fn lose_acknowledgements(&self) {
        self.console.store.fail(Faults { lost_acknowledgements: true, ..Faults::default() });
    }

    /// A session at the second host that replaces what it finds.
    fn replaced_elsewhere(&self, name: &str, from: &str, to: &str) {
        self.console.store.back();
        self.ts2.logon(&self.sid);
        assert_eq!(self.ts2.get(&self.sid, APP, name).as_deref(), Some(from), "it was stored");
        self.ts2.set(&self.sid, APP, name, to);
        assert_eq!(self.ts2.logoff(&self.sid).outcome, Outcome::Stored);
    }

    /// Whether a report of the first host says that two sessions changed a value.
    fn is_told(&self, name: &str) -> bool {
        let reports = SessionReport::kept(&self.ts1.state, &self.sid).unwrap();
        let mut items = reports.iter().flat_map(|report| report.to_sent().items.list);
        items.any(|item| item.fate == Fate::Overridden && item.place.ends_with(name))
    }

    fn stored(&self, name: &str) -> Option<String> {
        stored(&self.console.store, &Scope::Global, &self.sid, APP, name)
    }
}

#[test]
fn an_upload_that_arrived_brings_nothing_back() {
    let farm = Farm::new();
    farm.ts1.set(&farm.sid, APP, "Theme", "dark");
    farm.lose_acknowledgements();
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Spooled);
    farm.replaced_elsewhere("Theme", "dark", "blue");
    assert!(farm.ts1.agent(|agent| agent.upload(&farm.sid)).unwrap());
    assert_eq!(farm.stored("Theme").as_deref(), Some("blue"));
    assert!(farm.console.store.quarantined().is_empty());
}

#[test]
fn an_upload_that_arrived_is_the_base_of_the_export_that_took_its_place() {
    let farm = Farm::new();
    farm.ts1.set(&farm.sid, APP, "Theme", "dark");
    farm.lose_acknowledgements();
    assert_eq!(farm.ts1.try_logoff(&farm.sid).unwrap().outcome, Outcome::Spooled);
    farm.replaced_elsewhere("Theme", "dark", "blue");
    farm.console.store.away();
    farm.ts1.set(&farm.sid, APP, "Zoom", "150");
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Spooled);
    farm.console.store.back();
    assert!(farm.ts1.agent(|agent| agent.upload(&farm.sid)).unwrap());
    assert_eq!(farm.stored("Theme").as_deref(), Some("blue"));
    assert_eq!(farm.stored("Zoom").as_deref(), Some("150"));
}

#[test]
fn a_merge_that_arrived_brings_nothing_back() {
    let farm = Farm::new();
    let ts3 = Station::new("TS3", &farm.console);
    ts3.logon(&farm.sid);
    ts3.set(&farm.sid, APP, "Zoom", "150");
    assert_eq!(ts3.logoff(&farm.sid).outcome, Outcome::Stored);
    farm.ts1.set(&farm.sid, APP, "Theme", "dark");
    farm.lose_acknowledgements();
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Spooled);
    farm.replaced_elsewhere("Theme", "dark", "blue");
    assert!(farm.ts1.agent(|agent| agent.upload(&farm.sid)).unwrap());
    assert_eq!(farm.stored("Theme").as_deref(), Some("blue"));
    assert_eq!(farm.stored("Zoom").as_deref(), Some("150"));
}

#[test]
fn what_a_merge_that_arrived_overrode_is_told() {
    let farm = Farm::new();
    let ts3 = Station::new("TS3", &farm.console);
    ts3.logon(&farm.sid);
    ts3.set(&farm.sid, APP, "Zoom", "150");
    assert_eq!(ts3.logoff(&farm.sid).outcome, Outcome::Stored);
    farm.ts1.set(&farm.sid, APP, "Zoom", "200");
    farm.lose_acknowledgements();
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Spooled);
    farm.console.store.back();
    assert!(farm.ts1.agent(|agent| agent.upload(&farm.sid)).unwrap());
    assert!(farm.is_told("Zoom"));

    // Also when others have built on it since.
    farm.ts1.logon(&farm.sid);
    ts3.logon(&farm.sid);
    ts3.set(&farm.sid, APP, "Paper", "a4");
    assert_eq!(ts3.logoff(&farm.sid).outcome, Outcome::Stored);
    farm.ts1.set(&farm.sid, APP, "Paper", "a5");
    farm.lose_acknowledgements();
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Spooled);
    farm.console.store.back();
    ts3.session(&farm.sid, APP, "Later", "1");
    assert!(farm.ts1.agent(|agent| agent.upload(&farm.sid)).unwrap());
    assert!(farm.is_told("Paper"));
}

/// The merge came out as the export itself, and its acknowledgement is lost: what it overrode is told all the same.
#[test]
fn a_merge_that_is_nothing_but_the_export_is_told() {
    let farm = Farm::new();
    farm.ts2.logon(&farm.sid);
    farm.ts2.set(&farm.sid, APP, "Theme", "blue");
    assert_eq!(farm.ts2.logoff(&farm.sid).outcome, Outcome::Stored);
    farm.ts1.set(&farm.sid, APP, "Theme", "dark");
    farm.lose_acknowledgements();
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Spooled);
    assert_eq!(farm.stored("Theme").as_deref(), Some("dark"), "it was stored");
    farm.console.store.back();
    assert!(farm.ts1.agent(|agent| agent.upload(&farm.sid)).unwrap());
    assert!(farm.is_told("Theme"));
    assert_eq!(farm.stored("Theme").as_deref(), Some("dark"));
}

/// However long others build on what was stored: with its own content in the spool it is merged rightly.
#[test]
fn what_was_sent_without_an_answer_needs_no_former_content() {
    let farm = Farm::new();
    farm.ts1.set(&farm.sid, APP, "Theme", "dark");
    farm.lose_acknowledgements();
    assert_eq!(farm.ts1.try_logoff(&farm.sid).unwrap().outcome, Outcome::Spooled);
    farm.replaced_elsewhere("Theme", "dark", "blue");
    farm.console.store.away();
    farm.ts1.set(&farm.sid, APP, "Zoom", "150");
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Spooled);
    farm.console.store.fail(Faults { keeps_names_only: true, ..Faults::default() });
    assert!(farm.ts1.agent(|agent| agent.upload(&farm.sid)).unwrap());
    assert_eq!(
        (farm.stored("Theme").as_deref(), farm.stored("Zoom").as_deref()),
        (Some("blue"), Some("150"))
    );
    assert!(farm.console.store.quarantined().is_empty());
}

/// The Agent was killed before it could note that it had sent something, and storage no longer has what it was: merged with
/// what is older, the export would bring back what was replaced since.
#[test]
fn without_what_it_was_made_from_an_export_is_kept_beside() {
    let farm = Farm::new();
    farm.ts1.set(&farm.sid, APP, "Theme", "dark");
    farm.console.store.fail(Faults { killed_at: Some(1), ..Faults::default() });
    assert!(catch_unwind(AssertUnwindSafe(|| farm.ts1.try_logoff(&farm.sid))).is_err());
    farm.replaced_elsewhere("Theme", "dark", "blue");
    farm.console.store.away();
    farm.ts1.set(&farm.sid, APP, "Zoom", "150");
    assert_eq!(farm.ts1.logoff(&farm.sid).outcome, Outcome::Spooled);
    farm.console.store.fail(Faults { keeps_names_only: true, ..Faults::default() });
    assert!(farm.ts1.agent(|agent| agent.upload(&farm.sid)).unwrap());
    assert_eq!((farm.stored("Theme").as_deref(), farm.stored("Zoom")), (Some("blue"), None));
    assert_eq!(farm.console.store.quarantined().len(), 1);
}
