//! What an import has done that was cut off: the process ended in its midst, and the profile holds a part of it.
//!
//! Taken for what the session did, it would be kept from the data set that is imported next, and exported over it.

use mp_dataset::DataSet;
use mp_registry::{KeyAction, KeyEdit, Name, ValueEdit};

use crate::{Baseline, session_changes::is_wanted, sets::file_key};

impl Baseline {
    /// This picture as an import of these data sets has left it that was cut off, as far as a later picture shows. Where that
    /// is as a data set wants it, the import has made it so; what else is different the session did.
    #[must_use]
    pub fn as_left_by(&self, sets: &[&DataSet], now: &Self) -> Self {
        let mut left = self.clone();
        for set in sets {
            let registry = left_by(Some(&left.registry), Some(&now.registry), &set.registry);
            left.registry = registry.unwrap_or_else(KeyEdit::root);
            for entry in &set.files {
                let Some(key) = file_key(&entry.path) else { continue };
                let found = now.file(&key);
                if is_wanted(found, &entry.change) {
                    left.set_file(key, found.cloned());
                }
            }
        }
        left
    }
}

fn left_by(before: Option<&KeyEdit>, now: Option<&KeyEdit>, edit: &KeyEdit) -> Option<KeyEdit> {
    if edit.action == KeyAction::Delete {
        return common(before, now);
    }
    let Some(now) = now else { return before.cloned() };
    let anew = edit.action == KeyAction::Replace;
    let mut left = before.cloned().unwrap_or_else(|| KeyEdit::new(now.name.clone(), now.action));
    let value = |name: &Name| {
        let (was, is) = (before.and_then(|key| key.value(name)), now.value(name));
        let is_wanted = match edit.value(name) {
            Some(wanted @ ValueEdit::Set(_)) => is == Some(wanted),
            Some(ValueEdit::Delete(_)) => is.is_none(),
            None => anew && is.is_none(),
        };
        if is_wanted { is.cloned() } else { was.cloned() }
    };
    let subkey = |name: &Name| {
        let (was, is) = (before.and_then(|key| key.subkey(name)), now.subkey(name));
        match edit.subkey(name) {
            Some(edit) => left_by(was, is, edit),
            None if anew => common(was, is),
            None => was.cloned(),
        }
    };
    let values = names(before, now, |key| key.values().iter().map(ValueEdit::name).collect());
    let subkeys = names(before, now, |key| key.subkeys().iter().map(|below| &below.name).collect());
    let (values, subkeys) =
        (values.into_iter().filter_map(value).collect(), subkeys.into_iter().filter_map(subkey).collect());
    left.replace_values(values);
    left.replace_subkeys(subkeys);
    Some(left)
}

/// The names of what either of two keys holds.
fn names<'a>(
    before: Option<&'a KeyEdit>,
    now: &'a KeyEdit,
    of: impl Fn(&'a KeyEdit) -> Vec<&'a Name>,
) -> Vec<&'a Name> {
    let mut names = before.map(&of).unwrap_or_default();
    names.extend(of(now));
    names.sort_by(|a, b| a.fold_cmp(b));
    names.dedup_by(|a, b| a.same(b));
    names
}

/// What of a key that was to be deleted is still there.
fn common(before: Option<&KeyEdit>, now: Option<&KeyEdit>) -> Option<KeyEdit> {
    let (before, now) = (before?, now?);
    let mut left = before.clone();
    let values = before.values().iter().filter(|value| now.value(value.name()).is_some());
    left.replace_values(values.cloned().collect());
    let subkeys = before.subkeys().iter();
    left.replace_subkeys(subkeys.filter_map(|below| common(Some(below), now.subkey(&below.name))).collect());
    Some(left)
}
