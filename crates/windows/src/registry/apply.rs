use mp_registry::{
    Applied, KeyAction, KeyEdit, KeyPath, MAX_DEPTH, Name, RegistryError, RegistryErrorKind, ValueEdit,
    is_link_target,
};
use windows_sys::Win32::System::Registry::{KEY_CREATE_SUB_KEY, KEY_QUERY_VALUE, KEY_SET_VALUE};

use super::{
    delete::Deleter,
    live::{Failure, LiveRegistry, error},
};
use crate::nt::{KeyHandle, Status};

impl LiveRegistry {
    pub(super) fn edit(&self, edits: &KeyEdit) -> Result<Applied, RegistryError> {
        let fail = |cause| error("open", &KeyPath::root(), None, cause);
        let root = match self.root.reopen(self.access(rights(edits))) {
            Ok(Some(root)) => root,
            Ok(None) => return Err(fail(RegistryErrorKind::HiveGone)),
            Err(status) => match self.failure(status) {
                Failure::Vanished => return Err(fail(RegistryErrorKind::HiveGone)),
                Failure::Failed(cause) => return Err(fail(cause)),
            },
        };
        let mut editor =
            Editor { registry: self, path: KeyPath::root(), applied: Applied::default(), gone: false };
        match RegistryError::of_root(edits) {
            Some(refusal) => editor.applied.problems.push(refusal),
            None => editor.key(&root, edits),
        }
        Ok(editor.applied)
    }
}

/// The rights that the edits of one key's values and sub-keys need.
fn rights(edit: &KeyEdit) -> u32 {
    let creates = |below: &KeyEdit| matches!(below.action, KeyAction::Ensure | KeyAction::Replace);
    let set = if edit.values().is_empty() { 0 } else { KEY_SET_VALUE };
    let create = if edit.subkeys().iter().any(creates) { KEY_CREATE_SUB_KEY } else { 0 };
    // The right to query values is for telling links from keys.
    KEY_QUERY_VALUE | set | create
}

struct Editor<'a> {
    registry: &'a LiveRegistry,
    path: KeyPath,
    applied: Applied,
    /// The hive was unloaded: nothing more can be done, and that is said once.
    gone: bool,
}

impl Editor<'_> {
    /// Does to an open key, `self.path`, what the edit says about its values and sub-keys.
    fn key(&mut self, key: &KeyHandle, edit: &KeyEdit) {
        for value in edit.values() {
            self.value(key, value);
            if self.gone {
                return;
            }
        }
        for below in edit.subkeys() {
            self.path.push(below.name.clone());
            self.subkey(key, below);
            self.path.pop();
            if self.gone {
                return;
            }
        }
    }

    fn value(&mut self, key: &KeyHandle, edit: &ValueEdit) {
        let (doing, done) = match edit {
            ValueEdit::Set(value) if is_link_target(&value.name, value.ty) => {
                let refused = Failure::Failed(RegistryErrorKind::SymbolicLink);
                return self.problem("set value", Some(&value.name), refused);
            }
            ValueEdit::Set(value) => {
                let set = key.set_value(&value.name, value.ty, &value.data);
                self.applied.values_written += usize::from(set.is_ok());
                ("set value", set)
            }
            ValueEdit::Delete(name) => {
                let deleted = key.delete_value(name);
                self.applied.values_deleted += usize::from(deleted == Ok(true));
                ("delete value", deleted.map(drop))
            }
        };
        if let Err(status) = done {
            // A key that somebody deleted under our hands has lost its values, but has not got the ones to be set.
            match (self.registry.failure(status), edit) {
                (Failure::Vanished, ValueEdit::Delete(_)) => {}
                (Failure::Vanished, ValueEdit::Set(value)) => {
                    self.problem(doing, Some(&value.name), Failure::Failed(vanished(status)))
                }
                (failure, _) => self.problem(doing, Some(edit.name()), failure),
            }
        }
    }

    /// Does the edit of the sub-key that `self.path` names.
    fn subkey(&mut self, parent: &KeyHandle, edit: &KeyEdit) {
        if self.path.depth() > MAX_DEPTH {
            return self.problem("open", None, Failure::Failed(RegistryErrorKind::TooDeep));
        }
        if matches!(edit.action, KeyAction::Delete | KeyAction::Replace) {
            self.delete(parent, edit);
        }
        if edit.action == KeyAction::Delete || self.gone {
            return;
        }
        match self.open(parent, edit) {
            Ok(Some(key)) => self.key(&key, edit),
            Ok(None) => {}
            Err((doing, failure)) => self.problem(doing, None, failure),
        }
    }

    /// Opens the sub-key that `self.path` names, or creates it if the edit wants that. `None` when the edit is to pass
    /// through a key that is not there.
    fn open(
        &mut self,
        parent: &KeyHandle,
        edit: &KeyEdit,
    ) -> Result<Option<KeyHandle>, (&'static str, Failure)> {
        let access = self.registry.access(rights(edit));
        let key = if let Some(routed) = self.registry.routed(&self.path) {
            let key = routed.reopen(access).map_err(|status| ("open", self.registry.failure(status)))?;
            return Ok(key);
        } else if edit.action == KeyAction::Pass {
            match parent.open_sub(&edit.name, access) {
                Ok(Some(key)) => key,
                Ok(None) => return Ok(None),
                Err(status) => {
                    return match self.registry.failure(status) {
                        Failure::Vanished => Ok(None),
                        failure => Err(("open", failure)),
                    };
                }
            }
        } else {
            let (key, created) = parent
                .create_sub(&edit.name, edit.class.as_ref(), None, access)
                .map_err(|status| ("create", self.lost(status)))?;
            if created {
                self.applied.keys_created += 1;
                return Ok(Some(key));
            }
            key
        };
        match key.is_link() {
            Ok(false) => Ok(Some(key)),
            Ok(true) => Err(("open", Failure::Failed(RegistryErrorKind::SymbolicLink))),
            Err(status) => Err(("open", self.lost(status))),
        }
    }

    /// As [`LiveRegistry::failure`], for edits that are not done when their key vanished.
    fn lost(&self, status: Status) -> Failure {
        match self.registry.failure(status) {
            Failure::Vanished => Failure::Failed(vanished(status)),
            failed => failed,
        }
    }

    fn delete(&mut self, parent: &KeyHandle, edit: &KeyEdit) {
        let mut deleter =
            Deleter { registry: self.registry, path: &mut self.path, problems: &mut self.applied.problems };
        let deleted = match self.registry.routed(deleter.path) {
            // The root of a hive cannot be deleted, and is no key of its own to the user.
            Some(classes) => deleter.empty(classes),
            None => deleter.delete(parent, &edit.name),
        };
        self.applied.keys_deleted += usize::from(deleted);
        self.gone = self.applied.problems.iter().any(|problem| problem.cause == RegistryErrorKind::HiveGone);
    }

    fn problem(&mut self, doing: &'static str, value: Option<&Name>, failure: Failure) {
        if let Failure::Failed(cause) = failure {
            self.gone |= cause == RegistryErrorKind::HiveGone;
            self.applied.problems.push(error(doing, &self.path, value.cloned(), cause));
        }
    }
}

fn vanished(status: Status) -> RegistryErrorKind {
    RegistryErrorKind::System { code: status.code().cast_unsigned(), text: status.text() }
}
