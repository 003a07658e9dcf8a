//! What is done with one data set when it meets storage: it replaces, is merged, or is kept beside.

use std::cell::Cell;

use mp_dataset::{DataSet, DecodeError, Limits, Overrides, Verified, decode, encode, merge};
use mp_profile::{DataSetStore, Fetched, StoreError, Stored, Upload, VersionTag};

use super::{
    Intent, SpoolEntry, digest, seal,
    send::{SendError, Sent},
};
use crate::{chain::chain, state::StateError};

/// Reason written to quarantine when another session was faster and the data sets cannot be merged; what prevents it follows.
pub const CONFLICT: &str = "another session stored a newer data set since this session's logon";

/// Reason written to quarantine when a captured profile finds a data set that is stored already.
pub const NOT_FIRST: &str =
    "the profile is not mandatory: its export may only become the first data set, and one is stored already";

/// Reason written to quarantine when a data set was merged and gave way in some items.
pub const OVERRIDDEN: &str = "it was merged with what another session had stored; of what both changed, some is as the other session had it";

/// How often a merge is tried when others keep being faster; each try costs a fetch and a store.
const MERGE_TRIES: usize = 4;

/// A data set on its way to storage.
pub(crate) struct Parcel<'a> {
    pub(crate) entry: &'a SpoolEntry,
    pub(crate) bytes: &'a [u8],
    /// The file of the data set that it was made from.
    pub(crate) base: Option<&'a [u8]>,
    /// Set when it was sent and no answer came, so that it may be stored.
    pub(crate) unanswered: Cell<bool>,
}

/// Called before a merged data set is sent, with its seal and with what it overrides.
pub(crate) type Merging<'m> = dyn Fn(&str, &Overrides) -> Result<(), StateError> + 'm;

/// Has storage do with a data set what the entry says.
pub(crate) fn deliver(
    parcel: &Parcel<'_>,
    store: &dyn DataSetStore,
    merging: &Merging<'_>,
) -> Result<Sent, SendError> {
    let base = match &parcel.entry.intent {
        Intent::Quarantine { reason } => return parcel.quarantine(store, reason),
        Intent::First => None,
        // Storage's version of it was never known, so that storing it can only fail.
        Intent::Replace { base: None, base_digest: Some(_), .. } => return parcel.settle(store, merging),
        // A merge that came out as this one may be stored: storing it again would tell nobody what it overrode.
        Intent::Replace { .. } if parcel.entry.merging => return parcel.settle(store, merging),
        Intent::Replace { base, .. } => base.clone().map(VersionTag),
    };
    match parcel.send(store, &parcel.upload(base.as_ref(), parcel.base, parcel.bytes, None))? {
        Stored::As(version) => Ok(Sent::Stored(version)),
        Stored::Conflict => parcel.settle(store, merging),
    }
}

