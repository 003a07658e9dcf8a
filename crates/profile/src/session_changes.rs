//! What a session has changed since its logon, and a data set without that.

use mp_dataset::DataSet;
use mp_registry::{KeyAction, KeyEdit};

use crate::{Baseline, sets::file_key};

/// What differs between two pictures of the places that are kept.
#[derive(Clone, Copy, Debug)]
pub struct SessionChanges<'a> {
    before: &'a Baseline,
    now: &'a Baseline,
}

impl<'a> SessionChanges<'a> {
    /// What was changed between two pictures, taken by the same rules.
    #[must_use]
    pub fn between(before: &'a Baseline, now: &'a Baseline) -> Self {
        Self { before, now }
    }

    /// Whether nothing was changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        alike(Some(&self.before.registry), Some(&self.now.registry)) && self.before.same_files(self.now)
    }

    /// The data set without what it says about anything that was changed. A key that was deleted is left out with all
    /// below it; a key below which something was changed is not deleted.
    #[must_use]
    pub fn without(&self, set: &DataSet) -> DataSet {
        let mut left = DataSet { registry: KeyEdit::root(), ..set.clone() };
        left.registry = unchanged(&set.registry, Some(&self.before.registry), Some(&self.now.registry));
        let files = set.files.iter().filter(|entry| match file_key(&entry.path) {
            Some(key) => self.before.file(&key) == self.now.file(&key),
            None => true,
        });
        left.replace_files(files.cloned().collect());
        left
    }
}

/// Whether two pictures of a key hold the same. A key whose value was written again with what it held has another time only.
fn alike(before: Option<&KeyEdit>, now: Option<&KeyEdit>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => {
            before.name.same(&now.name)
                && before.values() == now.values()
                && before.subkeys().len() == now.subkeys().len()
                && before.subkeys().iter().zip(now.subkeys()).all(|(a, b)| alike(Some(a), Some(b)))
        }
        (None, None) => true,
        _ => false,
    }
}

fn unchanged(edit: &KeyEdit, before: Option<&KeyEdit>, now: Option<&KeyEdit>) -> KeyEdit {
    if alike(before, now) {
        return edit.clone();
    }
    let destroys = matches!(edit.action, KeyAction::Delete | KeyAction::Replace);
    let mut left = KeyEdit::new(edit.name.clone(), if destroys { KeyAction::Pass } else { edit.action });
    if before.is_some() && now.is_none() {
        left.action = KeyAction::Pass;
        return left;
    }
    let same = |name| {
        let in_picture = |picture: Option<&'_ KeyEdit>| picture.and_then(|key| key.value(name)).cloned();
        in_picture(before) == in_picture(now)
    };
    left.replace_values(edit.values().iter().filter(|value| same(value.name())).cloned().collect());
    let below = edit.subkeys().iter().map(|subkey| {
        let in_picture =
            |picture: Option<&'_ KeyEdit>| picture.and_then(|key| key.subkey(&subkey.name)).cloned();
        unchanged(subkey, in_picture(before).as_ref(), in_picture(now).as_ref())
    });
    left.replace_subkeys(below.collect());
    left
}
