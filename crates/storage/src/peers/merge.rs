//! Two versions that two servers have stored apart become one.

use std::collections::BTreeSet;

use mp_dataset::{DataSet, Limits, Overrides, Side, Verified, decode, encode};
use mp_profile::VersionTag;

use super::{ancestry::Captured, take_over::Pass};
use crate::{
    backend::{Key, QuarantineNote, VersionInfo},
    refusal::chain,
};

/// Reason written to quarantine when something of a data set gave way to what was stored on another server.
const OVERRIDDEN: &str = "it was stored while two storage servers did not reach each other, and merged; of what both changed, some is as the other one has it";

/// Reason written to quarantine when both cannot be merged; why follows.
const NOT_MERGED: &str = "it was stored while two storage servers did not reach each other, and cannot be merged with what the other one has";

/// What two versions that are merged were made from.
pub(super) enum MadeFrom {
    /// What both have had, if there is anything.
    Base(Option<DataSet>),
    /// One of them from a profile that was captured for migration, and the other one from nothing. A captured profile becomes
    /// the first data set, and replaces none: it counts as what was there before, whenever it was stored.
    Captured(Captured),
}

pub(super) struct Merge {
    /// The file of both together; `None` when what is here holds all of it already.
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) overrides: Overrides,
    pub(super) notes: String,
    pub(super) quarantined: u64,
}

/// Merges what is here with what another server has. Where both changed the same, what was stored later counts, by the servers'
/// clocks; what gave way is put into quarantine first, so that nothing is lost when this is broken off.
pub(super) fn merge(
    pass: &Pass<'_>,
    own: &VersionInfo,
    other: &VersionInfo,
    from: MadeFrom,
) -> Result<Merge, String> {
    let read = |info: &VersionInfo| VersionTag(info.tag.clone());
    let ours = pass.own.read_version(pass.key, &read(own)).map_err(|error| chain(&error))?;
    let gone = || "it is not current any more; it is looked at again".to_owned();
    let (ours, theirs) =
        (ours.ok_or_else(gone)?, pass.theirs.version(pass.key, &read(other))?.ok_or_else(gone)?);
    let sets = content(&ours).and_then(|set| Ok((set, content(&theirs)?)));
    let (our_set, their_set) = match sets {
        Ok(sets) => sets,
        Err(why) => return beside(pass, theirs, &why),
    };
    let theirs_is_later = other.at > own.at;
    let file = |here: bool| if here { ours.clone() } else { theirs.clone() };
    let mut overrides = Overrides::default();
    let mut gave_way = BTreeSet::new();
    let mut both = [our_set.clone(), their_set];
    let base = match from {
        MadeFrom::Base(base) => base,
        MadeFrom::Captured(Captured { set, here }) => {
            let [ours, theirs] = &mut both;
            let fresh = if here { theirs } else { ours };
            let merged = mp_dataset::merge(None, &set, fresh, &|_| Side::Mine);
            if merged.overrides.theirs_overridden > 0 {
                gave_way.insert(here);
            }
            overrides.append(merged.overrides);
            *fresh = merged.set;
            Some(set)
        }
    };
    let [ours, theirs] = &both;
    let (former, later) = if theirs_is_later { (ours, theirs) } else { (theirs, ours) };
    let merged = mp_dataset::merge(base.as_ref(), former, later, &|_| Side::Mine);
    if merged.overrides.theirs_overridden > 0 {
        gave_way.insert(theirs_is_later);
    }
    overrides.append(merged.overrides);
    for here in &gave_way {
        pass.beside(file(*here), note(pass, OVERRIDDEN.to_owned()))?;
    }
    let notes = format!(
        "merged with {} of {}: {} items of the one stored earlier overridden",
        other.tag,
        pass.terms.peer,
        overrides.total()
    );
    let quarantined = u64::try_from(gave_way.len()).unwrap_or(u64::MAX);
    let same =
        |a: &DataSet, b: &DataSet| a.registry == b.registry && a.files == b.files && a.unknown == b.unknown;
    tell(pass.key, pass.terms.peer, other, &overrides);
    if same(&merged.set, &our_set) {
        return Ok(Merge { bytes: None, overrides, notes, quarantined });
    }
    let mut bytes = Vec::new();
    if let Err(error) = encode(&merged.set, &mut bytes) {
        return beside(pass, file(false), &format!("both together cannot be packed: {}", chain(&error)));
    }
    Ok(Merge { bytes: Some(bytes), overrides, notes, quarantined })
}

/// What cannot be merged is kept beside, and told.
fn beside(pass: &Pass<'_>, theirs: Vec<u8>, why: &str) -> Result<Merge, String> {
    pass.beside(theirs, note(pass, format!("{NOT_MERGED}: {why}")))?;
    let (scope, sid, peer) = (&pass.key.scope, &pass.key.sid, pass.terms.peer);
    tracing::error!(
        %scope, %sid, peer, why,
        "MP-STO-152 What another storage server has stored apart cannot be merged; it is in quarantine"
    );
    Ok(Merge { bytes: None, overrides: Overrides::default(), notes: String::new(), quarantined: 1 })
}

fn note(pass: &Pass<'_>, reason: String) -> QuarantineNote {
    QuarantineNote { reason, agent: pass.terms.peer.to_owned(), at: pass.terms.now }
}

fn content(bytes: &[u8]) -> Result<DataSet, String> {
    decode(bytes, &Limits::default()).map(Verified::into_data_set).map_err(|error| chain(&error))
}

/// Says in the log what was overridden; names, never contents.
fn tell(key: &Key, peer: &str, other: &VersionInfo, overrides: &Overrides) {
    let (scope, sid, total) = (&key.scope, &key.sid, overrides.total());
    let named: Vec<String> = overrides.named.iter().map(|item| item.place.to_string()).collect();
    tracing::warn!(
        %scope, %sid, peer, version = other.tag, overridden = total, items = named.join("; "),
        "MP-STO-150 Two storage servers had stored versions of this data set apart; they are merged"
    );
}
