//! Sessions of one user at once: what both changed is merged, and what gave way is kept and named.

use std::{fs, sync::Arc};

use mp_agent::{CONFLICT, OVERRIDDEN, Outcome};
use mp_profile::{OnConflict, Scope, Sid};
use mp_registry::KeyPath;

use crate::{
    console::{FakeConsole, plan, subset},
    station::{APP, Station, content, path, sid, stored, value_in},
    store::{Faults, decode},
};

struct Two {
    console: Arc<FakeConsole>,
    ts1: Station,
    ts2: Station,
    sid: Sid,
}

/// Two hosts on which the user is logged on, from one stored data set.
fn two() -> Two {
    let console = Arc::new(FakeConsole::default());
    let (ts1, ts2) = (Station::new("TS1", &console), Station::new("TS2", &console));
    let two = Two { console, ts1, ts2, sid: sid() };
    two.ts1.session(&two.sid, APP, "Base", "0");
    two.ts1.logon(&two.sid);
    two.ts2.logon(&two.sid);
    two
}

impl Two {
    fn stored(&self, name: &str) -> Option<String> {
        stored(&self.console.store, &Scope::Global, &self.sid, APP, name)
    }

    /// What the next session finds, on a third host.
    fn at_next_logon(&self, expected: &[(&str, &str)]) {
        let ts3 = Station::new("TS3", &self.console);
        assert_eq!(ts3.logon(&self.sid).outcome, Outcome::Merged);
        for (name, text) in expected {
            assert_eq!(ts3.get(&self.sid, APP, name).as_deref(), Some(*text), "{name}");
        }
    }
}

#[test]
fn different_settings_of_two_sessions_both_survive() {
    let two = two();
    two.ts1.set(&two.sid, APP, "One", "1");
    two.ts1.unset(&two.sid, APP, "Font");
    two.ts2.set(&two.sid, APP, "Two", "2");
    two.ts2.host.with(&two.sid, |profile| profile.files.put(path("two.ini"), content("2"))).unwrap();
    assert_eq!(two.ts1.logoff(&two.sid).outcome, Outcome::Stored);
    let report = two.ts2.logoff(&two.sid);
    assert_eq!((report.outcome, report.problems.len()), (Outcome::Stored, 0), "{report}");
    assert!(
        report.data_sets.iter().any(|set| set.result == "merged with a newer one and stored"),
        "{report}"
    );
    assert!(two.console.store.quarantined().is_empty());
    two.at_next_logon(&[("Base", "0"), ("One", "1"), ("Two", "2"), ("Theme", "light")]);
    let ts1 = &two.ts1;
    ts1.logon(&two.sid);
    assert_eq!(ts1.get(&two.sid, APP, "Font"), None);
    let file = ts1.host.with(&two.sid, |profile| profile.files.get(&path("two.ini")).cloned()).unwrap();
    assert_eq!(file.map(|file| file.bytes), Some(content("2").bytes));
}

#[test]
fn of_the_same_setting_the_later_session_counts_and_both_are_kept() {
    let two = two();
    for (host, text) in [(&two.ts1, "one"), (&two.ts2, "two")] {
        host.set(&two.sid, APP, "Where", text);
    }
    two.ts1.logoff(&two.sid);
    let report = two.ts2.logoff(&two.sid);
    assert_eq!(report.outcome, Outcome::Stored);
    assert!(report.problems.iter().any(|problem| problem.code == "MP-AGT-045"), "{report}");
    let [one] = &report.overrides.named[..] else { panic!("{report}") };
    assert_eq!((one.place.as_str(), one.mine_kept), ("HKCU\\Software\\App: Where", true));
    two.at_next_logon(&[("Where", "two")]);
    let history = two.console.store.history(&Scope::Global, &two.sid);
    assert!(history.iter().any(|set| value_in(set, APP, "Where").as_deref() == Some("one")));
    assert!(two.console.store.quarantined().is_empty(), "theirs is a former version");
}

