//! Two versions that two servers have stored apart become one.

use mp_dataset::{DataSet, Limits, Overrides, Side, Verified, decode, encode};
use mp_profile::VersionTag;

use super::take_over::Pass;
use crate::{
    backend::{Key, QuarantineNote, VersionInfo},
    refusal::chain,
};

/// Reason written to quarantine when something of a data set gave way to what was stored on another server.
const OVERRIDDEN: &str = "it was stored while two storage servers did not reach each other, and merged; of what both changed, some is as the other one has it";

/// Reason written to quarantine when both cannot be merged; why follows.
const NOT_MERGED: &str = "it was stored while two storage servers did not reach each other, and cannot be merged with what the other one has";

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
    base: Option<&DataSet>,
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
    let (former, later) = if theirs_is_later { (&our_set, &their_set) } else { (&their_set, &our_set) };
    let merged = mp_dataset::merge(base, former, later, &|_| Side::Mine);
    let overrides = merged.overrides;
    let mut quarantined = 0;
    if overrides.theirs_overridden > 0 {
        let former = if theirs_is_later { ours.clone() } else { theirs.clone() };
        pass.beside(former, note(pass, OVERRIDDEN.to_owned()))?;
        quarantined += 1;
    }
    let notes = format!(
        "merged with {} of {}: {} items of the one stored earlier overridden",
        other.tag,
        pass.terms.peer,
        overrides.total()
    );
    let same =
        |a: &DataSet, b: &DataSet| a.registry == b.registry && a.files == b.files && a.unknown == b.unknown;
    tell(pass.key, pass.terms.peer, other, &overrides);
    if same(&merged.set, &our_set) {
        return Ok(Merge { bytes: None, overrides, notes, quarantined });
    }
    let mut bytes = Vec::new();
    if let Err(error) = encode(&merged.set, &mut bytes) {
        return beside(pass, theirs, &format!("both together cannot be packed: {}", chain(&error)));
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
