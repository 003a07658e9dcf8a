//! What is done with all data keys of a store: new wrappings, and sealing what is stored as it is.

use std::collections::BTreeMap;

use super::{AtRest, KeyError, KeyId, Subject, data_key::Record};
use crate::{
    Backend,
    backend::{BackendError, Key, for_each_data_set},
};

/// A backend that keeps wrapped data keys.
pub trait KeyedStore: Backend {
    /// How it stores.
    fn at_rest(&self) -> &AtRest;

    /// The store's own record; `None` when nothing was ever sealed here.
    ///
    /// # Errors
    /// When it cannot be read.
    fn store_record(&self) -> Result<Option<String>, BackendError>;

    /// Puts a record in the place of the store's own, if that is `from`.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn replace_store_record(&self, from: &str, to: &str) -> Result<bool, BackendError>;

    /// The record of a data set; `None` when nothing of it was ever sealed.
    ///
    /// # Errors
    /// When it cannot be read.
    fn record(&self, key: &Key) -> Result<Option<String>, BackendError>;

    /// Puts a record in the place of a data set's, if that is `from`.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn replace_record(&self, key: &Key, from: &str, to: &str) -> Result<bool, BackendError>;

    /// How much of a data set is sealed, and how much is not.
    ///
    /// # Errors
    /// When it cannot be looked at.
    fn kinds(&self, key: &Key) -> Result<Kinds, BackendError>;

    /// Seals what is stored of a data set as it is, and gives the number of files. Their versions stay what they are. A file
    /// that is damaged is left.
    ///
    /// # Errors
    /// When something could not be read, or made durable; what was sealed by then stays so.
    fn encrypt(&self, key: &Key) -> Result<u64, BackendError>;
}

/// Files or objects of a data set: versions and quarantine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kinds {
    /// Those that are sealed.
    pub sealed: u64,
    /// Those that are not.
    pub plain: u64,
}

/// What [`rewrap_all`] and [`encrypt_all`] have done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rewrapped {
    /// Data sets that were looked at.
    pub data_sets: u64,
    /// Records, or files, that were written anew.
    pub changed: u64,
}

/// What [`stored_under`] found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StoredUnder {
    /// Data sets.
    pub data_sets: u64,
    /// Data sets whose data key is wrapped by each key.
    pub by_key: BTreeMap<KeyId, u64>,
    /// The key that wraps the store's own record; `None` for a store in which nothing was ever sealed.
    pub store: Option<KeyId>,
    /// Data sets of which something is stored as it is.
    pub plain_data_sets: u64,
    /// Files or objects.
    pub files: Kinds,
}

impl StoredUnder {
    /// Whether there is a data key that is not wrapped by this key.
    #[must_use]
    pub fn has_others_than(&self, newest: KeyId) -> bool {
        self.by_key.keys().chain(&self.store).any(|id| *id != newest)
    }
}

/// Wraps all data keys by the newest key of the key file; the data stay as they are. Each record is replaced at once, and those
/// under the newest key already are left: a pass that was broken off is simply begun again. The service may run meanwhile.
///
/// # Errors
/// When a record cannot be read, unwrapped or written; those before it are done.
pub fn rewrap_all(
    store: &dyn KeyedStore,
    mut each: impl FnMut(&Rewrapped),
) -> Result<Rewrapped, BackendError> {
    let mut done = Rewrapped::default();
    // First of all, so that a service with an old key file says so when it starts.
    if let Some(record) = store.store_record()? {
        let new = store.at_rest().rewrapped(Subject::Store, &record);
        if let Some(new) = new.map_err(|source| failed("wrap anew the key of", "the store", source))? {
            done.changed += u64::from(store.replace_store_record(&record, &new)?);
        }
    }
    for_each_data_set(as_backend(store), None, |key| {
        if let Some(record) = store.record(key)? {
            let new = store.at_rest().rewrapped(Subject::DataSet(key), &record);
            if let Some(new) = new.map_err(|source| failed("wrap anew the key of", &shown(key), source))? {
                done.changed += u64::from(store.replace_record(key, &record, &new)?);
            }
        }
        done.data_sets += 1;
        each(&done);
        Ok(())
    })?;
    Ok(done)
}

/// Seals what is stored as it is. A pass that was broken off is simply begun again.
///
/// # Errors
/// As [`KeyedStore::encrypt`].
pub fn encrypt_all(
    store: &dyn KeyedStore,
    mut each: impl FnMut(&Rewrapped),
) -> Result<Rewrapped, BackendError> {
    let mut done = Rewrapped::default();
    for_each_data_set(as_backend(store), None, |key| {
        done.changed += store.encrypt(key)?;
        done.data_sets += 1;
        each(&done);
        Ok(())
    })?;
    Ok(done)
}

/// The key by which a record says that its data key is wrapped.
///
/// # Errors
/// When it is no record.
pub fn wrapped_by(record: &str) -> Result<KeyId, KeyError> {
    Ok(Record::parse(record)?.wrapped_by)
}

/// Counts what is under which key, and what is under none. No key is needed for it.
///
/// # Errors
/// When something cannot be looked at.
pub fn stored_under(store: &dyn KeyedStore) -> Result<StoredUnder, BackendError> {
    let wrapped_by =
        |of: &str, record: &str| wrapped_by(record).map_err(|source| failed("read the key of", of, source));
    let record = store.store_record()?.map(|record| wrapped_by("the store", &record)).transpose()?;
    let mut found = StoredUnder { store: record, ..StoredUnder::default() };
    for_each_data_set(as_backend(store), None, |key| {
        if let Some(record) = store.record(key)? {
            *found.by_key.entry(wrapped_by(&shown(key), &record)?).or_default() += 1;
        }
        let kinds = store.kinds(key)?;
        found.data_sets += 1;
        found.plain_data_sets += u64::from(kinds.plain > 0);
        found.files.sealed += kinds.sealed;
        found.files.plain += kinds.plain;
        Ok(())
    })?;
    Ok(found)
}

fn as_backend(store: &dyn KeyedStore) -> &dyn Backend {
    store
}

/// A data set, for people.
pub(crate) fn shown(key: &Key) -> String {
    format!("{} in {}", key.sid, key.scope)
}

fn failed(doing: &'static str, what: &str, source: KeyError) -> BackendError {
    BackendError::Key { doing, what: what.to_owned(), source }
}
