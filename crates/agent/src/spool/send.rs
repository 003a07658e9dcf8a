//! From the spool to storage.

use std::cell::Cell;

use mp_dataset::{Limits, Overrides, check};
use mp_profile::{DataSetStore, Sid, StoreError, VersionTag};

use super::{Intent, Parcel, Spool, SpoolEntry, deliver, digest};
use crate::state::StateError;

/// What became of one spooled data set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sent {
    /// It is the current one now.
    Stored(VersionTag),
    /// Another session was faster: both were merged, and the merged data set is the current one now.
    Merged {
        /// Its version.
        version: VersionTag,
        /// What both sessions changed differently. Where this data set gave way, it was quarantined as well.
        overrides: Overrides,
    },
    /// It was kept beside the current one, for this reason.
    Quarantined(String),
}

/// What became of one entry that was to be sent.
#[derive(Debug)]
pub struct Delivery {
    /// The entry.
    pub entry: SpoolEntry,
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
    /// Sends one entry and takes it out of the spool once storage has acknowledged it. Before that `told` hears what became of
    /// it: once it is out, nothing would tell again.
    ///
    /// On a conflict the current data set is looked at: when it *is* this one (its acknowledgement was lost), or was made
    /// from this one, or is what this one was made from under another version, all is well. Otherwise another session was faster, and both are
    /// merged. What cannot be merged is kept beside the current one.
    ///
    /// # Errors
    /// When storage did not acknowledge, or the spool cannot be read; then the entry stays.
    pub fn send(
        &self,
        entry: &SpoolEntry,
        store: &dyn DataSetStore,
        told: &mut dyn FnMut(&SpoolEntry, &Sent),
    ) -> Result<Sent, SendError> {
        let (bytes, base) = (self.read(entry)?, self.read_base(entry)?);
        // What was sent before it may have left a note with it.
        let entry = &self.as_it_is(entry)?;
        let parcel = Parcel { entry, bytes: &bytes, base: base.as_deref(), unanswered: Cell::new(false) };
        let sent = deliver(&parcel, store, &|seal, _| self.mark_merging(entry, seal));
        if parcel.unanswered.get() {
            self.mark_unanswered(entry)?;
        }
        let sent = sent?;
        if let Sent::Stored(version) | Sent::Merged { version, .. } = &sent {
            self.mark_after(entry, &bytes, version)?;
        }
        told(entry, &sent);
        self.remove(entry)?;
        Ok(sent)
    }

    /// Sends a user's entries.
    ///
    /// Those that replace go first, each scope's in their order: after one that stays, the later ones of its scope stay as
    /// well. What is only to be kept beside holds up nothing. When storage is away, the rest is not tried. `told` is called as
    /// by [`Self::send`].
    pub fn send_user(
        &self,
        sid: &Sid,
        store: &dyn DataSetStore,
        told: &mut dyn FnMut(&SpoolEntry, &Sent),
    ) -> Deliveries {
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
        let mut entries = self.without_superseded(waiting.entries, &mut sent.damaged);
        entries.sort_by_key(|entry| (beside(entry), entry.number));
        let mut held = Vec::new();
        for entry in entries {
            if held.contains(&entry.scope) && !beside(&entry) {
                continue;
            }
            let result = self.send(&entry, store, told);
            let away = matches!(result, Err(SendError::Store(StoreError::Unreachable { .. })));
            // A file that cannot be read will never be sent, so waiting for it would lose the later ones as well.
            if matches!(result, Err(SendError::Store(_))) {
                held.push(entry.scope.clone());
            }
            sent.tried.push(Delivery { entry, result });
            if away {
                break;
            }
        }
        sent
    }

    /// Removes entries that a crash left after another one had taken their place; that one holds all of them.
    fn without_superseded(&self, entries: Vec<SpoolEntry>, failed: &mut Vec<StateError>) -> Vec<SpoolEntry> {
        let heirs = entries.iter().filter(|heir| match &heir.intent {
            Intent::Replace { superseded, .. } if !superseded.is_empty() => {
                self.read(heir).is_ok_and(|bytes| check(&bytes, &Limits::default()).is_ok())
            }
            _ => false,
        });
        let heirs: Vec<&SpoolEntry> = heirs.collect();
        let has_heir = |entry: &&SpoolEntry| {
            let later = |heir: &&&SpoolEntry| heir.number > entry.number && heir.scope == entry.scope;
            let mut heirs = heirs.iter().filter(later).peekable();
            let may_go =
                entry.intent.replaces() && !entry.merging && !entry.unanswered && heirs.peek().is_some();
            may_go
                && self.read(entry).is_ok_and(|bytes| {
                    let digest = digest(&bytes);
                    heirs.any(|heir| matches!(&heir.intent, Intent::Replace { superseded, .. } if superseded.contains(&digest)))
                })
        };
        let gone: Vec<u64> = entries.iter().filter(has_heir).map(|entry| entry.number).collect();
        let is_gone = |entry: &SpoolEntry| gone.contains(&entry.number);
        let (gone, left): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_gone);
        for entry in gone {
            failed.extend(self.remove(&entry).err());
        }
        left
    }
}
