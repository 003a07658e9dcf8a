//! Looking at every byte of a store.

use crate::{
    Backend,
    backend::{BackendError, Inspection, Key, for_each_data_set},
    refusal::chain,
};

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
    /// Data sets that could not be checked for want of their key.
    pub locked: u64,
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
    for_each_data_set(backend, None, |key| {
        let found = match backend.inspect(key, repair) {
            // Only this one's key is missing: that of the store was there when it was opened.
            Err(error @ BackendError::Key { .. }) => {
                Inspection { locked: Some(chain(&error)), ..Inspection::default() }
            }
            inspected => inspected?,
        };
        sum.data_sets += 1;
        sum.files += found.files;
        sum.bytes += found.bytes;
        sum.damaged += u64::try_from(found.damage.len()).unwrap_or(u64::MAX);
        sum.locked += u64::from(found.locked.is_some());
        each(key, &found, &sum);
        Ok(())
    })?;
    Ok(sum)
}