#[test]
fn a_data_subset_may_keep_what_was_stored_first() {
    let two = two();
    let mut plan = plan(2);
    plan.plan.subsets[0].on_conflict = OnConflict::KeepTheirs;
    plan.plan.subsets.push(subset("Other", "Software\\Other", None));
    for host in [&two.ts1, &two.ts2] {
        host.host.unload(&two.sid).unwrap();
        host.follow(&plan);
        host.logon(&two.sid);
    }
    for (host, text) in [(&two.ts1, "one"), (&two.ts2, "two")] {
        host.set(&two.sid, APP, "Where", text);
        host.set(&two.sid, "Software\\Other", "Where", text);
    }
    two.ts1.logoff(&two.sid);
    // The rule is that of the session, also when its export is sent by a later one.
    two.console.store.away();
    two.ts2.logoff(&two.sid);
    two.console.store.back();
    two.ts2.agent(|agent| agent.send_spool(None)).unwrap();
    assert_eq!(two.stored("Where").as_deref(), Some("one"));
    let other = stored(&two.console.store, &Scope::Global, &two.sid, "Software\\Other", "Where");
    assert_eq!(other.as_deref(), Some("two"));
    let kept = two.console.store.quarantined();
    assert_eq!((kept.len(), kept[0].reason.as_str()), (1, OVERRIDDEN));
    assert_eq!(value_in(&decode(&kept[0].bytes), APP, "Where").as_deref(), Some("two"));
}

/// A session that goes on after its export was merged: what is stored holds what is not in its profile.
#[test]
fn a_merged_session_goes_on_and_never_removes_what_the_other_one_stored() {
    let two = two();
    two.ts2.set(&two.sid, APP, "Two", "2");
    two.ts2.logoff(&two.sid);
    two.ts1.set(&two.sid, APP, "First", "1");
    assert_eq!(two.ts1.try_logoff(&two.sid).unwrap().outcome, Outcome::Stored);
    two.ts1.set(&two.sid, APP, "First", "changed");
    two.ts1.set(&two.sid, APP, "Second", "2");
    two.ts1.unset(&two.sid, APP, "Base");
    let report = two.ts1.try_logoff(&two.sid).unwrap();
    assert_eq!((report.outcome, report.problems.len()), (Outcome::Stored, 0), "{report}");
    // Nothing new is nothing sent.
    two.console.store.writes();
    two.ts1.logoff(&two.sid);
    assert_eq!(two.console.store.writes(), 0);
    assert_eq!(two.stored("Base"), None);
    assert!(two.console.store.quarantined().is_empty());
    two.at_next_logon(&[("Two", "2"), ("First", "changed"), ("Second", "2")]);
}

/// One session exports twice, and the other one stored before, between and after.
#[test]
fn exports_of_two_sessions_take_turns() {
    let two = two();
    for round in 0..4 {
        for (host, own) in [(&two.ts1, "One"), (&two.ts2, "Two")] {
            host.set(&two.sid, APP, own, &round.to_string());
            host.set(&two.sid, APP, &format!("{own}{round}"), "done");
            let report = host.try_logoff(&two.sid).unwrap();
            assert_eq!((report.outcome, report.problems.len()), (Outcome::Stored, 0), "{report}");
        }
    }
    let all: Vec<String> = (0..4).flat_map(|round| [format!("One{round}"), format!("Two{round}")]).collect();
    let mut expected: Vec<_> = all.iter().map(|name| (name.as_str(), "done")).collect();
    expected.extend([("One", "3"), ("Two", "3"), ("Base", "0")]);
    two.at_next_logon(&expected);
}

#[test]
fn what_waited_in_the_spool_is_merged_with_what_another_host_stored() {
    let two = two();
    two.console.store.away();
    two.ts1.set(&two.sid, APP, "One", "1");
    two.ts1.set(&two.sid, APP, "Where", "one");
    assert_eq!(two.ts1.logoff(&two.sid).outcome, Outcome::Spooled);
    // A second session continues from the spool, and its export takes the place of the first.
    two.ts1.session(&two.sid, APP, "OneMore", "1");
    assert_eq!(two.ts1.waiting(&two.sid), 1);
    two.console.store.back();
    two.ts2.set(&two.sid, APP, "Two", "2");
    two.ts2.set(&two.sid, APP, "Where", "two");
    two.ts2.logoff(&two.sid);
    let report = two.ts1.logon(&two.sid);
    assert_eq!((report.outcome, two.ts1.waiting(&two.sid)), (Outcome::Merged, 0));
    assert!(report.problems.iter().any(|problem| problem.code == "MP-AGT-045"), "{report}");
    for (name, text) in [("One", "1"), ("OneMore", "1"), ("Two", "2"), ("Where", "one")] {
        assert_eq!(two.ts1.get(&two.sid, APP, name).as_deref(), Some(text), "{name}");
    }
}

