//! Profiles that are not mandatory.

use std::sync::Arc;

use mp_agent::{NOT_FIRST, Outcome};
use mp_dataset::ProfileKind;
use mp_profile::Scope;

use crate::{
    console::FakeConsole,
    station::{APP, Station, sid, stored, value_in},
    store::decode,
};

#[test]
fn a_temporary_or_unknown_profile_is_neither_imported_nor_exported() {
    for (kind, code) in [(ProfileKind::Temporary, "MP-AGT-010"), (ProfileKind::Unknown, "MP-AGT-012")] {
        let console = Arc::new(FakeConsole::default());
        let ts1 = Station::new("TS1", &console);
        let sid = sid();
        ts1.session(&sid, APP, "Theme", "dark");
        console.store.writes();
        ts1.load_kind(&sid, kind);
        let report = ts1.try_logon(&sid).unwrap();
        assert_eq!((report.outcome, report.problems[0].code.as_str()), (Outcome::LeftAlone, code));
        assert_eq!(ts1.get(&sid, APP, "Theme").as_deref(), Some("light"));
        ts1.set(&sid, APP, "Theme", "blue");
        let report = ts1.logoff(&sid);
        assert_eq!((report.outcome, report.problems[0].code.as_str()), (Outcome::LeftAlone, "MP-AGT-010"));
        assert_eq!((console.store.writes(), ts1.waiting(&sid)), (0, 0));
        assert!(console.store.quarantined().is_empty());
    }
}

#[test]
fn a_local_or_roaming_profile_only_fills_an_empty_store() {
    for kind in [ProfileKind::Local, ProfileKind::Roaming] {
        let console = Arc::new(FakeConsole::default());
        let ts1 = Station::new("TS1", &console);
        let sid = sid();
        ts1.load_kind(&sid, kind);
        let report = ts1.try_logon(&sid).unwrap();
        assert_eq!((report.outcome, report.problems[0].code.as_str()), (Outcome::LeftAlone, "MP-AGT-011"));
        ts1.set(&sid, APP, "Size", "12");
        assert_eq!(ts1.try_logoff(&sid).unwrap().outcome, Outcome::Stored);
        let set = decode(&console.store.current(&Scope::Global, &sid).unwrap().1);
        assert_eq!(set.origin.profile, kind);
        assert_eq!(value_in(&set, APP, "Size").as_deref(), Some("12"));
        assert_eq!(value_in(&set, APP, "Theme").as_deref(), Some("light"), "it is the full picture");

        // Then there is one, and the profile may only be kept beside it.
        ts1.set(&sid, APP, "Size", "14");
        assert_eq!(ts1.logoff(&sid).outcome, Outcome::Quarantined);
        assert_eq!(stored(&console.store, &Scope::Global, &sid, APP, "Size").as_deref(), Some("12"));
        assert_eq!(console.store.quarantined()[0].reason, NOT_FIRST);

        // What was captured is what the user finds in the mandatory profile.
        assert_eq!(ts1.logon(&sid).outcome, Outcome::Merged);
        assert_eq!(ts1.get(&sid, APP, "Size").as_deref(), Some("12"));
    }
}
