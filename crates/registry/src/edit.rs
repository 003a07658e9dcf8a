use std::cmp::Ordering;

use crate::{FileTime, Key, KeyPath, Name, Value, key::find};

/// What an edit does to a key before its values and sub-keys are edited.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum KeyAction {
    /// The key must exist: it is created if it is not there, and keeps what it holds.
    #[default]
    Ensure,
    /// The key is only passed through: if it is not there, nothing below it is done.
    Pass,
    /// The key and all below it is deleted. Such an edit has no values and no sub-keys.
    Delete,
    /// The key and all below it is deleted, then created anew.
    Replace,
}

/// What an edit does to one value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ValueEdit {
    /// The value gets this type and these data.
    Set(Value),
    /// The value is deleted if it is there.
    Delete(Name),
}

impl ValueEdit {
    /// Name of the value.
    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            Self::Set(value) => &value.name,
            Self::Delete(name) => name,
        }
    }
}

/// A tree of edits: what to create, set and delete below some root.
///
/// It is the common form of everything that changes a registry: the content of a data set (whose deletions are
/// tombstones), a `.reg` file, a difference between two trees, registry tasks and policies. Values and sub-keys are kept
/// sorted by folded name, with one edit per name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeyEdit {
    /// Name of the key; empty for the root.
    pub name: Name,
    /// What happens to the key itself.
    pub action: KeyAction,
    /// Class name for a key that is created.
    pub class: Option<Name>,
    /// Last write time of the key this was taken from; 0 when unknown. Informative only.
    pub last_write: FileTime,
    values: Vec<ValueEdit>,
    subkeys: Vec<KeyEdit>,
}

impl KeyEdit {
    /// An edit that does `action` to a key and nothing else.
    #[must_use]
    pub fn new(name: impl Into<Name>, action: KeyAction) -> Self {
        Self { name: name.into(), action, ..Self::default() }
    }

    /// A root that only passes through to its sub-keys.
    #[must_use]
    pub fn root() -> Self {
        Self::new(Name::default(), KeyAction::Pass)
    }

    /// The edits that write a whole tree, keeping what else is there. Symbolic links below the key are left out. Of two
    /// values or sub-keys of one name, as in damaged hives, the first is written: it is the one that look-up finds.
    #[must_use]
    pub fn write(key: &Key) -> Self {
        let values = firsts(key.values(), |value| &value.name).cloned().map(ValueEdit::Set);
        let subkeys = firsts(key.subkeys(), |below| &below.name).filter(|below| !below.link).map(Self::write);
        Self {
            name: key.name.clone(),
            action: KeyAction::Ensure,
            class: key.class.clone(),
            last_write: key.last_write,
            values: values.collect(),
            subkeys: subkeys.collect(),
        }
    }

    /// The edits of this key's values, in order.
    #[must_use]
    pub fn values(&self) -> &[ValueEdit] {
        &self.values
    }

    /// The edits of this key's sub-keys, in order.
    #[must_use]
    pub fn subkeys(&self) -> &[Self] {
        &self.subkeys
    }

    /// Takes value edits in any order; of one name the last counts.
    pub fn replace_values(&mut self, mut values: Vec<ValueEdit>) {
        order_by_name(&mut values, |a, b| a.name().fold_cmp(b.name()));
        self.values = values;
    }

    /// Takes sub-key edits in any order; of one name the last counts.
    pub fn replace_subkeys(&mut self, mut subkeys: Vec<Self>) {
        order_by_name(&mut subkeys, |a, b| a.name.fold_cmp(&b.name));
        self.subkeys = subkeys;
    }

    /// Gives value and sub-key edits away.
    #[must_use]
    pub fn into_parts(self) -> (Vec<ValueEdit>, Vec<Self>) {
        (self.values, self.subkeys)
    }

    /// Adds an edit of a value; an earlier one of that name is replaced.
    pub fn edit_value(&mut self, edit: ValueEdit) {
        match find(&self.values, |existing| existing.name().fold_cmp(edit.name())) {
            Ok(index) => self.values[index] = edit,
            Err(index) => self.values.insert(index, edit),
        }
    }

