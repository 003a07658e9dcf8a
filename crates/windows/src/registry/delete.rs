use mp_registry::{KeyPath, MAX_DEPTH, Name, RegistryError, RegistryErrorKind};
use windows_sys::Win32::{Storage::FileSystem::DELETE, System::Registry::KEY_SET_VALUE};

use super::live::{Failure, LiveRegistry, READ, busy, error};
use crate::nt::{Buffer, KeyHandle, Status};

/// Sub-keys that others may create while theirs are deleted, before that is given up.
const SLACK: u32 = 64;

/// Deletes keys with all below them, key by key: `RegDeleteTree` stops at the first name with a NUL.
///
/// What cannot be deleted is reported and stays, with the keys above it; everything else goes. A symbolic link is not
/// deleted: the user's `Software\Classes` is one.
pub(super) struct Deleter<'a> {
    pub(super) registry: &'a LiveRegistry,
    pub(super) path: &'a mut KeyPath,
    pub(super) problems: &'a mut Vec<RegistryError>,
}

impl Deleter<'_> {
    /// Deletes a sub-key, which `self.path` names; says whether it was there and is gone.
    pub(super) fn delete(&mut self, parent: &KeyHandle, name: &Name) -> bool {
        let access = self.registry.access(READ | DELETE);
        match parent.open_sub(name, access) {
            Ok(Some(key)) => self.below(&key) && self.done(key.delete()),
            Ok(None) => false,
            Err(status) => self.done(Err(status)),
        }
    }

    /// Empties the root of a hive; says whether that succeeded.
    pub(super) fn empty(&mut self, root: &KeyHandle) -> bool {
        let access = self.registry.access(READ | KEY_SET_VALUE);
        match root.reopen(access) {
            Ok(Some(root)) => self.below(&root) & self.values(&root),
            Ok(None) => false,
            Err(status) => self.done(Err(status)),
        }
    }

    /// Deletes all sub-keys; says whether none is left.
    fn below(&mut self, key: &KeyHandle) -> bool {
        match key.is_link() {
            Ok(false) => {}
            Ok(true) => return self.problem(RegistryErrorKind::SymbolicLink),
            Err(status) => return self.done(Err(status)),
        }
        if self.path.depth() > MAX_DEPTH {
            return self.problem(RegistryErrorKind::TooDeep);
        }
        // A name needs little room, and this lives once per level.
        let mut buffer = Buffer::with_room(1024);
        let mut rounds = match key.info(&mut buffer) {
            Ok(info) => info.subkeys.saturating_add(SLACK),
            Err(status) => return self.done(Err(status)),
        };
        let mut kept = 0;
        loop {
            let name = match key.subkey_name(kept, &mut buffer) {
                Ok(Some(name)) => name,
                Ok(None) => return kept == 0,
                Err(status) => return self.done(Err(status)),
            };
            if rounds == 0 {
                return self.problem(busy());
            }
            rounds -= 1;
            self.path.push(name.clone());
            let before = self.problems.len();
            let deleted = self.delete(key, &name);
            let gone = self.problems[before..].iter().any(|p| p.cause == RegistryErrorKind::HiveGone);
            self.path.pop();
            if gone {
                return false;
            }
            // What could not be deleted is passed over; what vanished by itself has made room for the next.
            if !deleted && self.problems.len() > before {
                kept += 1;
            }
        }
    }

    fn values(&mut self, key: &KeyHandle) -> bool {
        let mut buffer = Buffer::new();
        let count = match key.info(&mut buffer) {
            Ok(info) => info.values,
            Err(status) => return self.done(Err(status)),
        };
        // From the last to the first, so that the indexes of the others stay.
        (0..count).rev().fold(true, |all, index| {
            let deleted = match key.value_at(index, &mut buffer) {
                Ok(Some(found)) => key.delete_value(&found.name).map(drop),
                Ok(None) => Ok(()),
                Err(status) => Err(status),
            };
            self.done(deleted) && all
        })
    }

    /// Whether it is gone. Somebody else having deleted it first is as good.
    fn done(&mut self, result: Result<(), Status>) -> bool {
        match result.map_err(|status| self.registry.failure(status)) {
            Ok(()) | Err(Failure::Vanished) => true,
            Err(Failure::Failed(cause)) => self.problem(cause),
        }
    }

    fn problem(&mut self, cause: RegistryErrorKind) -> bool {
        self.problems.push(error("delete", self.path, None, cause));
        false
    }
}
