//! Encryption of what is stored: `docs/formats/sealed.md`, ADR 14.
//!
//! Every data set (a user's of one scope) has a *data key*. It is kept beside the data set, wrapped by a key of the *key file*,
//! as a *record*. What is stored of a data set is *sealed* under its data key, bound to user and scope. So a new key in the key file
//! costs a new record for each data set, and no data is written anew.
//!
//! Backends ask for two things here, [`AtRest::seal`] and [`AtRest::open`]; where a record lies is theirs.

mod data_key;
mod envelope;
mod error;
mod key_file;
mod records;
mod rotation;
mod stored;

use std::sync::Arc;

use mp_dataset::{Limits, check};
use mp_profile::Sid;

pub use data_key::DataKeyId;
pub use envelope::{Envelope, EnvelopeError};
pub use error::{KeyError, KeyFileError};
pub use key_file::{KeyFile, KeyId};
pub(crate) use records::shown;
pub use records::{
    KeyedStore, Kinds, Rewrapped, StoredUnder, encrypt_all, rewrap_all, stored_under, wrapped_by,
};
pub use rotation::{RotationError, forget_former, rotate};
pub(crate) use stored::STORED_HEAD;
pub use stored::{Flaw, Stored};

use crate::{DataSetFile, backend::Key};
use data_key::{DataKey, Record};

/// Longest record that is read, in bytes.
pub const MAX_RECORD: usize = 4096;

/// How a backend stores: as it is, or sealed under the keys of a key file.
#[derive(Clone, Default, Debug)]
pub struct AtRest {
    keys: Option<Arc<KeyFile>>,
    seals: bool,
}

impl AtRest {
    /// New versions are stored as they are; what is sealed cannot be read.
    #[must_use]
    pub fn plain() -> Self {
        Self::default()
    }

    /// New versions are sealed. What is stored as it is can be read.
    #[must_use]
    pub fn sealed(keys: Arc<KeyFile>) -> Self {
        Self { keys: Some(keys), seals: true }
    }

    /// New versions are stored as they are; what is sealed can be read.
    #[must_use]
    pub fn opening(keys: Arc<KeyFile>) -> Self {
        Self { keys: Some(keys), seals: false }
    }

    /// Whether new versions are sealed.
    #[must_use]
    pub fn seals(&self) -> bool {
        self.seals
    }

    /// The key file, if there is one.
    #[must_use]
    pub fn key_file(&self) -> Option<&KeyFile> {
        self.keys.as_deref()
    }

    fn keys(&self) -> Result<&KeyFile, KeyError> {
        self.key_file().ok_or(KeyError::NoKeyFile)
    }

    /// The record of a new data key.
    pub(crate) fn new_record(&self, of: Subject<'_>) -> Result<NewRecord, KeyError> {
        let (data_key, newest) = (DataKey::new()?, self.keys()?.newest());
        let text = Record::wrap(&data_key, &of.context(), &newest)?.text();
        Ok(NewRecord { text, data_key, wrapped_by: newest.id() })
    }

    /// A record that was just written, anew if its key was forgotten meanwhile; `None` when that is still there.
    pub(crate) fn wrapped_meanwhile(
        &self,
        of: Subject<'_>,
        new: &NewRecord,
    ) -> Result<Option<String>, KeyError> {
        let keys = self.keys()?;
        if keys.is_in_file(new.wrapped_by) {
            return Ok(None);
        }
        Ok(Some(Record::wrap(&new.data_key, &of.context(), &keys.newest())?.text()))
    }

    /// Whether the key of a record is in the key file, and the record what was made for its subject.
    pub(crate) fn check_record(&self, of: Subject<'_>, record: &str) -> Result<(), KeyError> {
        self.data_key(of, Some(record)).map(drop)
    }

