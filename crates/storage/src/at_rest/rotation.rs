//! New keys in the key file for old ones, while the service may be sealing.

use super::{KeyFile, KeyFileError, KeyId, KeyedStore, Rewrapped, rewrap_all, wrapped_by};
use crate::{
    Backend,
    backend::{BackendError, for_each_data_set},
};

/// Why keys were not exchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] BackendError),
    /// The key file cannot be read or written.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// A data key is wrapped by a key that was to be forgotten.
    #[error("data keys are still wrapped by former keys; run `metaprofiles storage key rotate` first")]
    StillUsed,
}

/// Wraps all data keys by a new key. One that is newer than those in use is there already after a rotation that was broken off,
/// which this one then finishes. The service may run meanwhile. Gives the key.
///
/// # Errors
/// When the store or the key file cannot be read or written; what was wrapped anew by then stays so.
pub fn rotate(
    store: &dyn KeyedStore,
    keys: &KeyFile,
    each: impl FnMut(&Rewrapped),
) -> Result<(KeyId, Rewrapped), RotationError> {
    let newest = keys.newest_id()?;
    let newest = if are_others_used(store, newest)? { newest } else { keys.add()? };
    Ok((newest, rewrap_all(store, each)?))
}

/// Takes all keys but the newest out of the key file, and gives their names, when no data key of this store is wrapped by
/// one of them. The service may run meanwhile: whoever makes a data key looks after it was written whether its key is still
/// there, and here is looked after the keys were taken out whether one came in between, so that one of both sees the other.
///
/// # Errors
/// [`RotationError::StillUsed`], or when the store or the key file cannot be read or written; then the keys are in the file.
pub fn forget_former(store: &dyn KeyedStore, keys: &KeyFile) -> Result<Vec<KeyId>, RotationError> {
    let newest = keys.newest_id()?;
    if are_others_used(store, newest)? {
        return Err(RotationError::StillUsed);
    }
    keys.forget_former_unless(|| are_others_used(store, newest).map_err(RotationError::from))?
        .ok_or(RotationError::StillUsed)
}

/// Whether there is a data key that is not wrapped by this key.
fn are_others_used(store: &dyn KeyedStore, newest: KeyId) -> Result<bool, BackendError> {
    let is_other = |of: &str, record: Option<String>| {
        let by = record.map(|record| wrapped_by(&record)).transpose();
        let by =
            by.map_err(|source| BackendError::Key { doing: "read the key of", what: of.to_owned(), source });
        Ok::<_, BackendError>(by?.is_some_and(|by| by != newest))
    };
    let mut used = is_other("the store", store.store_record()?)?;
    let backend: &dyn Backend = store;
    for_each_data_set(backend, None, |key| {
        used |= is_other(&super::shown(key), store.record(key)?)?;
        Ok(())
    })?;
    Ok(used)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::Arc;

    use mp_profile::Scope;

    use super::*;
    use crate::{
        at_rest::{AtRest, Subject},
        backend::Key,
    };

    #[test]
    fn a_data_key_that_is_made_while_its_key_is_forgotten_is_wrapped_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storage.key");
        KeyFile::create(&path).unwrap();
        let service = AtRest::sealed(Arc::new(KeyFile::open(&path).unwrap()));
        let key = Key { scope: Scope::Global, sid: "S-1-5-21-1-2-3-4".parse().unwrap() };
        let of = Subject::DataSet(&key);
        let (first, second) = (service.new_record(of).unwrap(), service.new_record(of).unwrap());
        assert_eq!(service.wrapped_meanwhile(of, &first).unwrap(), None);

        let beside = KeyFile::open(&path).unwrap();
        let newest = beside.add().unwrap();
        beside.forget_former().unwrap();
        let anew = service.wrapped_meanwhile(of, &second).unwrap().unwrap();
        assert_eq!(wrapped_by(&anew).unwrap(), newest);
        let after_a_restart = AtRest::sealed(Arc::new(KeyFile::open(&path).unwrap()));
        after_a_restart.check_record(of, &anew).unwrap();
        assert!(after_a_restart.check_record(of, &second.text).is_err(), "nobody has its key any more");
    }

    #[test]
    fn keys_that_turn_out_to_be_used_are_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("storage.key");
        KeyFile::create(&path).unwrap();
        let keys = KeyFile::open(&path).unwrap();
        keys.add().unwrap();
        let before = keys.ids();
        let on_disk = || KeyFile::open(&path).unwrap().ids();
        let used = keys.forget_former_unless(|| {
            assert_eq!(on_disk(), before[..1], "it is asked once they are gone");
            Ok::<_, RotationError>(true)
        });
        assert_eq!((used.unwrap(), on_disk()), (None, before.clone()));
        let unknown = keys.forget_former_unless(|| Err(RotationError::StillUsed));
        assert!(unknown.is_err());
        assert_eq!(on_disk(), before);
        let forgotten = keys.forget_former_unless(|| Ok::<_, RotationError>(false)).unwrap();
        assert_eq!((forgotten.as_deref(), on_disk()), (Some(&before[1..]), before[..1].to_vec()));
    }
}
