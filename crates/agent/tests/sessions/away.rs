//! Storage is away: at logon, at logoff, between them.

use std::sync::Arc;

use mp_agent::{NOT_MERGED, Outcome, Sent};
use mp_profile::Scope;

use crate::{
    console::{FakeConsole, group},
    station::{APP, LEDGER, Station, sid, stored, value_in},
    store::{Faults, decode},
};

#[test]
fn the_session_goes_on_and_replaces_nothing_that_is_stored() {
    let console = Arc::new(FakeConsole::default());
    let (ts1, ts2) = (Station::new("TS1", &console), Station::new("TS2", &console));
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    let before = console.store.current(&Scope::Global, &sid);

    console.store.away();
    let report = ts2.logon(&sid);
    assert_eq!(report.outcome, Outcome::NotMerged);
    assert!(report.problems.iter().any(|problem| problem.code == "MP-AGT-030"), "{report}");
    assert_eq!(report.data_sets.len(), 2);
    assert!(report.data_sets.iter().all(|set| set.result == "not fetched"), "{report}");
    ts2.set(&sid, APP, "Size", "12");
    console.store.back();
    let report = ts2.logoff(&sid);
    assert_eq!(report.outcome, Outcome::Quarantined);
    assert_eq!(console.store.current(&Scope::Global, &sid), before);
    let kept = console.store.quarantined();
    assert_eq!(kept.len(), 1, "the group's export is empty, and an empty one need not be kept");
    assert_eq!((kept[0].reason.as_str(), &kept[0].scope), (NOT_MERGED, &Scope::Global));
    assert_eq!(value_in(&decode(&kept[0].bytes), APP, "Size").as_deref(), Some("12"));
    assert_eq!(ts2.waiting(&sid), 0);
}

#[test]
fn a_session_that_was_not_merged_and_changes_nothing_leaves_nothing() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    console.store.away();
    assert_eq!(ts1.logon(&sid()).outcome, Outcome::NotMerged);
    console.store.back();
    ts1.logoff(&sid());
    assert!(console.store.quarantined().is_empty());
}

/// An administrator who brought in what is kept beside would bring back what the user has undone.
#[test]
fn what_a_session_that_was_not_merged_has_undone_again_is_not_kept_beside() {
    let console = Arc::new(FakeConsole::default());
    let (ts1, sid) = (Station::new("TS1", &console), sid());
    console.store.away();
    assert_eq!(ts1.logon(&sid).outcome, Outcome::NotMerged);
    ts1.set(&sid, APP, "Size", "12");
    ts1.set(&sid, LEDGER, "Year", "2026");
    ts1.try_logoff(&sid).unwrap();
    assert_eq!(ts1.waiting(&sid), 2);
    ts1.unset(&sid, APP, "Size");
    ts1.logoff(&sid);
    assert_eq!(ts1.waiting(&sid), 1, "the other scope's stays");
    console.store.back();
    ts1.agent(|agent| agent.send_spool(None)).unwrap();
    let kept = console.store.quarantined();
    assert_eq!(kept.iter().map(|kept| &kept.scope).collect::<Vec<_>>(), [&group()]);
}

#[test]
fn sessions_with_storage_away_chain_and_are_sent_as_one() {
    let console = Arc::new(FakeConsole::default());
    let (ts1, ts2) = (Station::new("TS1", &console), Station::new("TS2", &console));
    let sid = sid();
    ts1.session(&sid, APP, "Base", "0");
    ts1.logon(&sid);
    ts1.set(&sid, APP, "First", "1");
    console.store.away();
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Spooled);
    for (name, text) in [("Second", "2"), ("Third", "3")] {
        let report = ts1.logon(&sid);
        assert_eq!(report.data_sets[0].result, "imported from the spool", "{report}");
        assert_eq!(ts1.get(&sid, APP, "First").as_deref(), Some("1"));
        ts1.set(&sid, APP, name, text);
        assert_eq!(ts1.logoff(&sid).outcome, Outcome::Spooled);
        assert_eq!(ts1.waiting(&sid), 1, "the later one took the earlier one's place");
    }
    console.store.back();
    console.store.writes();
    let sent = ts1.agent(|agent| agent.send_spool(None)).unwrap();
    assert!(matches!(sent.tried[..], [ref one] if matches!(one.result, Ok(Sent::Stored(_)))), "{sent:?}");
    assert_eq!((console.store.writes(), console.store.versions(&Scope::Global, &sid)), (1, 2));
    ts2.logon(&sid);
    for (name, text) in [("Base", "0"), ("First", "1"), ("Second", "2"), ("Third", "3")] {
        assert_eq!(ts2.get(&sid, APP, name).as_deref(), Some(text));
    }
    assert!(console.store.quarantined().is_empty());
}

