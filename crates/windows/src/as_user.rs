//! A user's registry, with the user's own rights.

use std::{io, sync::Arc};

use mp_registry::{
    Applied, KeyEdit, KeyListing, KeyPath, Name, Registry, RegistryError, RegistryErrorKind, TreeFilter,
    TreeRead, Value,
};

use crate::{LiveRegistry, UserToken, token::Impersonation};

/// As whom to act: a user, or (`None`) whoever runs the program.
#[derive(Clone, Debug)]
pub(crate) struct AsUser(pub(crate) Option<Arc<UserToken>>);

impl AsUser {
    /// Has the thread act so until the guard is dropped.
    pub(crate) fn begin(&self) -> io::Result<Option<Impersonation>> {
        self.0.as_deref().map(UserToken::impersonate).transpose()
    }
}

/// The registry of a profile: read as whoever runs the program, because links stay within a hive and a service is to see
/// all of it, but written as the user.
#[derive(Debug)]
pub(crate) struct RegistryAsUser {
    pub(crate) live: LiveRegistry,
    pub(crate) user: AsUser,
}

impl Registry for RegistryAsUser {
    fn list(&self, path: &KeyPath) -> Result<Option<KeyListing>, RegistryError> {
        self.live.list(path)
    }

    fn value(&self, path: &KeyPath, name: &Name) -> Result<Option<Value>, RegistryError> {
        self.live.value(path, name)
    }

    fn read_tree(&self, path: &KeyPath, filter: &mut dyn TreeFilter) -> Result<TreeRead, RegistryError> {
        self.live.read_tree(path, filter)
    }

    fn apply(&mut self, edits: &KeyEdit) -> Result<Applied, RegistryError> {
        let as_user = self.user.begin().map_err(|error| RegistryError {
            doing: "act as the user for",
            path: KeyPath::root(),
            value: None,
            cause: RegistryErrorKind::System {
                code: error.raw_os_error().unwrap_or_default().cast_unsigned(),
                text: error.to_string(),
            },
        })?;
        match as_user {
            Some(_as_user) => self.live.apply_as_granted(edits),
            None => self.live.apply(edits),
        }
    }
}
