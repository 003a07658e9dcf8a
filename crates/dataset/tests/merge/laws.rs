//! Laws of the merge, stated over the profiles that come of data sets.

use mp_dataset::{
    DataSet, FileChange, FileEntry, FilePath, Item, ItemPlace, MAX_OVERRIDES, Merged, Override, Side,
    UnknownFields, merge,
};
use proptest::prelude::*;

use crate::{
    common,
    model::{Profile, Spot, defaults, folded, profile, set, three, upper},
};

/// Preferences that differ from item to item and depend on nothing else.
fn of_seed(seed: u8) -> impl Fn(Item<'_>) -> Side {
    move |item| {
        let text = match item {
            Item::Key(path) => path.to_string(),
            Item::Value(path, name) => format!("{path}:{name}"),
            Item::File(path) => path.to_string(),
        };
        let sum: usize = upper(text).bytes().map(usize::from).sum();
        match seed {
            0 => Side::Theirs,
            1 => Side::Mine,
            _ if (sum / usize::from(seed)).is_multiple_of(2) => Side::Theirs,
            _ => Side::Mine,
        }
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Theirs => Side::Mine,
        Side::Mine => Side::Theirs,
    }
}

fn content(set: &DataSet) -> (&mp_registry::KeyEdit, &[mp_dataset::FileEntry]) {
    (&set.registry, &set.files)
}

fn with_another_file(set: &DataSet) -> DataSet {
    let mut set = set.clone();
    let path = FilePath { folder: "Documents".into(), components: vec!["only here".into()] };
    set.files.push(FileEntry { path, change: FileChange::Deleted, unknown: UnknownFields::default() });
    let files = std::mem::take(&mut set.files);
    set.replace_files(files);
    set
}

/// Whether an override speaks about this item.
fn covers(one: &Override, spot: &Spot) -> bool {
    match (&one.place, spot) {
        (ItemPlace::Key(path), Spot::Key(at) | Spot::Value(at, _)) => at.starts_with(&folded(path)),
        (ItemPlace::Value(path, name), Spot::Value(at, of)) => folded(path) == *at && upper(name) == *of,
        (ItemPlace::File(path), Spot::File(at)) => upper(path) == *at,
        _ => false,
    }
}

/// Whether something is in a key.
fn is_used(profile: &Profile, key: &[String]) -> bool {
    profile.keys().any(|spot| match spot {
        Spot::Key(at) => at.len() > key.len() && at.starts_with(key),
        Spot::Value(at, _) => at.starts_with(key),
        Spot::File(_) => false,
    })
}

/// Item by item: what was overridden is as the side has it that counts, and all else as the side that changed it.
fn check_items(merged: &Merged, [base, theirs, mine, result]: [&Profile; 4]) -> Result<(), TestCaseError> {
    let spots: std::collections::BTreeSet<_> =
        [base, theirs, mine, result].into_iter().flat_map(|profile| profile.keys()).collect();
    for spot in spots {
        let [b, t, m, r] = [base, theirs, mine, result].map(|profile| profile.get(spot));
        if let Some(one) = merged.overrides.named.iter().find(|one| covers(one, spot)) {
            prop_assert_eq!(r, if one.kept == Side::Mine { m } else { t }, "overridden {:?}", spot);
            continue;
        }
        let three_way = (t == b && r == m) || (m == b && r == t) || (t == m && r == t);
        // A key that one side needs no longer is there when the other side put something into it.
        let needed = matches!(spot, Spot::Key(path) if r.is_some() && is_used(result, path));
        prop_assert!(three_way || needed, "{:?}: {:?} {:?} {:?} became {:?}", spot, b, t, m, r);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_item_is_merged_and_what_is_overridden_is_said(
        [base, theirs, mine] in three(),
        (registry, files) in defaults(),
        seed in 0_u8..9,
    ) {
        let merged = merge(Some(&base), &theirs, &mine, &of_seed(seed));
        let [b, t, m, r] = [&base, &theirs, &mine, &merged.set].map(|set| profile(&registry, &files, set));
        check_items(&merged, [&b, &t, &m, &r])?;
    }

    #[test]
    fn a_side_that_changed_nothing_changes_nothing([base, theirs, mine] in three(), seed in 0_u8..9) {
        for (theirs, mine, changed) in [(&base, &mine, &mine), (&theirs, &base, &theirs)] {
            let merged = merge(Some(&base), theirs, mine, &of_seed(seed));
            prop_assert_eq!(&merged.set, changed);
            prop_assert_eq!(merged.overrides.total(), 0);
        }
        // Also when something else changed, so that each item is looked at.
        let theirs = with_another_file(&base);
        let merged = merge(Some(&base), &theirs, &mine, &of_seed(seed));
        prop_assert_eq!(&merged.set.registry, &mine.registry);
        let merged = merge(Some(&base), &mine, &theirs, &of_seed(seed));
        prop_assert_eq!(&merged.set.registry, &mine.registry);
        prop_assert_eq!(merged.overrides.total(), 0);
    }

    #[test]
    fn what_both_did_is_done_once(base in set(), both in set(), seed in 0_u8..9) {
        let merged = merge(Some(&base), &both, &both, &of_seed(seed));
        prop_assert_eq!(content(&merged.set), content(&both));
        prop_assert_eq!(merged.overrides.total(), 0);
    }

    #[test]
    fn the_sides_can_be_exchanged_with_the_preference([base, theirs, mine] in three(), seed in 0_u8..9) {
        let there = merge(Some(&base), &theirs, &mine, &of_seed(seed));
        let back = merge(Some(&base), &mine, &theirs, &|item| other(of_seed(seed)(item)));
        prop_assert_eq!(content(&there.set), content(&back.set));
        prop_assert_eq!(there.overrides.mine_overridden, back.overrides.theirs_overridden);
        prop_assert_eq!(there.overrides.theirs_overridden, back.overrides.mine_overridden);
        let mirrored: Vec<_> = back.overrides.named.into_iter().map(|one| Override {
            theirs: one.mine,
            mine: one.theirs,
            kept: other(one.kept),
            place: one.place,
        }).collect();
        let places = |list: &[Override]| -> Vec<_> { list.iter().map(|one| upper(&one.place)).collect() };
        prop_assert_eq!(places(&there.overrides.named), places(&mirrored));
        for (a, b) in there.overrides.named.iter().zip(&mirrored) {
            prop_assert_eq!((&a.theirs, &a.mine, a.kept), (&b.theirs, &b.mine, b.kept));
        }
    }

    /// As when a merge was stored and its acknowledgement was lost.
    #[test]
    fn merged_again_it_stays([base, theirs, mine] in three(), seed in 0_u8..9) {
        let merged = merge(Some(&base), &theirs, &mine, &of_seed(seed)).set;
        for from in [&base, &mine] {
            let again = merge(Some(from), &merged, &mine, &of_seed(seed)).set;
            prop_assert_eq!(content(&again), content(&merged));
        }
        let again = merge(Some(&theirs), &theirs, &merged, &of_seed(seed));
        prop_assert_eq!(content(&again.set), content(&merged));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Data sets of any shape, also such as no export makes.
    #[test]
    fn whatever_is_merged_can_be_packed(
        base in common::data_sets(),
        theirs in common::data_sets(),
        mine in common::data_sets(),
        seed in 0_u8..9,
    ) {
        let merged = merge(Some(&base), &theirs, &mine, &of_seed(seed));
        prop_assert!(merged.overrides.named.len() <= MAX_OVERRIDES.min(merged.overrides.total()));
        let again = common::decoded(&common::encoded(&merged.set));
        prop_assert_eq!(&again, &merged.set);
    }
}