/// The scope that waits is continued; of the other one nothing is known.
#[test]
fn only_what_waits_in_the_spool_is_continued() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, LEDGER, "Year", "2025");
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Theme", "dark");
    console.store.away();
    ts1.logoff(&sid);
    let report = ts1.logon(&sid);
    assert_eq!(report.outcome, Outcome::NotMerged);
    assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("dark"));
    assert_eq!(ts1.get(&sid, LEDGER, "Year"), None);
    ts1.set(&sid, LEDGER, "Year", "2026");
    ts1.set(&sid, APP, "Theme", "blue");
    console.store.back();
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Quarantined);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("blue"));
    assert_eq!(stored(&console.store, &group(), &sid, LEDGER, "Year").as_deref(), Some("2025"));
}

/// Between logon and logoff the spool is sent by something else; the export follows what was stored then.
#[test]
fn a_spool_sent_meanwhile_is_the_base() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "First", "1");
    console.store.away();
    ts1.logoff(&sid);
    ts1.logon(&sid);
    ts1.set(&sid, APP, "Second", "2");
    console.store.back();
    ts1.agent(|agent| agent.send_spool(Some(&sid))).unwrap();
    assert_eq!(ts1.waiting(&sid), 0);
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Stored);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "First").as_deref(), Some("1"));
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Second").as_deref(), Some("2"));
}

/// A session without changes sends what an earlier one left, for the user's next host.
#[test]
fn leftovers_are_sent_at_a_logoff_without_changes() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.logon(&sid);
    ts1.set(&sid, APP, "First", "1");
    console.store.away();
    ts1.logoff(&sid);
    ts1.logon(&sid);
    let report = ts1.logoff(&sid);
    assert_eq!(report.outcome, Outcome::Spooled, "{report}");
    ts1.logon(&sid);
    console.store.back();
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Stored);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "First").as_deref(), Some("1"));
}

/// Storage can be read but not written: the session continues from what waits, not from the older stored one.
#[test]
fn what_cannot_be_sent_is_newer_than_what_is_stored() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Base", "0");
    console.store.fail(Faults { read_only: true, ..Faults::default() });
    assert_eq!(ts1.session(&sid, APP, "First", "1"), (Outcome::Merged, Outcome::Spooled));
    let report = ts1.logon(&sid);
    assert_eq!(report.data_sets[0].result, "imported from the spool", "{report}");
    assert_eq!(ts1.get(&sid, APP, "First").as_deref(), Some("1"));
    ts1.set(&sid, APP, "Second", "2");
    console.store.back();
    assert_eq!(ts1.logoff(&sid).outcome, Outcome::Stored);
    assert!(console.store.quarantined().is_empty());
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "First").as_deref(), Some("1"));
}

/// A refused scope costs the user neither the other one nor the later sessions.
#[test]
fn a_refused_scope_holds_up_only_itself() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    ts1.session(&sid, APP, "Theme", "dark");
    ts1.logon(&sid);
    ts1.set(&sid, LEDGER, "Year", "2026");
    ts1.set(&sid, APP, "Size", "12");
    console.store.fail(Faults { refused: Some(group()), ..Faults::default() });
    let report = ts1.logoff(&sid);
    assert_eq!(report.outcome, Outcome::Spooled, "{report}");
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Size").as_deref(), Some("12"));

    let report = ts1.logon(&sid);
    assert_eq!(report.outcome, Outcome::Merged, "the group's part is continued from the spool: {report}");
    assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("dark"));
    assert_eq!(ts1.get(&sid, LEDGER, "Year").as_deref(), Some("2026"));
    ts1.set(&sid, APP, "Size", "14");
    ts1.logoff(&sid);
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Size").as_deref(), Some("14"));
}

#[test]
fn a_full_quarantine_holds_up_nothing() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    let sid = sid();
    console.store.away();
    ts1.session(&sid, APP, "Lost", "no");
    console.store.fail(Faults { quarantine_full: true, ..Faults::default() });
    assert_eq!(ts1.session(&sid, APP, "Theme", "dark"), (Outcome::Merged, Outcome::Spooled));
    assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Theme").as_deref(), Some("dark"));
    assert_eq!(ts1.waiting(&sid), 1);
}

#[test]
fn not_modified_is_no_word_of_authority() {
    let console = Arc::new(FakeConsole::default());
    let ts1 = Station::new("TS1", &console);
    console.store.fail(Faults { not_modified: true, ..Faults::default() });
    let report = ts1.logon(&sid());
    assert_eq!(report.outcome, Outcome::NotMerged);
    assert!(report.problems.iter().all(|problem| problem.code == "MP-AGT-032"), "{report}");
}