    /// The edit of one value, if there is one.
    #[must_use]
    pub fn value(&self, name: &Name) -> Option<&ValueEdit> {
        find(&self.values, |edit| edit.name().fold_cmp(name)).ok().map(|index| &self.values[index])
    }

    /// The edit of a sub-key, if there is one.
    #[must_use]
    pub fn subkey(&self, name: &Name) -> Option<&Self> {
        find(&self.subkeys, |edit| edit.name.fold_cmp(name)).ok().map(|index| &self.subkeys[index])
    }

    /// The edit at a path below this one, if there is one.
    #[must_use]
    pub fn at(&self, path: &KeyPath) -> Option<&Self> {
        path.names().iter().try_fold(self, |edit, name| edit.subkey(name))
    }

    /// The edit of a sub-key; one with `otherwise` as its action is added if there is none.
    pub fn subkey_or(&mut self, name: &Name, otherwise: KeyAction) -> &mut Self {
        let index = match find(&self.subkeys, |edit| edit.name.fold_cmp(name)) {
            Ok(index) => index,
            Err(index) => {
                self.subkeys.insert(index, Self::new(name.clone(), otherwise));
                index
            }
        };
        &mut self.subkeys[index]
    }

    /// The edit at a path below this one; edits that pass through are added on the way.
    ///
    /// None on the way may delete its key, below which there is nothing to pass to. Whether such an edit is to become
    /// [`KeyAction::Replace`] first depends on whether the caller creates something.
    pub fn at_or_pass(&mut self, path: &KeyPath) -> &mut Self {
        path.names().iter().fold(self, |edit, name| {
            debug_assert_ne!(edit.action, KeyAction::Delete, "nothing is edited below a key that is deleted");
            edit.subkey_or(name, KeyAction::Pass)
        })
    }

    /// Puts an edit of a sub-key in place of any earlier one of that name.
    pub fn insert_subkey(&mut self, edit: Self) {
        match find(&self.subkeys, |existing| existing.name.fold_cmp(&edit.name)) {
            Ok(index) => self.subkeys[index] = edit,
            Err(index) => self.subkeys.insert(index, edit),
        }
    }

    /// Makes the keys be created that are passed through on the way to a value or key that is written, so that the edits
    /// no longer depend on what is there. Keys that only lead to deleted keys stay passed through.
    pub fn ensure_passed(&mut self) {
        self.subkeys.iter_mut().for_each(Self::ensure_passed);
        let ensures = |below: &Self| matches!(below.action, KeyAction::Ensure | KeyAction::Replace);
        if self.action == KeyAction::Pass && (!self.values.is_empty() || self.subkeys.iter().any(ensures)) {
            self.action = KeyAction::Ensure;
        }
    }

    /// Keeps the sub-key edits of which `keep` says so; it may change them, but for their names.
    pub fn retain_subkeys(&mut self, keep: impl FnMut(&mut Self) -> bool) {
        self.subkeys.retain_mut(keep);
    }

