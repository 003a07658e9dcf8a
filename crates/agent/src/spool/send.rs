//! From the spool to storage.

use mp_profile::{DataSetStore, Fetched, Sid, StoreError, Stored, VersionTag};

use super::{Intent, Spool, SpoolEntry};
use crate::state::StateError;

/// Reason written to quarantine when another session was faster.
pub const CONFLICT: &str = "another session stored a newer data set since this session's logon";

/// Reason written to quarantine when a captured profile finds a data set that is stored already.
pub const NOT_FIRST: &str =
    "the profile is not mandatory: its export may only become the first data set, and one is stored already";

/// What became of one spooled data set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sent {
    /// It is the current one now.
    Stored(VersionTag),
    /// It was kept beside the current one, for this reason.
    Quarantined(String),
}

/// What became of one entry that was to be sent.
#[derive(Debug)]
pub struct Delivery {
    /// The entry.
    pub entry: SpoolEntry,
    /// Length of its data set; 0 when it cannot be read.
    pub bytes: usize,
    /// What storage did with it; on an error it stays in the spool.
    pub result: Result<Sent, SendError>,
}

/// What became of the entries that were to be sent.
#[derive(Debug, Default)]
pub struct Deliveries {
    /// The entries that were tried.
    pub tried: Vec<Delivery>,
    /// What is in the spool and cannot be understood; it stays there.
    pub damaged: Vec<StateError>,
}

/// Why an entry is still in the spool.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The spool's own files failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// Storage did not acknowledge.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Spool {
    /// Sends one entry and takes it out of the spool once storage has acknowledged it.
    ///
    /// On a conflict the current data set is looked at: when it *is* this one (its acknowledgement was lost), or is what
    /// this one was made from under another version, all is well. Otherwise another session was faster, and this data set
    /// is kept beside the current one.
    ///
    /// # Errors
    /// When storage did not acknowledge, or the spool cannot be read; then the entry stays.
    pub fn send(&self, entry: &SpoolEntry, store: &dyn DataSetStore) -> Result<Sent, SendError> {
        let bytes = self.read(entry)?;
        let sent = deliver(entry, store, &bytes)?;
        self.remove(entry)?;
        Ok(sent)
    }

    /// Sends a user's entries.
    ///
    /// Those that replace go first, each scope's in their order: after one that stays, the later ones of its scope stay as
    /// well. What is only to be kept beside holds up nothing. When storage is away, the rest is not tried.
    pub fn send_user(&self, sid: &Sid, store: &dyn DataSetStore) -> Deliveries {
        let mut sent = Deliveries::default();
        let waiting = match self.of(sid) {
            Ok(waiting) => waiting,
            Err(error) => {
                sent.damaged.push(error);
                return sent;
            }
        };
        sent.damaged = waiting.damaged;
        let beside = |entry: &SpoolEntry| matches!(entry.intent, Intent::Quarantine { .. });
        let mut entries = waiting.entries;
        entries.sort_by_key(|entry| (beside(entry), entry.number));
        let mut held = Vec::new();
        for entry in entries {
            if held.contains(&entry.scope) && !beside(&entry) {
                continue;
            }
            let bytes = self.read(&entry).map_or(0, |bytes| bytes.len());
            let result = self.send(&entry, store);
            let away = matches!(result, Err(SendError::Store(StoreError::Unreachable { .. })));
            // A file that cannot be read will never be sent, so waiting for it would lose the later ones as well.
            if matches!(result, Err(SendError::Store(_))) {
                held.push(entry.scope.clone());
            }
            sent.tried.push(Delivery { entry, bytes, result });
            if away {
                break;
            }
        }
        sent
    }
}

/// Has storage do with a data set what the entry says.
pub(crate) fn deliver(
    entry: &SpoolEntry,
    store: &dyn DataSetStore,
    bytes: &[u8],
) -> Result<Sent, StoreError> {
    let (base, before, otherwise) = match &entry.intent {
        Intent::Quarantine { reason } => return quarantine(entry, store, reason, bytes),
        Intent::First => (None, Vec::new(), NOT_FIRST),
        Intent::Replace { base, base_digest, superseded } => {
            (base.clone().map(VersionTag), base_digest.iter().chain(superseded).collect(), CONFLICT)
        }
    };
    match store.store(&entry.scope, &entry.sid, base.as_ref(), bytes)? {
        Stored::As(version) => Ok(Sent::Stored(version)),
        Stored::Conflict => resolve(entry, store, &before, otherwise, bytes),
    }
}

/// `before` are the digests of what this data set was made from.
fn resolve(
    entry: &SpoolEntry,
    store: &dyn DataSetStore,
    before: &[&String],
    otherwise: &str,
    bytes: &[u8],
) -> Result<Sent, StoreError> {
    if let Fetched::Data { version, bytes: current } = store.fetch(&entry.scope, &entry.sid, None)? {
        if current == bytes {
            return Ok(Sent::Stored(version));
        }
        if before.contains(&&super::digest(&current))
            && let Stored::As(version) = store.store(&entry.scope, &entry.sid, Some(&version), bytes)?
        {
            return Ok(Sent::Stored(version));
        }
    }
    quarantine(entry, store, otherwise, bytes)
}

fn quarantine(
    entry: &SpoolEntry,
    store: &dyn DataSetStore,
    reason: &str,
    bytes: &[u8],
) -> Result<Sent, StoreError> {
    store.quarantine(&entry.scope, &entry.sid, reason, bytes)?;
    Ok(Sent::Quarantined(reason.to_owned()))
}
