//! An import that was cut off is finished: what it has brought in is told from what the session did.

use mp_profile::{Baseline, Exported, Notes, SessionChanges, Sets, import, memory::MemoryProfile};
use mp_registry::{KeyAction, KeyEdit, Registry, diff};
use proptest::prelude::*;

use crate::{
    round_trip::{acts, cases, run, shows, some_rules, template},
    support::{Session, drop_key, key, lines, mandatory, rules, set, sets, subset, unset},
};

/// A part of what edits do, by chance.
fn part(edit: &KeyEdit, chance: &mut impl Iterator<Item = bool>) -> KeyEdit {
    let mut some = edit.clone();
    some.replace_values(edit.values().iter().filter(|_| chance.next().unwrap()).cloned().collect());
    let subkeys = edit.subkeys().iter().filter_map(|below| {
        let whole = matches!(below.action, KeyAction::Delete | KeyAction::Replace);
        match (whole, chance.next().unwrap()) {
            (true, taken) => taken.then(|| below.clone()),
            (false, _) => Some(part(below, chance)),
        }
    });
    some.replace_subkeys(subkeys.collect());
    some
}

fn data_sets(exported: &Exported) -> Vec<&mp_dataset::DataSet> {
    [Some(&exported.global), exported.group.as_ref()].into_iter().flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(150), failure_persistence: None, ..ProptestConfig::default() })]

    /// Of a profile in which the user did nothing, nothing counts as the user's, however far the import came.
    #[test]
    fn what_an_import_has_brought_in_is_not_the_users(
        rules in some_rules(), template in template(), other in template(), done in acts(20),
        chance in prop::collection::vec(any::<bool>(), 1..40),
    ) {
        let mut session = Session::logon(&rules, &other, None);
        run(&mut session.profile, 2, &done);
        let stored = session.logoff();
        let (before, _) = Baseline::snapshot(&mut template.clone(), &rules).unwrap();
        let mut whole = template.clone();
        import(&mut whole, &rules, &sets(Some(&stored))).unwrap();

        let mut chance = chance.iter().copied().cycle();
        let mut cut = template.clone();
        cut.registry.apply(&part(&diff(&template.registry.root, &whole.registry.root), &mut chance)).unwrap();
        let files: Vec<_> = whole.files.iter().map(|(path, content)| (path.clone(), content.clone())).collect();
        for (path, content) in files {
            if chance.next().unwrap() {
                cut.files.put(path, content);
            }
        }
        let (now, _) = Baseline::snapshot(&mut cut, &rules).unwrap();
        let left = before.as_left_by(&data_sets(&stored), &now);
        prop_assert!(SessionChanges::between(&left, &now).is_empty(), "{left:#?} is not {now:#?}");
        import(&mut cut, &rules, &sets(Some(&stored))).unwrap();
        shows(&cut, &whole, &rules);
    }
}

/// What the user did before or after the import was cut off stays, the rest is finished.
#[test]
fn what_the_session_did_stays() {
    let rules = rules(&[subset("app", &[key("Software\\App")], &[])]);
    let template = mandatory(&[
        "Software\\App: Theme = light",
        "Software\\App: Font = small",
        "Software\\App\\Old: a = 1",
        "Software\\App\\Old: b = 1",
    ]);
    let mut session = Session::logon(&rules, &template, None);
    set(&mut session.profile, "Software\\App", "Theme", "dark");
    set(&mut session.profile, "Software\\App", "Font", "large");
    set(&mut session.profile, "Software\\App", "Zoom", "150");
    drop_key(&mut session.profile, "Software\\App", "Old");
    let stored = session.logoff();

    let (before, _) = Baseline::snapshot(&mut template.clone(), &rules).unwrap();
    let mut cut = template.clone();
    // The import had come so far …
    set(&mut cut, "Software\\App", "Theme", "dark");
    unset(&mut cut, "Software\\App\\Old", "a");
    // … and this is the user's.
    set(&mut cut, "Software\\App", "Font", "huge");
    set(&mut cut, "Software\\App", "Mine", "1");
    let (now, _) = Baseline::snapshot(&mut cut, &rules).unwrap();
    let left = before.as_left_by(&data_sets(&stored), &now);
    let changes = SessionChanges::between(&left, &now);
    let mut notes = Notes::default();
    let wanted = changes.without(&stored.global, &mut notes);
    let noted: Vec<String> = notes.notes.iter().map(|note| note.place.clone()).collect();
    assert_eq!(noted, ["HKCU\\Software\\App: Font"]);
    import(&mut cut, &rules, &Sets { global: Some(&wanted), group: None }).unwrap();
    let expected: MemoryProfile = mandatory(&[
        "Software\\App: Font = huge",
        "Software\\App: Mine = 1",
        "Software\\App: Theme = dark",
        "Software\\App: Zoom = 150",
    ]);
    assert_eq!(lines(&cut.registry.root), lines(&expected.registry.root));
}
