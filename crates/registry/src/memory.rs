use crate::{
    Applied, Key, KeyAction, KeyChoice, KeyEdit, KeyListing, KeyPath, MAX_DEPTH, Name, Registry,
    RegistryError, RegistryErrorKind, TreeFilter, TreeRead, Value, ValueEdit, is_link_target,
};

/// A registry that lives in memory: a loaded hive, or a test's.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MemoryRegistry {
    /// The tree below the root.
    pub root: Key,
}

impl MemoryRegistry {
    /// A registry with this tree.
    #[must_use]
    pub fn new(root: Key) -> Self {
        Self { root }
    }
}

impl Registry for MemoryRegistry {
    fn list(&self, path: &KeyPath) -> Result<Option<KeyListing>, RegistryError> {
        Ok(self.root.at(path).map(|key| KeyListing {
            class: key.class.clone(),
            last_write: key.last_write,
            subkeys: key.subkeys().iter().map(|key| key.name.clone()).collect(),
            values: key
                .values()
                .iter()
                .map(|value| (value.name.clone(), value.ty, value.data.len()))
                .collect(),
        }))
    }

    fn value(&self, path: &KeyPath, name: &Name) -> Result<Option<Value>, RegistryError> {
        Ok(self.root.at(path).and_then(|key| key.value(name)).cloned())
    }

    fn read_tree(&self, path: &KeyPath, filter: &mut dyn TreeFilter) -> Result<TreeRead, RegistryError> {
        let mut at = path.clone();
        let tree = self.root.at(path).and_then(|key| take(key, &mut at, filter));
        Ok(TreeRead { tree, problems: Vec::new() })
    }

    fn apply(&mut self, edits: &KeyEdit) -> Result<Applied, RegistryError> {
        let mut editor = Editor { path: KeyPath::root(), applied: Applied::default() };
        match RegistryError::of_root(edits) {
            Some(refusal) => editor.applied.problems.push(refusal),
            None => editor.key(&mut self.root, edits),
        }
        Ok(editor.applied)
    }
}

fn take(key: &Key, path: &mut KeyPath, filter: &mut dyn TreeFilter) -> Option<Key> {
    let choice = filter.key(path);
    if choice == KeyChoice::Skip || key.link {
        return None;
    }
    let mut taken = Key::new(key.name.clone());
    taken.class.clone_from(&key.class);
    taken.last_write = key.last_write;
    taken.security.clone_from(&key.security);
    if choice == KeyChoice::Take {
        let wanted =
            key.values().iter().filter(|value| filter.value(path, &value.name, value.ty, value.data.len()));
        taken.replace_values(wanted.cloned().collect());
    }
    let mut subkeys = Vec::new();
    for below in key.subkeys() {
        path.push(below.name.clone());
        subkeys.extend(take(below, path, filter));
        path.pop();
    }
    taken.replace_subkeys(subkeys);
    (choice == KeyChoice::Take || !taken.subkeys().is_empty()).then_some(taken)
}

struct Editor {
    path: KeyPath,
    applied: Applied,
}

impl Editor {
    /// Does to an existing key, which `self.path` names, what the edit says about its values and sub-keys.
    fn key(&mut self, key: &mut Key, edit: &KeyEdit) {
        for value in edit.values() {
            match value {
                ValueEdit::Set(value) if is_link_target(&value.name, value.ty) => {
                    self.refuse("set value", Some(&value.name), RegistryErrorKind::SymbolicLink);
                }
                ValueEdit::Set(value) => {
                    key.set_value(value.clone());
                    self.applied.values_written += 1;
                }
                ValueEdit::Delete(name) => {
                    self.applied.values_deleted += usize::from(key.remove_value(name).is_some());
                }
            }
        }
        for below in edit.subkeys() {
            self.path.push(below.name.clone());
            self.subkey(key, below);
            self.path.pop();
        }
    }

    /// Does the edit of the sub-key that `self.path` names.
    fn subkey(&mut self, parent: &mut Key, edit: &KeyEdit) {
        if self.path.depth() > MAX_DEPTH {
            return self.refuse("open", None, RegistryErrorKind::TooDeep);
        }
        if matches!(edit.action, KeyAction::Delete | KeyAction::Replace) {
            self.applied.keys_deleted += usize::from(self.delete(parent, &edit.name));
        }
        match edit.action {
            KeyAction::Delete => return,
            KeyAction::Ensure | KeyAction::Replace if parent.subkey(&edit.name).is_none() => {
                self.applied.keys_created += 1;
                parent.ensure_subkey(&edit.name).class.clone_from(&edit.class);
            }
            _ => {}
        }
        match parent.subkey_mut(&edit.name) {
            Some(key) if key.link => self.refuse("open", None, RegistryErrorKind::SymbolicLink),
            Some(key) => self.key(key, edit),
            None => {}
        }
    }

    /// Deletes the sub-key that `self.path` names, with all below it; says whether it was there and is gone. A link stays,
    /// and with it the keys above it.
    fn delete(&mut self, parent: &mut Key, name: &Name) -> bool {
        let empty = parent.subkey_mut(name).is_some_and(|key| self.delete_below(key));
        empty && parent.remove_subkey(name).is_some()
    }

    /// Deletes all sub-keys; says whether none is left.
    fn delete_below(&mut self, key: &mut Key) -> bool {
        if key.link {
            self.refuse("delete", None, RegistryErrorKind::SymbolicLink);
            return false;
        }
        let names: Vec<Name> = key.subkeys().iter().map(|below| below.name.clone()).collect();
        for name in names {
            self.path.push(name.clone());
            self.delete(key, &name);
            self.path.pop();
        }
        key.subkeys().is_empty()
    }

    fn refuse(&mut self, doing: &'static str, value: Option<&Name>, cause: RegistryErrorKind) {
        let path = self.path.clone();
        self.applied.problems.push(RegistryError { doing, path, value: value.cloned(), cause });
    }
}
