//! Which of three states of one item counts.

use std::cmp::Ordering;

use super::Side;

/// What three states of an item say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// Only this side changed it.
    Only(Side),
    /// Both sides mean the same.
    Either,
    /// Both sides changed it differently.
    Conflict,
}

/// Compares the states of an item. `same` tells whether two states mean the same though they need not be equal, as two
/// spellings of a name; a side that did not even touch the form yields to one that did.
pub(super) fn choose<T: PartialEq>(base: T, theirs: T, mine: T, same: impl Fn(&T, &T) -> bool) -> Choice {
    if theirs == base {
        Choice::Only(Side::Mine)
    } else if mine == base {
        Choice::Only(Side::Theirs)
    } else if same(&theirs, &mine) {
        Choice::Either
    } else if same(&theirs, &base) {
        Choice::Only(Side::Mine)
    } else if same(&mine, &base) {
        Choice::Only(Side::Theirs)
    } else {
        Choice::Conflict
    }
}

/// One item of three lists: each list's own, where it has one.
pub(super) type Triple<'a, T> = (Option<&'a T>, Option<&'a T>, Option<&'a T>);

/// Walks three sorted lists side by side.
pub(super) fn triples<'a, T>(
    mut base: &'a [T],
    mut theirs: &'a [T],
    mut mine: &'a [T],
    order: impl Fn(&T, &T) -> Ordering,
) -> impl Iterator<Item = Triple<'a, T>> {
    std::iter::from_fn(move || {
        let heads = [base.first(), theirs.first(), mine.first()];
        let next = heads.into_iter().flatten().min_by(|a, b| order(a, b))?;
        let take = |list: &mut &'a [T]| {
            let first = list.first().filter(|first| order(first, next).is_eq());
            first.inspect(|_| *list = &list[1..])
        };
        Some((take(&mut base), take(&mut theirs), take(&mut mine)))
    })
}
