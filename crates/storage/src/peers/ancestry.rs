//! Which versions of two servers follow from which: what one has had, and what both have had.

use std::collections::BTreeSet;

use mp_dataset::{DataSet, Limits, ProfileKind, Side, Verified, decode, merge};
use mp_profile::VersionTag;

use super::take_over::Pass;
use crate::backend::{Version, VersionInfo};

/// Most versions of another server that are noted as held by one.
const MAX_MERGED: usize = 32;
/// Most versions that both have had, and of which none follows from another one, that a merge is based on.
const MAX_BASES: usize = 4;

/// Whether a version of this name is among these, or is held by one of them.
pub(super) fn includes(versions: &[VersionInfo], tag: &str) -> bool {
    versions.iter().any(|info| info.tag == tag || merged_into(info).iter().any(|merged| merged == tag))
}

pub(super) fn merged_into(info: &VersionInfo) -> &[String] {
    info.stamp.as_ref().map_or(&[], |stamp| stamp.merged.as_slice())
}

/// The versions of a list and those that they hold, in the order of their numbers: the higher one of two that follow each other
/// is the later one.
fn names(versions: &[VersionInfo]) -> BTreeSet<(u64, &String)> {
    let tags = versions.iter().flat_map(|info| std::iter::once(&info.tag).chain(merged_into(info)));
    let number = |tag: &String| Version::parse(&VersionTag(tag.clone())).map(|(number, _)| number);
    tags.filter_map(|tag| Some((number(tag)?, tag))).collect()
}

/// What the other one has had and this one has not, newest first, as far as it may matter for a later merge.
pub(super) fn apart(ours: &[VersionInfo], others: &[VersionInfo]) -> Vec<String> {
    let ours = names(ours);
    let apart = names(others).into_iter().rev().filter(|name| !ours.contains(name));
    apart.take(MAX_MERGED).map(|(_, tag)| tag.clone()).collect()
}

/// What the versions of two servers have in common. Where several versions that both have had do not follow from each other,
/// because each has merged what the other one had, it is all of them together.
pub(super) fn common(
    pass: &Pass<'_>,
    ours: &[VersionInfo],
    others: &[VersionInfo],
) -> Result<Option<DataSet>, String> {
    let (our_names, their_names) = (names(ours), names(others));
    let mut left: BTreeSet<(u64, &String)> = our_names.intersection(&their_names).copied().collect();
    let mut base: Option<DataSet> = None;
    for _ in 0..MAX_BASES {
        let mut found = None;
        while let Some((_, tag)) = left.pop_last() {
            if let Some(set) = content(pass, tag)? {
                found = Some((tag, set));
                break;
            }
        }
        let Some((tag, set)) = found else { break };
        base = Some(match base {
            Some(later) => merge(None, &set, &later, &|_| Side::Mine).set,
            None => set,
        });
        for list in [ours, others] {
            if let Some(at) = list.iter().position(|info| info.tag == *tag) {
                let before = names(list.get(at..).unwrap_or_default());
                left.retain(|name| !before.contains(name));
            }
        }
    }
    Ok(base)
}

/// What one of two servers that have nothing in common began with: a profile that was captured for migration.
pub(super) struct Captured {
    pub(super) set: DataSet,
    /// Whether it was stored here.
    pub(super) here: bool,
}

/// The captured profile that only one of both began with, if it is still kept.
pub(super) fn captured(
    pass: &Pass<'_>,
    ours: &[VersionInfo],
    others: &[VersionInfo],
) -> Result<Option<Captured>, String> {
    let first = |versions: &[VersionInfo]| match versions.last().filter(|info| info.kept) {
        Some(info) => content(pass, &info.tag),
        None => Ok(None),
    };
    let is_captured = |set: &DataSet| matches!(set.origin.profile, ProfileKind::Local | ProfileKind::Roaming);
    let (own, other) = (first(ours)?.filter(is_captured), first(others)?.filter(is_captured));
    Ok(match (own, other) {
        (Some(set), None) => Some(Captured { set, here: true }),
        (None, Some(set)) => Some(Captured { set, here: false }),
        _ => None,
    })
}

/// What a version holds, if one of both still has it intact.
fn content(pass: &Pass<'_>, tag: &str) -> Result<Option<DataSet>, String> {
    let tag = VersionTag(tag.to_owned());
    let bytes = match pass.own.read_version(pass.key, &tag) {
        Ok(Some(bytes)) => Some(bytes),
        _ => pass.theirs.version(pass.key, &tag)?,
    };
    let set = bytes.and_then(|bytes| decode(&*bytes, &Limits::default()).ok());
    Ok(set.map(Verified::into_data_set))
}
