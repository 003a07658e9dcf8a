//! What a session has changed since its logon, and a data set without that.

use mp_dataset::{DataSet, FileChange};
use mp_registry::{KeyAction, KeyEdit, KeyPath, ValueEdit};

use crate::{Baseline, FoundFile, NoteCode, Notes, rules::value_place, sets::file_key};

/// Why something of a data set is not imported.
const WHY: &str = "the session has changed it before it could be imported, and its content stays";

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
    /// below it; a key below which something was changed is not deleted. What has another content than the set wants is noted.
    #[must_use]
    pub fn without(&self, set: &DataSet, notes: &mut Notes) -> DataSet {
        let mut left = DataSet { registry: KeyEdit::root(), ..set.clone() };
        let (before, now) = (Some(&self.before.registry), Some(&self.now.registry));
        left.registry = unchanged(&set.registry, before, now, &mut KeyPath::root(), notes);
        let mut files = set.files.clone();
        files.retain(|entry| {
            let Some(key) = file_key(&entry.path) else { return true };
            let (before, now) = (self.before.file(&key), self.now.file(&key));
            let same = before == now;
            if !same && !is_wanted(now, &entry.change) {
                notes.add(NoteCode::ChangedBefore, entry.path.to_string(), WHY);
            }
            same
        });
        left.replace_files(files);
        left
    }
}

/// Whether a file seems to be as a data set wants it.
pub(crate) fn is_wanted(found: Option<&FoundFile>, change: &FileChange) -> bool {
    match (found, change) {
        (Some(found), FileChange::Present(content)) => {
            found.modified == content.modified && usize::try_from(found.len) == Ok(content.bytes.len())
        }
        (None, FileChange::Deleted) => true,
        _ => false,
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

fn unchanged(
    edit: &KeyEdit,
    before: Option<&KeyEdit>,
    now: Option<&KeyEdit>,
    path: &mut KeyPath,
    notes: &mut Notes,
) -> KeyEdit {
    if alike(before, now) {
        return edit.clone();
    }
    let destroys = matches!(edit.action, KeyAction::Delete | KeyAction::Replace);
    let mut left = edit.clone();
    if destroys {
        left.action = KeyAction::Pass;
    }
    let deleted = before.is_some() && now.is_none();
    if (destroys && now.is_some()) || (deleted && edit.action != KeyAction::Delete) {
        notes.add(NoteCode::ChangedBefore, format!("HKCU\\{path}"), WHY);
    }
    if deleted {
        return KeyEdit::new(edit.name.clone(), KeyAction::Pass);
    }
    let mut values = edit.values().to_vec();
    values.retain(|value| {
        let in_picture = |picture: Option<&KeyEdit>| picture.and_then(|key| key.value(value.name())).cloned();
        let (before, now) = (in_picture(before), in_picture(now));
        let same = before == now;
        let is_wanted = match (&now, value) {
            (Some(now), wanted) => now == wanted,
            (None, wanted) => matches!(wanted, ValueEdit::Delete(_)),
        };
        if !same && !is_wanted {
            notes.add(NoteCode::ChangedBefore, value_place(path, value.name()), WHY);
        }
        same
    });
    left.replace_values(values);
    let mut subkeys = Vec::new();
    for subkey in edit.subkeys() {
        path.push(subkey.name.clone());
        let below = |picture: Option<&'_ KeyEdit>| picture.and_then(|key| key.subkey(&subkey.name)).cloned();
        subkeys.push(unchanged(subkey, below(before).as_ref(), below(now).as_ref(), path, notes));
        path.pop();
    }
    left.replace_subkeys(subkeys);
    left
}
