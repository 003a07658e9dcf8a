use std::cmp::Ordering;

use mp_registry::{KeyEdit, KeyPath, ValueEdit};

use crate::{DataSet, FileEntry};

/// What differs between two data sets: of keys, values and files.
///
/// Names are compared as Windows compares them. Origins, last write times of keys and the spelling of names do not count.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DataSetDiff<'a> {
    /// Keys that differ themselves or in their values, in pre-order; a key that is only in one set is followed by all below.
    pub keys: Vec<KeyDiff<'a>>,
    /// Files that differ in content, metadata or in being deleted, in order.
    pub files: Vec<Change<&'a FileEntry>>,
}

/// What differs about one key, not counting what is below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyDiff<'a> {
    /// Where, from the user's root.
    pub path: KeyPath,
    /// The key itself: only in one of the sets, or with another action or class name.
    pub key: Option<Change<&'a KeyEdit>>,
    /// Value edits that differ, tombstones included, in order.
    pub values: Vec<Change<&'a ValueEdit>>,
}

/// How something differs between an old and a new data set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change<T> {
    /// Only the new one has it.
    Added(T),
    /// Only the old one has it.
    Removed(T),
    /// Both have it, differently.
    Changed {
        /// As in the old one.
        old: T,
        /// As in the new one.
        new: T,
    },
}

/// How many changes a [`DataSetDiff`] has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DiffCounts {
    /// Of keys themselves.
    pub keys: ChangeCounts,
    /// Of values.
    pub values: ChangeCounts,
    /// Of files.
    pub files: ChangeCounts,
}

/// Changes by kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChangeCounts {
    /// Only in the new one.
    pub added: usize,
    /// Only in the old one.
    pub removed: usize,
    /// Different.
    pub changed: usize,
}

/// What differs from `old` to `new`.
#[must_use]
pub fn diff<'a>(old: &'a DataSet, new: &'a DataSet) -> DataSetDiff<'a> {
    let mut found = DataSetDiff::default();
    diff_keys(Some(&old.registry), Some(&new.registry), &mut KeyPath::root(), &mut found.keys);
    let files = pairs(&old.files, &new.files, |a, b| a.path.fold_cmp(&b.path));
    found.files = files.filter_map(|(a, b)| change(a, b, same_file)).collect();
    found
}

impl<T> Change<T> {
    /// As in the old data set, if it is there.
    #[must_use]
    pub fn before(&self) -> Option<&T> {
        match self {
            Self::Added(_) => None,
            Self::Removed(old) | Self::Changed { old, .. } => Some(old),
        }
    }

    /// As in the new data set, if it is there.
    #[must_use]
    pub fn after(&self) -> Option<&T> {
        match self {
            Self::Removed(_) => None,
            Self::Added(new) | Self::Changed { new, .. } => Some(new),
        }
    }
}

impl DataSetDiff<'_> {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.files.is_empty()
    }

    /// The number of changes.
    #[must_use]
    pub fn counts(&self) -> DiffCounts {
        let mut counts = DiffCounts::default();
        for key in &self.keys {
            key.key.iter().for_each(|change| counts.keys.count(change));
            key.values.iter().for_each(|change| counts.values.count(change));
        }
        self.files.iter().for_each(|change| counts.files.count(change));
        counts
    }
}

impl ChangeCounts {
    fn count<T>(&mut self, change: &Change<T>) {
        match change {
            Change::Added(_) => self.added += 1,
            Change::Removed(_) => self.removed += 1,
            Change::Changed { .. } => self.changed += 1,
        }
    }
}

fn diff_keys<'a>(
    old: Option<&'a KeyEdit>,
    new: Option<&'a KeyEdit>,
    path: &mut KeyPath,
    found: &mut Vec<KeyDiff<'a>>,
) {
    let values = |key: Option<&'a KeyEdit>| key.map_or(&[][..], KeyEdit::values);
    let subkeys = |key: Option<&'a KeyEdit>| key.map_or(&[][..], KeyEdit::subkeys);
    let key = change(old, new, |a, b| a.action == b.action && a.class == b.class);
    let values = pairs(values(old), values(new), |a, b| a.name().fold_cmp(b.name()));
    let values: Vec<_> = values.filter_map(|(a, b)| change(a, b, same_value)).collect();
    if key.is_some() || !values.is_empty() {
        found.push(KeyDiff { path: path.clone(), key, values });
    }
    for (a, b) in pairs(subkeys(old), subkeys(new), |a, b| a.name.fold_cmp(&b.name)) {
        let Some(either) = b.or(a) else { continue };
        path.push(either.name.clone());
        diff_keys(a, b, path, found);
        path.pop();
    }
}

fn same_value(a: &ValueEdit, b: &ValueEdit) -> bool {
    match (a, b) {
        (ValueEdit::Set(a), ValueEdit::Set(b)) => a.ty == b.ty && a.data == b.data,
        (ValueEdit::Delete(_), ValueEdit::Delete(_)) => true,
        _ => false,
    }
}

fn same_file(a: &FileEntry, b: &FileEntry) -> bool {
    a.change == b.change && a.unknown == b.unknown
}

fn change<'a, T>(
    old: Option<&'a T>,
    new: Option<&'a T>,
    same: impl Fn(&T, &T) -> bool,
) -> Option<Change<&'a T>> {
    match (old, new) {
        (Some(old), Some(new)) => (!same(old, new)).then_some(Change::Changed { old, new }),
        (Some(old), None) => Some(Change::Removed(old)),
        (None, Some(new)) => Some(Change::Added(new)),
        (None, None) => None,
    }
}

/// Walks two sorted slices side by side.
pub(crate) fn pairs<'a, T>(
    mut old: &'a [T],
    mut new: &'a [T],
    order: impl Fn(&T, &T) -> Ordering,
) -> impl Iterator<Item = (Option<&'a T>, Option<&'a T>)> {
    std::iter::from_fn(move || {
        let ordering = match (old.first(), new.first()) {
            (Some(a), Some(b)) => order(a, b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let a = if ordering.is_le() { old.split_off_first() } else { None };
        let b = if ordering.is_ge() { new.split_off_first() } else { None };
        Some((a, b))
    })
}
