use std::{cmp::Ordering, sync::Arc};

use crate::{FileTime, KeyPath, Name, Value};

/// One key with all that lies below it.
///
/// Sub-keys are kept in the kernel's order ([`Name::fold_cmp`]) and so are values: the order in which Windows enumerates
/// values carries no meaning, and sorted values make look-up, comparison and merging linear. Damaged hives hold two
/// sub-keys or values of one name; both are kept, and look-up finds the first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Key {
    /// Name; empty for a root.
    pub name: Name,
    /// Class name, if any.
    pub class: Option<Name>,
    /// Last write time; 0 when unknown.
    pub last_write: FileTime,
    /// Self-relative security descriptor, shared between the keys that have the same; `None` when unknown.
    pub security: Option<Arc<[u8]>>,
    /// Whether the key is a registry symbolic link (`KEY_SYM_LINK`); such keys never travel.
    pub link: bool,
    values: Vec<Value>,
    subkeys: Vec<Key>,
}

impl Key {
    /// An empty key.
    #[must_use]
    pub fn new(name: impl Into<Name>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The values, in order.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The sub-keys, in order.
    #[must_use]
    pub fn subkeys(&self) -> &[Self] {
        &self.subkeys
    }

    /// Takes values in any order. Of the same name all are kept, first one first.
    pub fn replace_values(&mut self, mut values: Vec<Value>) {
        sort_unless_sorted(&mut values, |a, b| a.name.fold_cmp(&b.name));
        self.values = values;
    }

    /// Takes sub-keys in any order. Of the same name all are kept, first one first.
    pub fn replace_subkeys(&mut self, mut subkeys: Vec<Self>) {
        sort_unless_sorted(&mut subkeys, |a, b| a.name.fold_cmp(&b.name));
        self.subkeys = subkeys;
    }

    /// Gives the values and sub-keys away.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Value>, Vec<Self>) {
        (self.values, self.subkeys)
    }

    /// A value by name.
    #[must_use]
    pub fn value(&self, name: &Name) -> Option<&Value> {
        find(&self.values, |value| value.name.fold_cmp(name)).ok().map(|index| &self.values[index])
    }

    /// Sets a value; an existing one of that name is replaced (and keeps the spelling of its name, as in Windows).
    pub fn set_value(&mut self, value: Value) {
        match find(&self.values, |existing| existing.name.fold_cmp(&value.name)) {
            Ok(index) => {
                self.values[index].ty = value.ty;
                self.values[index].data = value.data;
            }
            Err(index) => self.values.insert(index, value),
        }
    }

    /// Removes all values of that name; gives the first back if any was there.
    pub fn remove_value(&mut self, name: &Name) -> Option<Value> {
        remove_all(&mut self.values, |value| value.name.fold_cmp(name))
    }

    /// A sub-key by name.
    #[must_use]
    pub fn subkey(&self, name: &Name) -> Option<&Self> {
        find(&self.subkeys, |key| key.name.fold_cmp(name)).ok().map(|index| &self.subkeys[index])
    }

    /// A sub-key by name, to change.
    pub fn subkey_mut(&mut self, name: &Name) -> Option<&mut Self> {
        let index = find(&self.subkeys, |key| key.name.fold_cmp(name)).ok()?;
        Some(&mut self.subkeys[index])
    }

    /// The sub-key of that name, made if it is not there.
    pub fn ensure_subkey(&mut self, name: &Name) -> &mut Self {
        let index = match find(&self.subkeys, |key| key.name.fold_cmp(name)) {
            Ok(index) => index,
            Err(index) => {
                self.subkeys.insert(index, Self::new(name.clone()));
                index
            }
        };
        &mut self.subkeys[index]
    }

    /// Puts a whole key below this one; an existing one of that name is replaced and given back.
    pub fn insert_subkey(&mut self, key: Self) -> Option<Self> {
        match find(&self.subkeys, |existing| existing.name.fold_cmp(&key.name)) {
            Ok(index) => Some(std::mem::replace(&mut self.subkeys[index], key)),
            Err(index) => {
                self.subkeys.insert(index, key);
                None
            }
        }
    }

    /// Removes all sub-keys of that name with all below them; gives the first back if any was there.
    pub fn remove_subkey(&mut self, name: &Name) -> Option<Self> {
        remove_all(&mut self.subkeys, |key| key.name.fold_cmp(name))
    }

    /// The key at a path below this one.
    #[must_use]
    pub fn at(&self, path: &KeyPath) -> Option<&Self> {
        path.names().iter().try_fold(self, |key, name| key.subkey(name))
    }

    /// The key at a path below this one, to change.
    pub fn at_mut(&mut self, path: &KeyPath) -> Option<&mut Self> {
        path.names().iter().try_fold(self, |key, name| key.subkey_mut(name))
    }

    /// The key at a path below this one, made with all keys on the way if it is not there.
    pub fn ensure(&mut self, path: &KeyPath) -> &mut Self {
        path.names().iter().fold(self, |key, name| key.ensure_subkey(name))
    }

    /// Number of keys (this one included), of values, and bytes of value data.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let own = Counts {
            keys: 1,
            values: self.values.len(),
            data_bytes: self.values.iter().map(|value| value.data.len()).sum(),
        };
        self.subkeys.iter().map(Self::counts).fold(own, |sum, below| Counts {
            keys: sum.keys + below.keys,
            values: sum.values + below.values,
            data_bytes: sum.data_bytes + below.data_bytes,
        })
    }
}

/// What a tree holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Keys, the root included.
    pub keys: usize,
    /// Values.
    pub values: usize,
    /// Bytes of value data.
    pub data_bytes: usize,
}

/// First match of a sorted slice, so that of two equal names the first is found, or where one would be inserted.
pub(crate) fn find<T>(sorted: &[T], order: impl Fn(&T) -> Ordering) -> Result<usize, usize> {
    let index = sorted.partition_point(|item| order(item).is_lt());
    if sorted.get(index).is_some_and(|item| order(item).is_eq()) { Ok(index) } else { Err(index) }
}

/// Removes all matches from a sorted list; gives the first.
fn remove_all<T>(sorted: &mut Vec<T>, order: impl Fn(&T) -> Ordering) -> Option<T> {
    let start = find(sorted, &order).ok()?;
    let end = sorted.partition_point(|item| order(item).is_le());
    sorted.drain(start..end).next()
}

pub(crate) fn sort_unless_sorted<T>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    if !items.is_sorted_by(|a, b| order(a, b).is_le()) {
        items.sort_by(order);
    }
}