/// The merge is stored and nobody learns of it; the session goes on, with storage away and back.
#[test]
fn a_merge_whose_acknowledgement_was_lost_is_known_again() {
    let two = two();
    two.ts2.set(&two.sid, APP, "Two", "2");
    two.ts2.logoff(&two.sid);
    two.ts1.set(&two.sid, APP, "Setting", "first");
    two.console.store.fail(Faults { lost_acknowledgements: true, ..Faults::default() });
    assert_eq!(two.ts1.try_logoff(&two.sid).unwrap().outcome, Outcome::Spooled);
    assert_eq!(two.stored("Setting").as_deref(), Some("first"));
    two.console.store.away();
    two.ts1.set(&two.sid, APP, "Setting", "second");
    two.ts1.try_logoff(&two.sid).unwrap();
    assert_eq!(
        two.ts1.waiting(&two.sid),
        2,
        "the merge of the first may be stored, so the second does not take its place"
    );
    two.console.store.back();
    let report = two.ts1.logoff(&two.sid);
    assert_eq!((report.outcome, two.ts1.waiting(&two.sid)), (Outcome::Stored, 0), "{report}");
    assert!(!report.problems.iter().any(|problem| problem.code == "MP-AGT-045"), "{report}");
    assert!(two.console.store.quarantined().is_empty());
    two.at_next_logon(&[("Setting", "second"), ("Two", "2")]);
}

#[test]
fn without_the_base_nothing_is_merged() {
    let two = two();
    two.ts1.set(&two.sid, APP, "One", "1");
    two.console.store.away();
    two.ts1.logoff(&two.sid);
    two.console.store.back();
    two.ts2.set(&two.sid, APP, "Two", "2");
    two.ts2.logoff(&two.sid);
    // The base in the entry is damaged, which its digest tells.
    let file = two.ts1.spool_file(&two.sid, "00000001.entry");
    let mut bytes = fs::read(&file).unwrap();
    let base = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 100;
    bytes[base] ^= 1;
    fs::write(&file, bytes).unwrap();
    let report = two.ts1.logon(&two.sid);
    let kept = two.console.store.quarantined();
    assert_eq!(kept.len(), 1, "{report}");
    assert!(
        kept[0].reason.starts_with(CONFLICT) && kept[0].reason.contains("another one"),
        "{}",
        kept[0].reason
    );
    assert_eq!(value_in(&decode(&kept[0].bytes), APP, "One").as_deref(), Some("1"));
    assert_eq!(two.stored("Two").as_deref(), Some("2"));
}

#[test]
fn with_a_damaged_stored_data_set_nothing_is_merged() {
    let two = two();
    two.console.store.put(&Scope::Global, &two.sid, b"no data set");
    two.ts1.set(&two.sid, APP, "One", "1");
    assert_eq!(two.ts1.logoff(&two.sid).outcome, Outcome::Quarantined);
    let kept = two.console.store.quarantined();
    assert!(kept[0].reason.contains("the stored data set cannot be read"), "{}", kept[0].reason);
    assert_eq!(two.console.store.current(&Scope::Global, &two.sid).unwrap().1, b"no data set");
}

/// An administrator removed the stored data set: that is decided, and no session brings it back unasked.
#[test]
fn a_removed_data_set_is_not_brought_back() {
    let two = two();
    two.console.store.forget(&Scope::Global, &two.sid);
    two.ts1.set(&two.sid, APP, "One", "1");
    assert_eq!(two.ts1.logoff(&two.sid).outcome, Outcome::Quarantined);
    assert!(two.console.store.quarantined()[0].reason.contains("storage has none any more"));
}

/// Both sessions began when nothing was stored.
#[test]
fn first_data_sets_of_two_sessions_are_merged() {
    let console = Arc::new(FakeConsole::default());
    let (ts1, ts2, sid) = (Station::new("TS1", &console), Station::new("TS2", &console), sid());
    ts1.logon(&sid);
    ts2.logon(&sid);
    ts1.set(&sid, APP, "One", "1");
    ts2.set(&sid, APP, "Two", "2");
    ts1.logoff(&sid);
    assert_eq!(ts2.logoff(&sid).outcome, Outcome::Stored);
    let (_, bytes) = console.store.current(&Scope::Global, &sid).unwrap();
    let set = decode(&bytes);
    assert_eq!(set.origin.host, "TS2");
    assert_eq!(set.registry.at(&KeyPath::parse(APP)).unwrap().values().len(), 2);
}
