//! The place of an export: what it is to become, and which entries of the spool it stands for.

use mp_dataset::ProfileKind;
use mp_profile::{Scope, Sid};

use super::{
    Agent,
    logoff::{NOT_MERGED, Session},
    record::{MergedScope, SessionRecord},
};
use crate::spool::{Intent, Spool, SpoolEntry, digest, seal};

impl Agent<'_> {
    /// What is to become of the export of a scope, and which entries of the spool it stands for.
    pub(super) fn place(&self, sid: &Sid, scope: &Scope, session: &Session) -> Place {
        let intent = intent(scope, session);
        let waiting = self.spool.of(sid).map(|waiting| waiting.entries).unwrap_or_default();
        let waiting: Vec<_> = waiting.into_iter().filter(|entry| entry.scope == *scope).collect();
        match intent {
            Intent::Replace { base, base_digest, superseded } => {
                let record = session.record.as_ref();
                let merged = record.and_then(|record| record.scope(scope));
                let name = record.map(|record| &record.session);
                if let Some(place) = self.supersede(&waiting, name, merged) {
                    return place;
                }
                let file = merged.and_then(|merged| SessionRecord::base_bytes(&self.state, sid, merged));
                let intent = Intent::Replace { base, base_digest, superseded };
                let after = merged.and_then(|merged| merged.within.clone());
                Place { intent, base: file, instead: Vec::new(), took_over: Vec::new(), after }
            }
            intent => {
                let session = session.record.as_ref().map(|record| &record.session);
                // Each is a whole picture of the same profile: a captured one, or that of this very session.
                let former = |entry: &SpoolEntry| match intent {
                    Intent::First => entry.intent == Intent::First,
                    _ => entry.intent == intent && session.is_some() && entry.session.as_ref() == session,
                };
                let instead = waiting.into_iter().filter(former).collect();
                Place { intent, base: None, instead, took_over: Vec::new(), after: None }
            }
        }
    }

    /// A data set that this session started from, or exported before, and that still waits in the spool is superseded: the
    /// new one holds all of it, and takes over its base. One that may be stored already, itself or merged, stays, and is sent first, as
    /// does one of which the session had changed something before it was merged.
    fn supersede(
        &self,
        waiting: &[SpoolEntry],
        session: Option<&String>,
        merged: Option<&MergedScope>,
    ) -> Option<Place> {
        let base = merged.and_then(|merged| merged.digest.as_ref());
        // The process ended before it noted that its export was in the spool.
        let is_unnoted = |entry: &SpoolEntry| match &entry.intent {
            Intent::Replace { base_digest, .. } => {
                session.is_some() && entry.session.as_ref() == session && base_digest.as_ref() == base
            }
            _ => false,
        };
        let is_before = |entry: &&SpoolEntry| {
            let is_base = || self.spool.read(entry).is_ok_and(|bytes| Some(&digest(&bytes)) == base);
            entry.intent.replaces() && (is_unnoted(entry) || is_base())
        };
        let former = waiting.iter().rev().find(is_before)?;
        let (bytes, its_base) = (self.spool.read(former).ok()?, self.spool.read_base(former).ok()?);
        let Intent::Replace { base, base_digest, superseded } = &former.intent else { return None };
        // What the profile never held is only in that one.
        if former.merging || former.unanswered || merged.is_some_and(|merged| merged.spared) {
            return Some(Place::behind(bytes));
        }
        let before = digest(&bytes);
        let intent = Intent::Replace {
            base: base.clone(),
            base_digest: base_digest.clone(),
            superseded: superseded.iter().cloned().chain([before]).collect(),
        };
        let took_over = former.took_over.iter().cloned().chain(seal(&bytes)).collect();
        let (instead, after) = (vec![former.clone()], former.after.clone());
        Some(Place { intent, base: its_base, instead, took_over, after })
    }
}

/// What is to become of an export.
pub(super) struct Place {
    pub(super) intent: Intent,
    /// The file of the data set that it was made from.
    pub(super) base: Option<Vec<u8>>,
    /// The entries of the spool whose place it takes.
    pub(super) instead: Vec<SpoolEntry>,
    /// The seals of their data sets.
    pub(super) took_over: Vec<String>,
    /// The version of storage that the base is in, where that is known and is not the base.
    pub(super) after: Option<String>,
}

impl Place {
    /// That of an export which is sent after the spooled one that it was made from.
    fn behind(former: Vec<u8>) -> Self {
        let intent =
            Intent::Replace { base: None, base_digest: Some(digest(&former)), superseded: Vec::new() };
        Self { intent, base: Some(former), instead: Vec::new(), took_over: Vec::new(), after: None }
    }

    /// The same for an export that the spool has no room for. What it should have taken the place of is sent before it.
    pub(super) fn unspooled(self, spool: &Spool) -> Self {
        let former = self.instead.last().filter(|former| former.intent.replaces());
        match former.and_then(|former| spool.read(former).ok()) {
            Some(former) => Self::behind(former),
            None => self,
        }
    }
}

/// What storage shall do with the export of a scope.
fn intent(scope: &Scope, session: &Session) -> Intent {
    let merged = session.record.as_ref().and_then(|record| record.scope(scope)).filter(|scope| scope.merged);
    match (merged, session.kind) {
        (Some(merged), _) => {
            let (base, base_digest) = (merged.version.clone(), merged.digest.clone());
            Intent::Replace { base, base_digest, superseded: Vec::new() }
        }
        // Captured for migration: it becomes the first data set, and never replaces one.
        (None, ProfileKind::Local | ProfileKind::Roaming) => Intent::First,
        (None, _) => Intent::Quarantine { reason: NOT_MERGED.to_owned() },
    }
}
