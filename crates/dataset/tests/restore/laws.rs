//! Laws of bringing a part back, stated over the profiles that come of data sets.

use std::collections::{BTreeMap, BTreeSet};

use mp_dataset::{DataSet, FilePath, ItemPlace, Selected, Side, merge, restore};
use mp_registry::{KeyAction, KeyPath, Name};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::model::{Profile, Spot, defaults, folded, normal, profile, set, three, upper};

fn selected() -> impl Strategy<Value = Selected> {
    let path = || {
        let name = select(vec!["a", "B", "c"]).prop_map(Name::from);
        vec(name, 1..4).prop_map(|names| names.into_iter().collect::<KeyPath>())
    };
    let value = select(vec!["x", "Y"]).prop_map(Name::from);
    let file = select(vec!["p", "Q", "r"]);
    prop_oneof![
        1 => Just(Selected::Everything),
        4 => (path(), any::<bool>()).prop_map(|(path, below)| Selected::Key { path, below }),
        4 => (path(), value).prop_map(|(path, name)| Selected::Value(path, name)),
        2 => file.prop_map(|name| Selected::File(FilePath {
            folder: "Desktop".into(),
            components: vec![name.into()],
        })),
        1 => Just(Selected::Folder { folder: "Desktop".into(), components: Vec::new() }),
    ]
}

/// Whether an item of a profile is selected.
fn covers(selected: &Selected, spot: &Spot) -> bool {
    match (selected, spot) {
        (Selected::Everything, _) | (Selected::Folder { .. }, Spot::File(_)) => true,
        (Selected::Key { path, below }, Spot::Key(at) | Spot::Value(at, _)) => {
            let of = folded(path);
            at.starts_with(&of) && (*below || at.len() == of.len())
        }
        (Selected::Value(path, name), Spot::Value(at, of)) => folded(path) == *at && upper(name) == *of,
        (Selected::File(path), Spot::File(at)) => upper(path) == *at,
        _ => false,
    }
}

/// Whether a key, or one above it, is deleted or made anew.
fn is_cleared(set: &DataSet, key: &[String]) -> bool {
    let mut at = &set.registry;
    for name in key {
        match at.subkey(&Name::from(name.as_str())) {
            Some(below) if matches!(below.action, KeyAction::Delete | KeyAction::Replace) => return true,
            Some(below) => at = below,
            None => return false,
        }
    }
    false
}

fn place(spot: &Spot) -> &[String] {
    match spot {
        Spot::Key(path) | Spot::Value(path, _) => path,
        Spot::File(_) => &[],
    }
}

/// Whether something that was brought back is in a key.
fn is_needed(profile: &Profile, selected: &Selected, key: &[String]) -> bool {
    profile.keys().any(|spot| place(spot).starts_with(key) && covers(selected, spot))
}

type Three<'a> = [(&'a DataSet, &'a Profile); 3];

fn check_items(
    selected: &Selected,
    [(now_set, now), (then_set, then), (_, made)]: Three<'_>,
) -> Result<(), TestCaseError> {
    let spots: BTreeSet<_> = [now, then, made].into_iter().flat_map(BTreeMap::keys).collect();
    for spot in spots {
        let [n, t, m] = [now, then, made].map(|profile| profile.get(spot));
        if !covers(selected, spot) {
            let needed = matches!(spot, Spot::Key(path) if m.is_some() && is_needed(made, selected, path));
            prop_assert!(m == n || needed, "{:?} was {:?} and became {:?}", spot, n, m);
            continue;
        }
        // What cannot be said in a data set, as the function tells.
        let no_default = m.is_none() && is_cleared(now_set, place(spot));
        let part = matches!(selected, Selected::Key { below: false, .. });
        let no_deletion = part && t.is_none() && is_cleared(then_set, place(spot));
        // A key alone does not go while something outside of the selection may be below it.
        let stays = part && matches!(spot, Spot::Key(_)) && t.is_none();
        prop_assert!(
            m == t || no_default || no_deletion || stays,
            "{:?} was {:?} and became {:?}",
            spot,
            t,
            m
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_selected_is_as_it_was_and_all_else_stays(
        now in set(),
        then in set(),
        (registry, files) in defaults(),
        selected in selected(),
    ) {
        let made = normal(restore(Some(&now), &then, &selected));
        let [n, t, m] = [&now, &then, &made].map(|set| profile(&registry, &files, set));
        check_items(&selected, [(&now, &n), (&then, &t), (&made, &m)])?;
    }

    #[test]
    fn a_second_time_changes_nothing(now in set(), then in set(), selected in selected()) {
        let once = restore(Some(&now), &then, &selected);
        let twice = restore(Some(&once), &then, &selected);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn everything_is_the_former_one(now in set(), then in set()) {
        let made = restore(Some(&now), &then, &Selected::Everything);
        prop_assert_eq!((made.registry, made.files), (then.registry, then.files));
    }

    #[test]
    fn of_the_present_one_nothing_comes_back_that_is_not_there(now in set(), selected in selected(), (registry, files) in defaults()) {
        let made = normal(restore(Some(&now), &now, &selected));
        let [n, m] = [&now, &made].map(|set| profile(&registry, &files, set));
        prop_assert_eq!(n, m);
    }

    /// The user works while the administrator restores; his session started from what was there before.
    #[test]
    fn a_session_that_is_open_undoes_nothing_that_it_has_not_changed(
        [now, then, mine] in three(),
        (registry, files) in defaults(),
        selected in selected(),
    ) {
        let restored = normal(restore(Some(&now), &then, &selected));
        let merged = merge(Some(&now), &restored, &mine, &|_| Side::Mine);
        let [n, r, m, after] = [&now, &restored, &mine, &merged.set].map(|set| profile(&registry, &files, set));
        let overridden = |spot: &Spot| merged.overrides.named.iter().any(|one| match &one.place {
            ItemPlace::Key(path) | ItemPlace::Value(path, _) => {
                let of = folded(path);
                place(spot).starts_with(&of) || of.starts_with(place(spot))
            }
            ItemPlace::File(path) => Spot::File(upper(path)) == *spot,
        });
        for (spot, restored) in r.iter().filter(|(spot, _)| covers(&selected, spot)) {
            if n.get(spot) == m.get(spot) && !overridden(spot) {
                prop_assert_eq!(after.get(spot), Some(restored), "{:?}", spot);
            }
        }
    }
}
