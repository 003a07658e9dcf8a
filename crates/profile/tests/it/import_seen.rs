//! An import by what was seen right before it does what one does that looks for itself, without a second look.

use mp_profile::{NoteCode, Part, Seen, import, import_seen};
use mp_registry::{KeyPath, Name, RegistryErrorKind};

use crate::{
    refusing_registry::{Unreadable, app},
    support::{Session, drop_key, for_group, key, lines, mandatory, rules, set, sets, subset, unset},
};

#[test]
fn nothing_is_read_a_second_time() {
    let rules = app();
    let mut session = Session::logon(&rules, &mandatory(&["Software\\App\\K: v = 0"]), None);
    set(&mut session.profile, "Software\\App\\K", "v", "mine");
    let stored = session.logoff();
    let mut profile = session.profile.clone();
    let seen = Seen::read(&mut profile, &rules).unwrap();
    // Whoever reads this key again is told that it cannot be read.
    let mut profile = Unreadable {
        profile,
        key: KeyPath::parse("Software\\App\\K"),
        value: None,
        cause: RegistryErrorKind::AccessDenied,
    };
    let anew = import(&mut profile, &rules, &sets(Some(&stored))).unwrap();
    assert_eq!(anew.report.notes.of(NoteCode::RegistryUnread).count(), 1);
    let by_sight = import_seen(&mut profile, &rules, &sets(Some(&stored)), &seen).unwrap();
    assert_eq!(by_sight.report.notes.of(NoteCode::RegistryUnread).count(), 0);
    assert!(by_sight.unapplied.is_empty());
    assert_eq!(by_sight.report.values_written, 0, "it is as the data set has it");
}

/// The export must not take it for the user's will.
#[test]
fn what_could_not_be_seen_is_handed_on() {
    let rules = app();
    let template = mandatory(&["Software\\App\\K: gone = 0", "Software\\App\\K: stays = 0"]);
    for value in [None, Some(Name::from("gone"))] {
        let mut session = Session::logon(&rules, &template, None);
        match &value {
            Some(_) => unset(&mut session.profile, "Software\\App\\K", "gone"),
            None => drop_key(&mut session.profile, "Software\\App", "K"),
        }
        let stored = session.logoff();
        let unreadable = || Unreadable {
            profile: template.clone(),
            key: KeyPath::parse("Software\\App\\K"),
            value: value.clone(),
            cause: RegistryErrorKind::AccessDenied,
        };
        let (mut anew, mut by_sight) = (unreadable(), unreadable());
        let expected = import(&mut anew, &rules, &sets(Some(&stored))).unwrap();
        let seen = Seen::read(&mut by_sight, &rules).unwrap();
        assert_eq!(seen.notes.of(NoteCode::RegistryUnread).count(), 1);
        let imported = import_seen(&mut by_sight, &rules, &sets(Some(&stored)), &seen).unwrap();
        assert!(!imported.unapplied.is_empty());
        assert_eq!(imported.unapplied, expected.unapplied);
        assert_eq!(lines(&by_sight.profile.registry.root), lines(&anew.profile.registry.root));
    }
}

/// A logon that waits for some data subsets looks at the places of all, and imports what belongs to these.
#[test]
fn narrower_rules_touch_only_what_is_theirs() {
    let mirrored = |path: &str| mp_profile::RegistryRule { delete_if_missing: true, ..key(path) };
    let subsets = [
        subset("first", &[mirrored("Software\\First")], &[]),
        for_group(subset("second", &[mirrored("Software\\Second")], &[]), "TS"),
    ];
    let template = mandatory(&[
        "Software\\First\\K: default = 0",
        "Software\\Second\\K: default = 0",
        "Software\\Other: stays = 0",
    ]);
    let all = rules(&subsets);
    let mut session = Session::logon(&all, &template, None);
    for place in ["Software\\First\\K", "Software\\Second\\K\\Deep"] {
        set(&mut session.profile, place, "mine", "1");
    }
    drop_key(&mut session.profile, "Software\\First", "K");
    let stored = session.logoff();
    for part in Part::ALL {
        let narrow = || rules(&subsets).only(|_, of| of == part);
        let (mut anew, mut by_sight) = (template.clone(), template.clone());
        let seen = Seen::read(&mut by_sight, &all).unwrap();
        let expected = import(&mut anew, &narrow(), &sets(Some(&stored))).unwrap();
        let imported = import_seen(&mut by_sight, &narrow(), &sets(Some(&stored)), &seen).unwrap();
        assert_eq!(imported, expected);
        assert_eq!(lines(&by_sight.registry.root), lines(&anew.registry.root));
    }
}