impl Parcel<'_> {
    /// The current data set is not what this one was made from, as far as is known.
    fn settle(&self, store: &dyn DataSetStore, merging: &Merging<'_>) -> Result<Sent, SendError> {
        let SpoolEntry { sid, scope, intent, .. } = self.entry;
        // Merged with what is older than that, it would bring back what was replaced since.
        let base = match intent {
            Intent::Replace { base, .. } => base.clone().or_else(|| self.entry.after.clone()).map(VersionTag),
            _ => None,
        };
        for _ in 0..MERGE_TRIES {
            let fetched = match &base {
                Some(base) => store.fetch_following(scope, sid, base)?,
                None => store.fetch(scope, sid, None)?,
            };
            let (version, current) = match fetched {
                Fetched::Data { version, bytes } => (version, bytes),
                Fetched::None => return self.not_merged(store, "storage has none any more"),
                Fetched::NotModified => return self.not_merged(store, "storage does not give it"),
            };
            // A merge that came out as this one overrode something of the other.
            if current == self.bytes && !self.entry.merging {
                return Ok(Sent::Stored(version));
            }
            let Intent::Replace { base_digest, superseded, .. } = intent else {
                return self.quarantine(store, NOT_FIRST);
            };
            if base_digest.iter().chain(superseded).any(|before| *before == digest(&current)) {
                match self.send(store, &self.upload(Some(&version), Some(&current), self.bytes, None))? {
                    Stored::As(version) => return Ok(Sent::Stored(version)),
                    Stored::Conflict => continue,
                }
            }
            let earlier = match self.arrived(store)? {
                Arrived::Not => None,
                Arrived::Whole(sent) => return Ok(sent),
                Arrived::Earlier(bytes) => Some(bytes),
                // What others have replaced in it since would come back.
                Arrived::Gone => return self.not_merged(store, "an earlier export of its session was stored, others have built on it, and storage no longer keeps its content"),
            };
            let Merge { bytes, overrides } = match self.merge(&current, earlier.as_deref()) {
                Ok(merge) => merge,
                Err(why) => return self.not_merged(store, &why),
            };
            if overrides.mine_overridden > 0 {
                store.quarantine(scope, sid, OVERRIDDEN, self.bytes)?;
            }
            let Some(bytes) = bytes else { return Ok(Sent::Merged { version, overrides }) };
            merging(&seal(&bytes).unwrap_or_default(), &overrides)?;
            let notes = format!(
                "merged with {}: {} of its items overridden, {} kept",
                version.0, overrides.theirs_overridden, overrides.mine_overridden
            );
            let upload = self.upload(Some(&version), Some(&current), &bytes, Some(notes));
            if let Stored::As(version) = store.upload(scope, sid, &upload)? {
                return Ok(Sent::Merged { version, overrides });
            }
        }
        self.not_merged(store, "other sessions were faster again and again")
    }

    /// Whether something of this entry was stored before, its acknowledgement lost, so that the current data set was made
    /// from it. Merged with the older base, it would bring back what was replaced in it since.
    fn arrived(&self, store: &dyn DataSetStore) -> Result<Arrived, SendError> {
        let SpoolEntry { sid, scope, intent, merges, took_over, .. } = self.entry;
        let known = match store.known_versions(scope, sid) {
            // An older Storage Service does not tell; then the base that is known has to do.
            Err(StoreError::Refused { .. }) => return Ok(Arrived::Not),
            known => known?,
        };
        let base = match intent {
            Intent::Replace { base, .. } => base.as_deref(),
            _ => None,
        };
        let own = seal(self.bytes);
        // The stored data set that a merge of this one, which arrived, was made with, and the version it became.
        let mut merged: Option<(VersionTag, Option<Vec<u8>>)> = None;
        let mut earlier = None;
        for version in known.into_iter().take_while(|known| base != Some(known.version.0.as_str())) {
            let sealed = version.seal.to_string();
            match &mut merged {
                Some((_, theirs @ None)) => *theirs = store.version_bytes(scope, sid, &version.version)?,
                Some(_) => {}
                None if merges.contains(&sealed) => merged = Some((version.version.clone(), None)),
                None if own.as_ref() == Some(&sealed) => {
                    return Ok(Arrived::Whole(Sent::Stored(version.version)));
                }
                None => {}
            }
            if took_over.contains(&sealed) {
                earlier = Some(store.version_bytes(scope, sid, &version.version)?);
                break;
            }
        }
        let Some((version, theirs)) = merged else {
            return Ok(match earlier {
                None => Arrived::Not,
                Some(bytes) => bytes.map_or(Arrived::Gone, Arrived::Earlier),
            });
        };
        // Nobody was told what it overrode.
        let again = theirs.and_then(|theirs| self.merge(&theirs, earlier.flatten().as_deref()).ok());
        let overrides = again.map(|merge| merge.overrides).unwrap_or_default();
        Ok(Arrived::Whole(Sent::Merged { version, overrides }))
    }

    /// Sends the data set itself.
    fn send(&self, store: &dyn DataSetStore, upload: &Upload<'_>) -> Result<Stored, StoreError> {
        let sent = store.upload(&self.entry.scope, &self.entry.sid, upload);
        self.unanswered.set(matches!(sent, Err(StoreError::Unreachable { may_be_done: true, .. })));
        sent
    }

    fn upload<'a>(
        &'a self,
        base: Option<&'a VersionTag>,
        base_file: Option<&'a [u8]>,
        bytes: &'a [u8],
        notes: Option<String>,
    ) -> Upload<'a> {
        Upload { base, base_file, bytes, session: self.entry.session.as_deref(), notes }
    }

    /// Merges it with the stored data set. `earlier` is the data set that both were made from, when that is not the one which
    /// its session started from.
    fn merge(&self, current: &[u8], earlier: Option<&[u8]>) -> Result<Merge, String> {
        let started_from = match &self.entry.intent {
            Intent::Replace { base_digest, .. } => base_digest.clone(),
            _ => None,
        };
        let (base, base_digest) = (earlier.or(self.base), earlier.map(digest).or(started_from));
        let damaged = |what: &'static str| move |error: DecodeError| format!("{what}: {}", chain(&error));
        let base = match (base_digest, base) {
            (None, _) => None,
            (Some(expected), Some(base)) if digest(base) == expected => Some(
                verified(base).map_err(damaged("the data set that the session started from is damaged"))?,
            ),
            (Some(_), Some(_)) => {
                return Err("the kept data set that the session started from is another one".into());
            }
            (Some(_), None) => return Err("the data set that the session started from was not kept".into()),
        };
        let theirs = verified(current).map_err(damaged("the stored data set cannot be read"))?;
        let mine = verified(self.bytes).map_err(damaged("this data set is damaged"))?;
        let merged = merge(base.as_ref(), &theirs, &mine, &self.entry.rules.preference());
        let overrides = merged.overrides;
        let same = |a: &DataSet, b: &DataSet| {
            a.registry == b.registry && a.files == b.files && a.unknown == b.unknown
        };
        if same(&merged.set, &theirs) {
            return Ok(Merge { bytes: None, overrides });
        }
        let mut bytes = Vec::new();
        encode(&merged.set, &mut bytes)
            .map_err(|error| format!("both together cannot be packed: {}", chain(&error)))?;
        Ok(Merge { bytes: Some(bytes), overrides })
    }

    fn not_merged(&self, store: &dyn DataSetStore, why: &str) -> Result<Sent, SendError> {
        match self.entry.intent {
            Intent::First => self.quarantine(store, NOT_FIRST),
            _ => self.quarantine(store, &format!("{CONFLICT}, and both cannot be merged: {why}")),
        }
    }

    fn quarantine(&self, store: &dyn DataSetStore, reason: &str) -> Result<Sent, SendError> {
        store.quarantine(&self.entry.scope, &self.entry.sid, reason, self.bytes)?;
        Ok(Sent::Quarantined(reason.to_owned()))
    }
}

/// What storage has of an entry from an earlier try.
enum Arrived {
    /// Nothing, as far as it knows.
    Not,
    /// All of it.
    Whole(Sent),
    /// A data set whose place this one took: what is stored was made from it.
    Earlier(Vec<u8>),
    /// The same, and its content is no longer kept.
    Gone,
}

/// A merged data set.
struct Merge {
    /// Its file; `None` when storage has all of it already.
    bytes: Option<Vec<u8>>,
    overrides: Overrides,
}

fn verified(bytes: &[u8]) -> Result<DataSet, DecodeError> {
    decode(bytes, &Limits::default()).map(Verified::into_data_set)
}
