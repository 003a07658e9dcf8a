use crate::{
    Applied, Key, KeyAction, KeyChoice, KeyEdit, KeyListing, KeyPath, Name, Registry, RegistryError,
    TreeFilter, TreeRead, Value, ValueEdit,
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
        let mut applied = Applied::default();
        edit_key(&mut self.root, edits, &mut applied);
        Ok(applied)
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

/// Does to an existing key what the edit says about its values and sub-keys.
fn edit_key(key: &mut Key, edit: &KeyEdit, applied: &mut Applied) {
    for value in edit.values() {
        match value {
            ValueEdit::Set(value) => {
                key.set_value(value.clone());
                applied.values_written += 1;
            }
            ValueEdit::Delete(name) => {
                applied.values_deleted += usize::from(key.remove_value(name).is_some())
            }
        }
    }
    for below in edit.subkeys() {
        edit_subkey(key, below, applied);
    }
}

fn edit_subkey(parent: &mut Key, edit: &KeyEdit, applied: &mut Applied) {
    if matches!(edit.action, KeyAction::Delete | KeyAction::Replace) {
        applied.keys_deleted += usize::from(parent.remove_subkey(&edit.name).is_some());
    }
    match edit.action {
        KeyAction::Delete => return,
        KeyAction::Pass if parent.subkey(&edit.name).is_none() => return,
        KeyAction::Ensure | KeyAction::Replace if parent.subkey(&edit.name).is_none() => {
            applied.keys_created += 1;
            parent.ensure_subkey(&edit.name).class.clone_from(&edit.class);
        }
        _ => {}
    }
    if let Some(key) = parent.subkey_mut(&edit.name) {
        edit_key(key, edit, applied);
    }
}