    /// Whether applying it can change anything at all.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        self.action == KeyAction::Pass && self.values.is_empty() && self.subkeys.iter().all(Self::is_noop)
    }

    /// Number of keys touched (passed ones left out), values set, and tombstones of keys and values.
    #[must_use]
    pub fn counts(&self) -> EditCounts {
        let mut counts = EditCounts::default();
        self.count_into(&mut counts);
        counts
    }

    fn count_into(&self, counts: &mut EditCounts) {
        match self.action {
            KeyAction::Ensure | KeyAction::Replace => counts.keys += 1,
            KeyAction::Delete => counts.deleted_keys += 1,
            KeyAction::Pass => {}
        }
        for value in &self.values {
            match value {
                ValueEdit::Set(value) => {
                    counts.values += 1;
                    counts.data_bytes += value.data.len();
                }
                ValueEdit::Delete(_) => counts.deleted_values += 1,
            }
        }
        for below in &self.subkeys {
            below.count_into(counts);
        }
    }

    /// The part of these edits that would change `live`: what is already so is left out.
    #[must_use]
    pub fn against(&self, live: Option<&Key>) -> Self {
        let mut needed = Self {
            name: self.name.clone(),
            action: KeyAction::Pass,
            class: self.class.clone(),
            ..Self::default()
        };
        match (self.action, live) {
            (KeyAction::Delete, Some(_)) => needed.action = KeyAction::Delete,
            (KeyAction::Delete | KeyAction::Pass, None) => {}
            (KeyAction::Replace, Some(_)) => {
                return self.clone();
            }
            (KeyAction::Ensure | KeyAction::Replace, None) => {
                needed.action = KeyAction::Ensure;
                needed.values =
                    self.values.iter().filter(|edit| matches!(edit, ValueEdit::Set(_))).cloned().collect();
                needed.subkeys = self.below_against(None);
            }
            (KeyAction::Ensure | KeyAction::Pass, Some(live)) => {
                needed.values = self.values.iter().filter(|edit| changes(edit, live)).cloned().collect();
                needed.subkeys = self.below_against(Some(live));
            }
        }
        needed
    }

    fn below_against(&self, live: Option<&Key>) -> Vec<Self> {
        let below = self.subkeys.iter().map(|edit| edit.against(live.and_then(|key| key.subkey(&edit.name))));
        below.filter(|edit| !edit.is_noop()).collect()
    }
}

fn changes(edit: &ValueEdit, live: &Key) -> bool {
    match edit {
        ValueEdit::Set(value) => {
            live.value(&value.name).is_none_or(|now| now.ty != value.ty || now.data != value.data)
        }
        ValueEdit::Delete(name) => live.value(name).is_some(),
    }
}

/// Sorts; of equal items the last stays. Nearly all lists come in order, each name once.
fn order_by_name<T>(items: &mut Vec<T>, order: impl Fn(&T, &T) -> Ordering) {
    if items.is_sorted_by(|a, b| order(a, b).is_lt()) {
        return;
    }
    items.sort_by(&order);
    items.reverse();
    items.dedup_by(|later, kept| order(later, kept).is_eq());
    items.reverse();
}

/// What a tree of edits holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EditCounts {
    /// Keys ensured or replaced.
    pub keys: usize,
    /// Values set.
    pub values: usize,
    /// Bytes of the values set.
    pub data_bytes: usize,
    /// Keys deleted.
    pub deleted_keys: usize,
    /// Values deleted.
    pub deleted_values: usize,
}

/// The edits that turn one tree into another. What is a symbolic link in either is left alone; of two values or sub-keys
/// of one name, as in damaged hives, the first counts.
#[must_use]
pub fn diff(from: &Key, to: &Key) -> KeyEdit {
    let mut edit = KeyEdit { last_write: to.last_write, ..KeyEdit::new(to.name.clone(), KeyAction::Pass) };
    let set = firsts(to.values(), |value| &value.name).cloned().map(ValueEdit::Set);
    let gone = from.values().iter().filter(|value| to.value(&value.name).is_none());
    let gone = gone.map(|value| ValueEdit::Delete(value.name.clone()));
    edit.replace_values(set.filter(|set| changes(set, from)).chain(gone).collect());

    let mut subkeys = Vec::new();
    for key in firsts(to.subkeys(), |key| &key.name).filter(|key| !key.link) {
        match from.subkey(&key.name) {
            Some(before) if before.link => {}
            Some(before) => subkeys.push(diff(before, key)),
            None => subkeys.push(KeyEdit::write(key)),
        }
    }
    let gone = from.subkeys().iter().filter(|key| !key.link && to.subkey(&key.name).is_none());
    subkeys.extend(gone.map(|key| KeyEdit::new(key.name.clone(), KeyAction::Delete)));
    edit.replace_subkeys(subkeys);
    edit.subkeys.retain(|below| !below.is_noop());
    edit
}

/// Of items sorted by name, those that look-up finds: the first of each name.
fn firsts<T>(sorted: &[T], name: impl Fn(&T) -> &Name) -> impl Iterator<Item = &T> {
    let first = move |index: usize, item: &T| index == 0 || !name(&sorted[index - 1]).same(name(item));
    sorted.iter().enumerate().filter(move |(index, item)| first(*index, item)).map(|(_, item)| item)
}
