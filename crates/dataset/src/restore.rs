//! Bringing a part of a former data set back: the present one, in which what is selected is as it was.

mod selection;

use mp_registry::{KeyAction, KeyEdit, KeyPath, Name, ValueEdit};

use crate::{DataSet, diff::pairs, merge::exists};
pub use selection::{Cover, Selected, Selection};

/// The present data set with what is selected as the former one has it: values, keys and files, deletions, and what it says
/// nothing of, which then is as the mandatory profile has it. `current` is `None` when there is none any more.
///
/// What is not selected stays, with what has to exist for what is brought back: the keys above it. Two things cannot be said
/// in a data set. In a key that the present one made anew, nothing can be as the mandatory profile has it: it is absent.
/// And a former one that deleted a key, or made it anew, deleted also what the mandatory profile holds there; a selection of
/// a part of that key brings back the deletion of what is named in one of the two.
#[must_use]
pub fn restore(current: Option<&DataSet>, former: &DataSet, selection: &dyn Selection) -> DataSet {
    let nothing = DataSet {
        origin: former.origin.clone(),
        registry: KeyEdit::root(),
        unknown: former.unknown.clone(),
        ..DataSet::default()
    };
    let current = current.unwrap_or(&nothing);
    let mut part = Restoring { selection, path: KeyPath::root() };
    let root = KeyEdit::root();
    let registry =
        part.key((Some(&current.registry), Some(&former.registry)), &root.name, Cleared::default());
    let files = pairs(&current.files, &former.files, |a, b| a.path.fold_cmp(&b.path));
    let files = files.filter_map(|(now, then)| {
        let path = &now.or(then)?.path;
        if selection.file(path) { then.cloned() } else { now.cloned() }
    });
    DataSet {
        origin: current.origin.clone(),
        registry: registry.unwrap_or(root),
        files: files.collect(),
        unknown: current.unknown.clone(),
    }
}

/// What the two data sets say of one key.
type Two<'a> = (Option<&'a KeyEdit>, Option<&'a KeyEdit>);

/// Whether a key above was deleted or made anew, so that what is not mentioned is not there.
#[derive(Clone, Copy, Default)]
struct Cleared {
    now: bool,
    then: bool,
}

struct Restoring<'a> {
    selection: &'a dyn Selection,
    path: KeyPath,
}

