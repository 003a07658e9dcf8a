//! Looking at every byte of a store.

use crate::{
    Backend,
    backend::{BackendError, Inspection, Key},
};

/// Users that are asked for at a time.
const PAGE: usize = 1000;

/// What was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// Data sets: users and scopes.
    pub data_sets: u64,
    /// Files or objects.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files or objects that are damaged.
    pub damaged: u64,
}

/// Inspects all data sets of a backend ([`Backend::inspect`]), and tells of each what was found, and the sum so far.
///
/// # Errors
/// When something cannot be read at all, or a repair could not be made durable.
pub fn verify(
    backend: &dyn Backend,
    repair: Option<u64>,
    mut each: impl FnMut(&Key, &Inspection, &Verified),
) -> Result<Verified, BackendError> {
    let mut sum = Verified::default();
    for scope in backend.scopes()? {
        let mut after = None;
        loop {
            let users = backend.users(&scope, after.as_ref(), PAGE)?;
            let more = users.len() == PAGE;
            after = users.last().cloned();
            for sid in users {
                let key = Key { scope: scope.clone(), sid };
                let found = backend.inspect(&key, repair)?;
                sum.data_sets += 1;
                sum.files += found.files;
                sum.bytes += found.bytes;
                sum.damaged += u64::try_from(found.damage.len()).unwrap_or(u64::MAX);
                each(&key, &found, &sum);
            }
            if !more {
                break;
            }
        }
    }
    Ok(sum)
}