    /// A record anew under the newest key of the key file; `None` when it is under that already.
    pub(crate) fn rewrapped(&self, of: Subject<'_>, record: &str) -> Result<Option<String>, KeyError> {
        let newest = self.keys()?.newest();
        if Record::parse(record)?.wrapped_by == newest.id() {
            return Ok(None);
        }
        let data_key = self.data_key(of, Some(record))?;
        Ok(Some(Record::wrap(&data_key, &of.context(), &newest)?.text()))
    }

    /// What seals a file: what is written is then written piece by piece.
    pub(crate) fn seal<'a>(
        &self,
        key: &Key,
        file: &'a DataSetFile,
        record: &str,
    ) -> Result<envelope::Sealing<'a>, KeyError> {
        let of = Subject::DataSet(key);
        let data_key = self.data_key(of, Some(record))?;
        envelope::Sealing::new(&data_key, &of.context(), file.bytes(), file.digest())
    }

    /// What the beginning of a stored file says of it. That of a sealed one is believed only under its data key.
    pub(crate) fn head(
        &self,
        key: &Key,
        head: &[u8],
        record: Option<&str>,
    ) -> Result<Result<Stored, Flaw>, KeyError> {
        let stored = match Stored::parse(head) {
            Ok(stored) => stored,
            Err(flaw) => return Ok(Err(flaw)),
        };
        let Some(envelope) = stored.envelope else { return Ok(Ok(stored)) };
        let of = Subject::DataSet(key);
        let checked = envelope.check(&self.data_key(of, record)?, &of.context());
        Ok(checked.map(|()| stored).map_err(Flaw::Envelope))
    }

    /// The data set file that was stored, found intact. That of a sealed one needs no further pass over its bytes: what opens
    /// under the data key is what was sealed, and only an intact file is ever sealed.
    pub(crate) fn open(
        &self,
        key: &Key,
        stored: Vec<u8>,
        record: Option<&str>,
    ) -> Result<Result<Vec<u8>, Flaw>, KeyError> {
        if !is_sealed(&stored) {
            return Ok(check(&stored, &Limits::default()).map(|_| stored).map_err(Flaw::DataSet));
        }
        let of = Subject::DataSet(key);
        Ok(envelope::open(&self.data_key(of, record)?, &of.context(), stored).map_err(Flaw::Envelope))
    }

    fn data_key(&self, of: Subject<'_>, record: Option<&str>) -> Result<DataKey, KeyError> {
        let keys = self.keys()?;
        let record = Record::parse(record.ok_or(KeyError::RecordMissing)?)?;
        let Some(key) = keys.find(record.wrapped_by) else {
            return Err(KeyError::UnknownKey {
                needed: record.wrapped_by,
                file: keys.path().to_owned(),
                known: keys.ids(),
            });
        };
        record.unwrap(&of.context(), &key)
    }
}

/// A data key that was just made.
pub(crate) struct NewRecord {
    /// It, wrapped.
    pub(crate) text: String,
    data_key: DataKey,
    wrapped_by: KeyId,
}

/// What a data key belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    /// The store itself: its record tells at once whether the key file is the right one.
    Store,
    /// A user's data set of one scope.
    DataSet(&'a Key),
}

impl Subject<'_> {
    /// What everything that is encrypted is bound to. Neither scopes nor SIDs have a NUL.
    fn context(self) -> Vec<u8> {
        match self {
            Self::Store => b"metaprofiles store\0".to_vec(),
            Self::DataSet(Key { scope, sid }) => context_of(&scope.to_string(), sid),
        }
    }
}

fn context_of(scope: &str, sid: &Sid) -> Vec<u8> {
    // Case means nothing in the names of groups.
    format!("metaprofiles data set\0{}\0{sid}\0", scope.to_ascii_lowercase()).into_bytes()
}

/// Whether stored bytes begin as sealed ones.
pub(crate) fn is_sealed(stored: &[u8]) -> bool {
    stored.starts_with(&envelope::MAGIC)
}