impl Restoring<'_> {
    /// The key that `self.path` names.
    fn key(&mut self, (now, then): Two<'_>, name: &Name, cleared: Cleared) -> Option<KeyEdit> {
        match self.selection.key(&self.path) {
            Cover::Nothing => now.cloned(),
            Cover::All => placed(by_itself(then, name, cleared.then), cleared.now),
            Cover::Part => self.part((now, then), name, cleared),
        }
    }

    /// A key of which the selection holds some.
    fn part(&mut self, (now, then): Two<'_>, name: &Name, cleared: Cleared) -> Option<KeyEdit> {
        let present = |edit: &&KeyEdit| edit.action != KeyAction::Delete;
        let within = Cleared { now: cleared.now || clears(now), then: cleared.then || clears(then) };
        let mut made = now.map_or_else(|| KeyEdit::new(name, KeyAction::Pass), bare);
        let sides = (now.filter(present), then.filter(present));
        made.replace_values(self.values(sides, within));
        made.replace_subkeys(self.subkeys(sides, within));

        let own = self.selection.holds_key(&self.path);
        let existed = then.is_some_and(exists);
        let ensures = then.is_some_and(|edit| matches!(edit.action, KeyAction::Ensure | KeyAction::Replace));
        let written = made.values().iter().any(|value| matches!(value, ValueEdit::Set(_)))
            || made.subkeys().iter().any(exists);
        let needed = written || (own && existed);
        if own && existed || (now.is_none_or(|now| now.action == KeyAction::Delete) && needed && ensures) {
            made.class = then.and_then(|edit| edit.class.clone());
        }
        made.action = match now.map(|edit| edit.action) {
            Some(KeyAction::Delete) if needed => KeyAction::Replace,
            Some(KeyAction::Delete) => return now.cloned(),
            None if cleared.now && !needed => return None,
            None | Some(KeyAction::Pass) if own && existed && !name.is_empty() => KeyAction::Ensure,
            None if written && ensures && !name.is_empty() => KeyAction::Ensure,
            None => KeyAction::Pass,
            Some(action) => action,
        };
        (!made.is_noop()).then_some(made)
    }

    fn values(&self, (now, then): Two<'_>, within: Cleared) -> Vec<ValueEdit> {
        let [now, then] = [now, then].map(|key| key.map_or(&[][..], KeyEdit::values));
        let both = pairs(now, then, |a, b| a.name().fold_cmp(b.name()));
        let mut both: Vec<_> = both.filter_map(|(a, b)| Some((a.or(b)?.name(), a, b))).collect();
        let named = self.selection.named_value(&self.path);
        both.extend(
            named.filter(|name| !both.iter().any(|(of, ..)| of.same(name))).map(|name| (name, None, None)),
        );
        let chosen = both.into_iter().filter_map(|(name, now, then)| {
            if !self.selection.value(&self.path, name) {
                return now.cloned();
            }
            let deleted = || within.then.then(|| ValueEdit::Delete(name.clone()));
            let then = then.cloned().or_else(deleted)?;
            // Where everything is new a tombstone says nothing.
            (!within.now || matches!(then, ValueEdit::Set(_))).then_some(then)
        });
        chosen.collect()
    }

    fn subkeys(&mut self, (now, then): Two<'_>, within: Cleared) -> Vec<KeyEdit> {
        let [now, then] = [now, then].map(|key| key.map_or(&[][..], KeyEdit::subkeys));
        let both = pairs(now, then, |a, b| a.name.fold_cmp(&b.name));
        let mut both: Vec<_> = both.filter_map(|(a, b)| Some((a.or(b)?.name.clone(), a, b))).collect();
        let named = self.selection.named_key(&self.path).cloned();
        both.extend(
            named.filter(|name| !both.iter().any(|(of, ..)| of.same(name))).map(|name| (name, None, None)),
        );
        let mut made = Vec::new();
        for (name, now, then) in both {
            self.path.push(name.clone());
            made.extend(self.key((now, then), &name, within));
            self.path.pop();
        }
        made
    }
}

/// Whether an edit takes away what the key held.
fn clears(edit: Option<&KeyEdit>) -> bool {
    edit.is_some_and(|edit| matches!(edit.action, KeyAction::Delete | KeyAction::Replace))
}

/// An edit of a key that says of itself what it says in its place.
fn by_itself(edit: Option<&KeyEdit>, name: &Name, cleared: bool) -> Option<KeyEdit> {
    match edit {
        Some(edit) if !cleared => Some(edit.clone()),
        Some(edit) if exists(edit) => {
            let mut edit = edit.clone();
            edit.action = KeyAction::Replace;
            Some(edit)
        }
        None if !cleared => None,
        _ => Some(KeyEdit::new(name, KeyAction::Delete)),
    }
}

/// An edit that says everything of itself, in a place where a key above may be made anew.
fn placed(edit: Option<KeyEdit>, cleared: bool) -> Option<KeyEdit> {
    let mut edit = edit?;
    match edit.action {
        _ if !cleared => Some(edit),
        KeyAction::Replace => {
            edit.action = KeyAction::Ensure;
            Some(edit)
        }
        _ => exists(&edit).then_some(edit),
    }
}

/// The edit of a key itself.
fn bare(edit: &KeyEdit) -> KeyEdit {
    let mut bare = KeyEdit::new(&edit.name, edit.action);
    bare.class.clone_from(&edit.class);
    bare.last_write = edit.last_write;
    bare
}
